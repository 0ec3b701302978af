//! What all handlers of a process share: the way of every tool. Built once, as clients come and go.

use std::sync::Arc;

use rmcp::handler::server::router::tool::ToolRouter;

use super::{asking::Seal, dispatch, handler::Handler, resources::Cursors, subscriptions::Places};
use crate::app::{App, Caller};

/// The tools of a process with their routes.
pub(super) struct Desk {
    pub(super) app: Arc<App>,
    pub(super) router: ToolRouter<Handler>,
    pub(super) cursors: Cursors,
    /// Closes what goes out with questions.
    pub(super) seal: Seal,
    pub(super) places: Places,
    /// Whether clients of the older era have sessions, so that they can be told something.
    pub(super) keeps_sessions: bool,
}

impl Desk {
    /// The desk of a process.
    pub(super) fn new(app: Arc<App>, keeps_sessions: bool) -> Arc<Self> {
        let mut router = ToolRouter::new();
        for spec in app.offered() {
            router.add_route(dispatch::route(spec, app.is_read_only()));
        }
        Arc::new(Self {
            app,
            router,
            cursors: Cursors::new(),
            seal: Seal::new(),
            places: Places::default(),
            keeps_sessions,
        })
    }

    /// Whoever answers `caller`.
    pub(super) fn handler(self: &Arc<Self>, caller: Caller) -> Handler {
        Handler::new(Arc::clone(self), caller)
    }
}
