//! One NETCONF session: requests out, replies in, and whether it may be used again.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::Bytes;
use memchr::memmem;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    fault::ExchangeFault,
    hello::{self, Hello},
    reply::Reply,
    rpc::Rpc,
    wire::{Arrival, Wire},
};

/// Ends every message: the framing of NETCONF 1.0, which is all that we offer.
const DELIMITER: &[u8] = b"]]>]]>";

/// A larger reply is abandoned: it would not fit into any answer, and memory is shared.
const REPLY_LIMIT: usize = 256 * 1024 * 1024;

/// Bytes that may precede the hello: banners, blank lines.
const HELLO_LIMIT: usize = 256 * 1024;

/// Replies below this size are not counted against the budget.
const UNCOUNTED: usize = 256 * 1024;

/// The budget counts in units of this many bytes.
pub(super) const BUDGET_UNIT: usize = 64 * 1024;

/// How long the polite end of a session may take.
const CLOSE_TIME: Duration = Duration::from_secs(5);

/// Whether the session may carry another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ready,
    /// Something was sent whose reply has not been read to its end.
    Poisoned,
}

/// What this session has changed in a candidate configuration and not settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Edits {
    /// Nothing.
    #[default]
    None,
    /// A lock is held or a database is open, or something may have been loaded.
    Open,
}

/// The limits of one exchange.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// When the reply must be complete.
    pub(super) deadline: Instant,
    /// When the router must have said hello, if it has not yet.
    pub(super) hello_deadline: Instant,
    /// Fires when nobody wants the reply any more.
    pub(super) cancel: CancellationToken,
}

/// A NETCONF session over some byte channel.
pub(super) struct Session<W> {
    wire: W,
    buffer: Vec<u8>,
    searched: usize,
    next_id: u64,
    outstanding: VecDeque<u64>,
    state: State,
    hello: Option<Hello>,
    greeted: bool,
    pub(super) edits: Edits,
    budget: Arc<Semaphore>,
    charge: Option<OwnedSemaphorePermit>,
}

impl<W: Wire> Session<W> {
    /// A session over a fresh channel; nothing is sent until the first request.
    pub(super) fn new(wire: W, budget: Arc<Semaphore>) -> Self {
        Self {
            wire,
            buffer: Vec::new(),
            searched: 0,
            next_id: 1,
            outstanding: VecDeque::new(),
            state: State::Ready,
            hello: None,
            greeted: false,
            edits: Edits::None,
            budget,
            charge: None,
        }
    }

    /// Whether the session is between exchanges, so that the next reply read will belong to the next request sent.
    pub(super) fn is_healthy(&self) -> bool {
        self.state == State::Ready
    }

    /// The router's own number for this session, known once it has said hello; the process id of its management daemon.
    pub(super) fn session_id(&self) -> Option<u32> {
        self.hello.as_ref().and_then(Hello::session_id)
    }

    /// Sends requests back to back, the hello before the first ever sent. Their replies are read by `receive`, in order.
    pub(super) async fn send(&mut self, requests: &[&Rpc], limits: &Limits) -> Result<(), ExchangeFault> {
        let mut bytes = Vec::new();
        if !self.greeted {
            bytes.extend_from_slice(hello::OURS.as_bytes());
            bytes.extend_from_slice(DELIMITER);
            bytes.push(b'\n');
        }
        for request in requests {
            let id = self.next_id;
            self.next_id += 1;
            self.outstanding.push_back(id);
            request.write(id, &mut bytes);
            bytes.extend_from_slice(DELIMITER);
            bytes.push(b'\n');
        }
        // Poisoned before the first byte and healed after the last one read: a call that is dropped
        // anywhere between leaves a session that nobody will use again.
        self.state = State::Poisoned;
        self.greeted = true;
        let hello_pending = self.hello.is_none();
        let sent = bounded(
            limits.deadline,
            limits,
            hello_pending,
            self.wire.send(Bytes::from(bytes)),
        )
        .await?;
        if sent {
            Ok(())
        } else {
            Err(ExchangeFault::Closed {
                reply_begun: false,
                hello_pending,
            })
        }
    }

    /// Reads the reply to the oldest outstanding request.
    pub(super) async fn receive(&mut self, limits: &Limits) -> Result<Reply, ExchangeFault> {
        if self.hello.is_none() {
            self.receive_hello(limits).await?;
        }
        let frame = self.frame(limits.deadline, limits, REPLY_LIMIT).await?;
        let reply = Reply::read(frame, self.charge.take())?;
        let expected = self.outstanding.pop_front();
        let matches = match (reply.message_id(), expected) {
            (Some(got), Some(id)) => got == id.to_string(),
            // A request that the router could not parse is answered without its id.
            (None, Some(_)) => self.outstanding.is_empty(),
            (_, None) => false,
        };
        if !matches {
            let got = reply.message_id().unwrap_or("none");
            return Err(ExchangeFault::OutOfStep(format!(
                "message-id {got}, expected {expected:?}"
            )));
        }
        if self.outstanding.is_empty() {
            self.state = State::Ready;
        }
        Ok(reply)
    }

    /// Whether the router has closed the session or spoken out of turn since the last exchange. Does not wait.
    pub(super) fn is_stale(&mut self) -> bool {
        use futures::FutureExt;
        if !self.is_healthy() || self.buffer.iter().any(|byte| !byte.is_ascii_whitespace()) {
            return true;
        }
        loop {
            match self.wire.receive().now_or_never() {
                None => return false,
                Some(Arrival::Bytes(bytes)) if bytes.iter().all(u8::is_ascii_whitespace) => {}
                Some(_) => return true,
            }
        }
    }

    /// Ends the session politely if it is between exchanges, and in any case within a few seconds.
    pub(super) async fn close(mut self) {
        let limits = Limits {
            deadline: Instant::now() + CLOSE_TIME,
            hello_deadline: Instant::now() + CLOSE_TIME,
            cancel: CancellationToken::new(),
        };
        if self.is_healthy() && self.greeted {
            let request = Rpc::close_session();
            if self.send(&[&request], &limits).await.is_ok() {
                // Whatever it answers, the channel is closed next.
                let _ = self.receive(&limits).await;
            }
        }
        let _ = timeout_at(limits.deadline, self.wire.close()).await;
    }

    async fn receive_hello(&mut self, limits: &Limits) -> Result<(), ExchangeFault> {
        let deadline = limits.deadline.min(limits.hello_deadline);
        let frame = self.frame(deadline, limits, HELLO_LIMIT).await?;
        let hello = Hello::read(&String::from_utf8_lossy(&frame)).map_err(ExchangeFault::Hello)?;
        self.hello = Some(hello);
        Ok(())
    }

    /// Reads up to the next delimiter, which is taken off; what follows it stays for the next frame.
    async fn frame(&mut self, deadline: Instant, limits: &Limits, limit: usize) -> Result<Vec<u8>, ExchangeFault> {
        loop {
            let from = self.searched.saturating_sub(DELIMITER.len() - 1);
            if let Some(found) = memmem::find(&self.buffer[from..], DELIMITER) {
                return Ok(self.take_frame(from + found));
            }
            self.searched = self.buffer.len();
            if self.buffer.len() > limit {
                return Err(ExchangeFault::TooLarge { limit });
            }
            let hello_pending = self.hello.is_none();
            match bounded(deadline, limits, hello_pending, self.wire.receive()).await? {
                Arrival::Bytes(bytes) => self.take_in(&bytes, deadline, limits).await?,
                Arrival::Refused if hello_pending => return Err(ExchangeFault::SubsystemRefused),
                Arrival::Refused => {}
                Arrival::End => {
                    return Err(ExchangeFault::Closed {
                        reply_begun: self.buffer.iter().any(|byte| !byte.is_ascii_whitespace()),
                        hello_pending,
                    });
                }
            }
        }
    }

    async fn take_in(&mut self, bytes: &[u8], deadline: Instant, limits: &Limits) -> Result<(), ExchangeFault> {
        let needed = self.buffer.len() + bytes.len();
        if needed > self.buffer.capacity() {
            let capacity = needed.max(self.buffer.capacity() * 2).max(4096);
            self.pay_for(capacity, deadline, limits).await?;
            self.buffer.reserve_exact(capacity - self.buffer.len());
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// Takes what a buffer of `capacity` costs from the budget that all replies in memory share; waits within the deadline.
    async fn pay_for(&mut self, capacity: usize, deadline: Instant, limits: &Limits) -> Result<(), ExchangeFault> {
        if capacity <= UNCOUNTED {
            return Ok(());
        }
        let paid = self.charge.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let units = capacity.div_ceil(BUDGET_UNIT).saturating_sub(paid);
        let units = u32::try_from(units).expect("the reply limit is far below this");
        let permit = bounded(
            deadline,
            limits,
            false,
            Arc::clone(&self.budget).acquire_many_owned(units),
        )
        .await?
        .expect("the budget is never closed");
        match &mut self.charge {
            Some(charge) => charge.merge(permit),
            None => self.charge = Some(permit),
        }
        Ok(())
    }

    fn take_frame(&mut self, end: usize) -> Vec<u8> {
        let rest = self.buffer.split_off(end + DELIMITER.len());
        let mut frame = std::mem::replace(&mut self.buffer, rest);
        frame.truncate(end);
        self.searched = 0;
        frame
    }
}

/// Waits for `work`, but no longer than the deadline and not once the call is cancelled; the session is poisoned by then.
async fn bounded<F: Future>(
    deadline: Instant,
    limits: &Limits,
    hello_pending: bool,
    work: F,
) -> Result<F::Output, ExchangeFault> {
    tokio::select! {
        // Polled first, so that a reply that has arrived wins over a deadline that has just passed.
        biased;
        output = work => Ok(output),
        () = limits.cancel.cancelled() => Err(ExchangeFault::Cancelled),
        () = tokio::time::sleep_until(deadline) => {
            // With a call deadline shorter than the time for connecting, it is the call that ran out of time.
            let connecting = hello_pending && limits.hello_deadline <= limits.deadline;
            Err(ExchangeFault::Timeout { hello_pending: connecting })
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const HELLO: &str = "<hello><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability></capabilities>\
        <session-id>42</session-id></hello>]]>]]>\n";

    impl Wire for DuplexStream {
        async fn send(&mut self, bytes: Bytes) -> bool {
            self.write_all(&bytes).await.is_ok()
        }

        async fn receive(&mut self) -> Arrival {
            let mut bytes = vec![0; 4096];
            match self.read(&mut bytes).await {
                Ok(count) if count > 0 => Arrival::Bytes(Bytes::copy_from_slice(&bytes[..count])),
                _ => Arrival::End,
            }
        }

        async fn close(&mut self) {
            let _ = self.shutdown().await;
        }
    }

    fn pair() -> (Session<DuplexStream>, DuplexStream) {
        let (near, far) = duplex(64 * 1024);
        (Session::new(near, Arc::new(Semaphore::new(64))), far)
    }

    fn limits(seconds: u64) -> Limits {
        Limits {
            deadline: Instant::now() + Duration::from_secs(seconds),
            hello_deadline: Instant::now() + Duration::from_secs(20),
            cancel: CancellationToken::new(),
        }
    }

    fn reply(id: u64, body: &str) -> String {
        format!("<rpc-reply message-id=\"{id}\">{body}</rpc-reply>\n]]>]]>\n")
    }

    async fn exchange(session: &mut Session<DuplexStream>, limits: &Limits) -> Result<Reply, ExchangeFault> {
        session.send(&[&Rpc::software_information()], limits).await?;
        session.receive(limits).await
    }

    #[tokio::test(start_paused = true)]
    async fn hello_and_first_request_go_out_before_the_router_has_said_anything() {
        let (mut session, mut far) = pair();
        session
            .send(&[&Rpc::software_information()], &limits(5))
            .await
            .expect("sent");
        let mut bytes = vec![0; 4096];
        let count = far.read(&mut bytes).await.expect("bytes");
        let text = String::from_utf8_lossy(&bytes[..count]);
        assert_eq!(text.matches("]]>]]>").count(), 2, "{text}");
        assert!(text.find("<hello").expect("a hello") < text.find("get-software-information").expect("a request"));
        assert!(!session.is_healthy());
    }

    #[tokio::test(start_paused = true)]
    async fn a_reply_in_segments_of_one_byte_is_read_and_the_session_healed() {
        let (mut session, mut far) = pair();
        let bytes = format!("{HELLO}{}", reply(1, "<output>]]&gt; hi</output>"));
        let router = async {
            for byte in bytes.as_bytes() {
                far.write_all(&[*byte]).await.expect("written");
                tokio::task::yield_now().await;
            }
        };
        let limits = limits(5);
        let (answer, ()) = tokio::join!(exchange(&mut session, &limits), router);
        assert_eq!(answer.expect("a reply").plain_text(), "]]> hi");
        assert!(session.is_healthy());
        assert_eq!(session.session_id(), Some(42));
    }

    #[tokio::test(start_paused = true)]
    async fn silence_before_the_hello_and_within_the_reply_are_told_apart_and_poison() {
        let (mut session, _far) = pair();
        let fault = exchange(&mut session, &limits(60)).await.expect_err("silence");
        assert!(matches!(fault, ExchangeFault::Timeout { hello_pending: true }));
        let (mut session, mut far) = pair();
        far.write_all(format!("{HELLO}<rpc-reply message-id=\"1\"><out").as_bytes())
            .await
            .expect("written");
        let fault = exchange(&mut session, &limits(60)).await.expect_err("half a reply");
        assert!(matches!(fault, ExchangeFault::Timeout { hello_pending: false }));
        assert!(!session.is_healthy());
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_dropped_anywhere_leaves_a_session_that_nobody_uses() {
        for polls in 0..6 {
            let (mut session, mut far) = pair();
            far.write_all(HELLO.as_bytes()).await.expect("written");
            let limits = limits(60);
            {
                let call = exchange(&mut session, &limits);
                tokio::pin!(call);
                for _ in 0..=polls {
                    let _ = futures::poll!(&mut call);
                    tokio::task::yield_now().await;
                }
            }
            assert!(!session.is_healthy(), "after {polls} polls");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_reply_with_another_id_and_a_reply_too_many_end_the_session() {
        let (mut session, mut far) = pair();
        far.write_all(format!("{HELLO}{}", reply(9, "<ok/>")).as_bytes())
            .await
            .expect("written");
        let fault = exchange(&mut session, &limits(5)).await.expect_err("a foreign reply");
        assert!(matches!(fault, ExchangeFault::OutOfStep(_)));
        assert!(!session.is_healthy());
        let (mut session, mut far) = pair();
        far.write_all(format!("{HELLO}{}{}", reply(1, "<ok/>"), reply(1, "<ok/>")).as_bytes())
            .await
            .expect("written");
        exchange(&mut session, &limits(5)).await.expect("the reply");
        assert!(session.is_stale(), "an unasked reply is waiting");
    }

    #[tokio::test(start_paused = true)]
    async fn a_close_says_whether_the_reply_had_begun() {
        for (sent, begun) in [("", false), ("<rpc-reply message-id=\"1\"><ok", true)] {
            let (mut session, mut far) = pair();
            far.write_all(format!("{HELLO}{sent}").as_bytes())
                .await
                .expect("written");
            far.shutdown().await.expect("closed");
            let fault = exchange(&mut session, &limits(5)).await.expect_err("closed");
            assert!(
                matches!(fault, ExchangeFault::Closed { reply_begun, .. } if reply_begun == begun),
                "{sent}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn requests_back_to_back_are_answered_in_order() {
        let (mut session, mut far) = pair();
        let both = [Rpc::software_information(), Rpc::system_uptime()];
        let limits = limits(5);
        session
            .send(&both.iter().collect::<Vec<_>>(), &limits)
            .await
            .expect("sent");
        far.write_all(format!("{HELLO}{}{}", reply(1, "<a/>"), reply(2, "<b/>")).as_bytes())
            .await
            .expect("written");
        assert_eq!(session.receive(&limits).await.expect("first").payload(), "<a/>");
        assert!(!session.is_healthy(), "one is outstanding");
        assert_eq!(session.receive(&limits).await.expect("second").payload(), "<b/>");
        assert!(session.is_healthy());
    }
}
