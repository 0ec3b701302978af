//! Progress of a running call, at a pace that clients and their proxies can rely on.

use std::time::Duration;

use rmcp::model::{ProgressNotificationParam, ProgressToken};
use tokio::{sync::watch, time::Instant};

use crate::work::Step;

/// A call shorter than this needs no progress; a longer one is heard of well within its first second.
const FIRST: Duration = Duration::from_millis(500);

/// Shortest time between two messages.
const PACE: Duration = Duration::from_secs(1);

/// Idle timers of clients and proxies count messages, so a call that works without news still says so.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// By how much a message without news exceeds the one before: the protocol wants strict growth.
const TICK: f64 = 0.001;

/// Decides when the next message is due and what it says.
pub(super) struct Pacer {
    token: ProgressToken,
    steps: watch::Receiver<Step>,
    last: Option<(Instant, f64)>,
    started: Instant,
}

impl Pacer {
    /// Begins with the call.
    pub(super) fn new(token: ProgressToken, steps: watch::Receiver<Step>) -> Self {
        Self {
            token,
            steps,
            last: None,
            started: Instant::now(),
        }
    }

    /// Waits until a message is due. Losing this wait is harmless: nothing is consumed before it ends.
    pub(super) async fn next(&mut self) -> ProgressNotificationParam {
        match self.last {
            None => tokio::time::sleep_until(self.started + FIRST).await,
            Some((sent, _)) => {
                tokio::time::sleep_until(sent + PACE).await;
                tokio::select! {
                    // A sender that is gone brings no more news; the heartbeat goes on until the call ends.
                    Ok(()) = self.steps.changed() => {}
                    () = tokio::time::sleep_until(sent + HEARTBEAT) => {}
                }
            }
        }
        self.message()
    }

    fn message(&mut self) -> ProgressNotificationParam {
        let step = self.steps.borrow_and_update().clone();
        let done = step.done as f64;
        let progress = match self.last {
            Some((_, last)) if done <= last => last + TICK,
            _ => done,
        };
        self.last = Some((Instant::now(), progress));
        let mut message = ProgressNotificationParam::new(self.token.clone(), progress);
        if let Some(total) = step.total {
            message = message.with_total(total as f64);
        }
        let elapsed = self.started.elapsed().as_secs();
        let words = if step.message.is_empty() {
            "working"
        } else {
            &step.message
        };
        message.with_message(format!("{words}, {elapsed} s"))
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::NumberOrString;

    use super::*;

    fn pacer() -> (watch::Sender<Step>, Pacer) {
        let (sender, receiver) = watch::channel(Step::default());
        (sender, Pacer::new(ProgressToken(NumberOrString::Number(1)), receiver))
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_message_comes_within_a_second_and_then_a_heartbeat_every_ten() {
        let (_sender, mut pacer) = pacer();
        let started = Instant::now();
        let mut last = -1.0;
        for expected in [500, 10_500, 20_500] {
            let message = pacer.next().await;
            assert_eq!(started.elapsed().as_millis(), expected);
            assert!(message.progress > last);
            last = message.progress;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn news_is_told_at_most_once_a_second() {
        let (sender, mut pacer) = pacer();
        pacer.next().await;
        let started = Instant::now();
        let step = |done| Step {
            done,
            total: Some(10),
            message: "edge-1".to_owned(),
        };
        sender.send_replace(step(1));
        sender.send_replace(step(2));
        let message = pacer.next().await;
        assert_eq!(started.elapsed().as_secs(), 1);
        assert_eq!((message.progress, message.total), (2.0, Some(10.0)));
        assert_eq!(message.message.as_deref(), Some("edge-1, 1 s"));
    }
}
