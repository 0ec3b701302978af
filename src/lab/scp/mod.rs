//! Legacy SCP over exec: `scp -t` takes files, `scp -f` gives them.

mod request;
mod sink;
mod source;
mod talk;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use russh::Channel;
use russh::server::Msg;

pub(super) use request::Request;
use request::Role;
use talk::Talk;

use super::fault::Trigger;
use super::recorder::{Transfer, What};
use super::router::Router;
use super::session::Link;

/// Whether the user's login class may copy files.
pub(super) fn permitted(router: &Arc<Router>, user: &str) -> bool {
    router.with_state((0, None), |state, _| {
        let active = state.databases.history().active();
        let class = active.top().value(&["system", "login", "user", user, "class"]);
        class.is_none_or(|class| !active.has(&["system", "login", "class", class, "no-scp-server"]))
    })
}

/// Why a transfer goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    /// The client sends nothing more: its way to say that it has finished.
    Finished,
    /// The client left in the middle, or the connection was cut.
    Gone,
    /// One side reported an error after which nothing can follow.
    Fatal,
}

/// Serves one transfer to its end.
pub(super) async fn serve(router: Arc<Router>, link: Link, channel: Channel<Msg>, request: Request) {
    let note = |transfer| router.note(link.number, None, What::Scp(transfer));
    note(match request.role {
        Role::Sink => Transfer::Sink(request.target().to_owned()),
        Role::Source => Transfer::Source(request.names.clone()),
    });
    let mut talk = Talk::new(router.clone(), link.clone(), channel);
    let over = match talk.point(&Trigger::ScpOpen).await {
        Err(over) => over,
        Ok(()) => match request.role {
            Role::Sink => sink::receive(&mut talk, &request).await,
            Role::Source => source::send(&mut talk, &request).await,
        },
    };
    let status = match over {
        Over::Finished => Some(u32::from(talk.errors() > 0)),
        Over::Fatal => Some(1),
        Over::Gone => None,
    };
    note(Transfer::Ended { status });
    talk.end(status).await;
}
