//! The NETCONF server: hello, then requests answered in the order in which they came.

use std::sync::Arc;

use russh::server::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::errors;
use super::fault::{Action, Firing, Trigger};
use super::framing::Deframer;
use super::hello;
use super::mask::masked;
use super::recorder::{Verdict, What};
use super::rpc::{self, After, Answer};
use super::session::Session;
use super::writer::{Damage, Message, Stop, Unfinished, Writer};
use super::xml::{self, Node};

/// Requests read ahead of the one being answered.
const READ_AHEAD: usize = 64;

/// What the reading side hands over.
enum Frame {
    /// The client's hello; whether both sides offered chunks.
    Hello { chunked: bool },
    /// A request and its text.
    Request(Box<Node>, String),
    /// Bytes that are no request.
    Unreadable(String),
}

/// Serves one session on an open channel until either side ends it.
pub(super) async fn serve(session: Session, channel: Channel<Msg>) {
    let (read, write) = channel.split();
    let (sender, receiver) = mpsc::channel(READ_AHEAD);
    let gone = CancellationToken::new();
    let done = CancellationToken::new();
    let chunked = session.chunked;
    let reading = async {
        tokio::select! {
            // A session that has ended reads nothing more.
            () = done.cancelled() => {}
            () = read_frames(read, sender, chunked) => {}
        }
        gone.cancel();
    };
    let session = Arc::new(session);
    session.begin();
    let answering = async {
        let mut server = Server {
            session: session.clone(),
            writer: Writer::new(write.make_writer()),
            gone: gone.clone(),
        };
        let reason = server.run(receiver).await;
        session.end();
        session.note(What::SessionClosed { reason });
        done.cancel();
    };
    tokio::join!(reading, answering);
    // A client that is gone cannot be told; its channel needs no closing.
    write.exit_status(0).await.ok();
    write.eof().await.ok();
    write.close().await.ok();
}

async fn read_frames(mut channel: ChannelReadHalf, frames: mpsc::Sender<Frame>, chunked: bool) {
    let mut deframer = Deframer::new();
    while let Some(message) = channel.wait().await {
        match message {
            ChannelMsg::Data { data } => deframer.push(&data),
            ChannelMsg::Eof | ChannelMsg::Close => return,
            _ => continue,
        }
        loop {
            let frame = match deframer.next() {
                Ok(None) => break,
                Ok(Some(bytes)) => frame(bytes, chunked),
                Err(fault) => Frame::Unreadable(format!("{fault:?}")),
            };
            if let Frame::Hello { chunked: true } = frame {
                deframer.use_chunks();
            }
            let last = matches!(frame, Frame::Unreadable(_));
            if frames.send(frame).await.is_err() || last {
                return;
            }
        }
    }
}

fn frame(bytes: Vec<u8>, chunked: bool) -> Frame {
    let Ok(text) = String::from_utf8(bytes) else {
        return Frame::Unreadable("bytes that are not UTF-8".to_owned());
    };
    match xml::parse(&text) {
        Err(fault) => Frame::Unreadable(fault.to_string()),
        Ok(root) if root.name == "hello" => Frame::Hello {
            chunked: chunked && hello::offers_chunks(&root),
        },
        Ok(root) if root.name == "rpc" => Frame::Request(Box::new(root), text),
        Ok(root) => Frame::Unreadable(format!("element {} in place of rpc", root.name)),
    }
}

struct Server {
    session: Arc<Session>,
    writer: Writer,
    /// Cancelled when the client sends nothing more.
    gone: CancellationToken,
}

/// What a session does after a request.
enum Next {
    Continue,
    End(&'static str),
}

impl Server {
    /// Answers until the session ends; the reason.
    async fn run(&mut self, mut frames: mpsc::Receiver<Frame>) -> &'static str {
        if let Next::End(reason) = self.say_hello().await {
            return reason;
        }
        loop {
            let killed = self.session.killed.clone();
            let frame = tokio::select! {
                // A killed session answers nothing more; what it had read is lost, as on a router.
                () = killed.cancelled() => return "killed",
                frame = frames.recv() => frame,
            };
            let next = match frame {
                None => Next::End("client left"),
                Some(Frame::Hello { chunked }) => {
                    self.session.note(What::HelloReceived { chunked });
                    if chunked {
                        self.writer.use_chunks();
                    }
                    Next::Continue
                }
                Some(Frame::Unreadable(reason)) => self.refuse(reason).await,
                Some(Frame::Request(rpc, source)) => self.answer(&rpc, &source).await,
            };
            if let Next::End(reason) = next {
                return reason;
            }
        }
    }

    async fn say_hello(&mut self) -> Next {
        let session = &self.session;
        let text = hello::text(
            session.hello_style,
            session.chunked,
            session.id,
            &session.link.user,
            "super-user",
        );
        let mut plan = Plan::default();
        for fault in session.faults(&Trigger::Hello) {
            if let Next::End(reason) = self.wait_or_end(&fault).await {
                return Next::End(reason);
            }
            plan.add(fault.action());
        }
        let mut message = Message::text(text);
        plan.prepare(&mut message);
        self.session.note(What::HelloSent);
        self.write(&message, &plan).await
    }

    async fn refuse(&mut self, reason: String) -> Next {
        self.session.note(What::Unreadable { reason });
        let envelope = &self.session.envelope;
        let body = errors::parser("syntax error", None);
        let text = format!("{}{body}{}", envelope.open(None), envelope.close());
        self.write(&Message::text(text), &Plan::default()).await;
        Next::End("unreadable request")
    }

    async fn answer(&mut self, rpc: &Node, source: &str) -> Next {
        let Some(operation) = rpc.children.first() else {
            return self.reply(rpc, "rpc", Answer::empty(), Plan::default()).await;
        };
        let name = operation.name.clone();
        self.session.note(What::Rpc {
            command: (name == "command").then(|| operation.text.trim().to_owned()),
            body: masked(&source[operation.outer.clone()]),
            bytes: source.len(),
            name: name.clone(),
        });
        let settings = &self.session.router.world.settings;
        if !settings.command_time.is_zero() {
            tokio::time::sleep(settings.command_time).await;
        }
        let mut plan = Plan::default();
        for fault in self.session.faults(&Trigger::rpc(&name)) {
            if let Next::End(reason) = self.wait_or_end(&fault).await {
                return Next::End(reason);
            }
            plan.add(fault.action());
        }
        let mut answer = match plan.instead.take() {
            Some(body) => Answer::body(body),
            None => rpc::answer(&self.session, operation, source),
        };
        for fault in self.session.faults(&Trigger::reply(&name)) {
            if let Next::End(reason) = self.wait_or_end(&fault).await {
                return Next::End(reason);
            }
            plan.add(fault.action());
        }
        if let Some(body) = plan.instead.take() {
            answer.body = body;
        }
        self.reply(rpc, &name, answer, plan).await
    }

    async fn reply(&mut self, rpc: &Node, name: &str, answer: Answer, plan: Plan) -> Next {
        let envelope = &self.session.envelope;
        let mut open = envelope.open(Some(rpc));
        if plan.wrong_id {
            open = open.replace(" message-id=\"", " message-id=\"9");
        }
        let verdict = verdict(&answer.body);
        let (opened, closed) = ("<nested>".repeat(plan.levels), "</nested>".repeat(plan.levels));
        let body = envelope.body(format!("{}{opened}{}{closed}", plan.beside, answer.body));
        let mut message = Message::text(open + &body);
        plan.prepare(&mut message);
        message.tail.extend_from_slice(envelope.close().as_bytes());
        if message.filler == 0 {
            let tail = std::mem::take(&mut message.tail);
            message.head.extend_from_slice(&tail);
        }
        if answer.after == After::EndSession {
            let now = self.session.router.world.settings.clock.now();
            let line = format!("<!-- session end at {} -->\n", now.format("%Y-%m-%d %H:%M:%S UTC"));
            message.trailer = line.into_bytes();
        }
        let bytes = message.len();
        let next = self.write(&message, &plan).await;
        if matches!(next, Next::Continue) {
            let name = name.to_owned();
            self.session.note(What::Replied { name, verdict, bytes });
        }
        match answer.after {
            After::Continue => next,
            After::EndSession => Next::End("closed by the client"),
            After::GoDown(shutdown) => {
                self.session.router.shut_down(shutdown);
                next
            }
        }
    }

    /// Carries out what has to be done now; the rest is part of the plan.
    async fn wait_or_end(&self, fault: &Firing) -> Next {
        match fault.action() {
            Action::Drop => {
                self.session.link.cut.now(true);
                Next::End("dropped by a fault")
            }
            Action::Close | Action::Refuse => Next::End("closed by a fault"),
            Action::Delay(span) => {
                tokio::time::sleep(*span).await;
                Next::Continue
            }
            Action::Jitter(most) => {
                tokio::time::sleep(self.session.router.jitter(*most)).await;
                Next::Continue
            }
            Action::Hang => {
                tokio::select! {
                    () = fault.released() => Next::Continue,
                    // Nobody waits for the answer any more.
                    () = self.gone.cancelled() => Next::End("client left"),
                    () = self.session.link.cut.happened() => Next::End("connection cut"),
                }
            }
            _ => Next::Continue,
        }
    }

    async fn write(&mut self, message: &Message, plan: &Plan) -> Next {
        for _ in 0..=u32::from(plan.twice) {
            let damage = plan.damage(message);
            match self.writer.send(message, &damage).await {
                Ok(()) => {}
                Err(Unfinished::Gone) => return Next::End("client left"),
                Err(Unfinished::Stopped(Stop::Drop)) => {
                    self.session.link.cut.now(true);
                    return Next::End("dropped by a fault");
                }
                Err(Unfinished::Stopped(Stop::Silence)) => {
                    tokio::select! {
                        // The channel is over in both cases; nothing is left half done.
                        () = self.gone.cancelled() => {}
                        () = self.session.link.cut.happened() => {}
                    }
                    return Next::End("client left");
                }
            }
        }
        Next::Continue
    }
}

/// What the faults of one request make of its reply.
#[derive(Debug, Default)]
struct Plan {
    damage: Damage,
    half: bool,
    instead: Option<String>,
    beside: String,
    wrong_id: bool,
    bad_bytes: bool,
    twice: bool,
    filler: u64,
    levels: usize,
}

impl Plan {
    fn add(&mut self, action: &Action) {
        match action {
            Action::HalfReply => self.half = true,
            Action::DropAtByte(bytes) => self.damage.stop = Some((*bytes, Stop::Drop)),
            Action::SilentAtByte(bytes) => self.damage.stop = Some((*bytes, Stop::Silence)),
            Action::Garbage(bytes) => self.damage.garbage.extend_from_slice(bytes),
            Action::SingleBytes => self.damage.single_bytes = true,
            Action::SplitMark => self.damage.split_mark = true,
            Action::BadBytes => self.bad_bytes = true,
            Action::WrongMessageId => self.wrong_id = true,
            Action::Twice => self.twice = true,
            Action::Answer(shape) => self.instead = Some(errors::shaped(shape)),
            Action::Beside(shape) => self.beside.push_str(&errors::shaped(shape)),
            Action::Huge(bytes) => self.filler += bytes,
            Action::Throttle(rate) => self.damage.rate = Some(*rate),
            Action::Nest(levels) => self.levels += *levels as usize,
            // What is done at once, and what is no damage to a reply.
            _ => {}
        }
    }

    /// Changes the text of a reply that still lacks its end tag.
    fn prepare(&self, message: &mut Message) {
        if self.bad_bytes {
            let place = first_value(&message.head);
            message.head.splice(place..place, *b"\xe9\x1b[31m\xff");
        }
        if self.filler > 0 {
            message.head.extend_from_slice(b"<output>");
            message.tail.extend_from_slice(b"</output>\n");
            message.filler = self.filler;
        }
    }

    fn damage(&self, message: &Message) -> Damage {
        let mut damage = self.damage.clone();
        if self.half {
            damage.stop = Some((message.len() / 2, Stop::Silence));
        }
        damage
    }
}

/// Where the first character data inside the reply stands.
fn first_value(text: &[u8]) -> usize {
    let found = text.windows(2).enumerate().skip_while(|(_, pair)| pair[0] != b'>');
    for (at, pair) in found {
        if pair[0] == b'>' && pair[1] != b'<' && !pair[1].is_ascii_whitespace() {
            return at + 1;
        }
    }
    text.len()
}

fn verdict(body: &str) -> Verdict {
    if body.contains("<error-severity>error<") || body.contains("<xnm:error") {
        Verdict::Error
    } else if body.contains("<error-severity>warning<") || body.contains("<xnm:warning") {
        Verdict::Warning
    } else {
        Verdict::Ok
    }
}
