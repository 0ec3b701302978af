//! Clients that want to be told when something changes: by a stream of the newer era, or on a session of the older one.
//! Nothing is asked of a router for it.

mod places;
mod session;
mod watch;

use std::collections::BTreeMap;

use rmcp::{
    model::{ErrorData, SubscriptionFilter},
    service::SubscriptionContext,
};

use super::{
    handler::Handler,
    resources::{FAILED, Uri},
};
use crate::{
    app::{App, Caller},
    tools::{Code, Effect, Failure},
};

pub(super) use places::Places;
pub(super) use session::Session;
use watch::{Listener, Sink, Watched};

/// Resources that one client may watch.
const MOST_URIS: usize = 100;

/// Of what a client wants to be told, that which this server tells: the lists, and resources whose changes it sees.
pub(super) fn accepted(app: &App, caller: &Caller, requested: &SubscriptionFilter) -> SubscriptionFilter {
    let mut accepted = SubscriptionFilter::new();
    accepted.tools_list_changed = requested.tools_list_changed;
    accepted.resources_list_changed = requested.resources_list_changed;
    accepted.resource_subscriptions = requested.resource_subscriptions.as_ref().map(|uris| {
        let told = uris
            .iter()
            .filter(|uri| Uri::parse(uri).is_some_and(|uri| is_told(app, caller, &uri)));
        told.take(MOST_URIS).cloned().collect()
    });
    accepted
}

/// Tells a client of changes until it leaves, its token is taken away, or the server ends.
pub(super) async fn listen(handler: &Handler, context: SubscriptionContext) -> Result<(), ErrorData> {
    let request = context.request_context();
    let caller = handler.caller(&request.extensions).clone();
    let _place = handler
        .places()
        .enter(caller.owner())
        .ok_or_else(|| full("streams of news are open"))?;
    let accepted = context.accepted();
    let uris = accepted.resource_subscriptions.iter().flatten();
    let watched: BTreeMap<String, Uri> = uris.filter_map(|uri| Some((uri.clone(), Uri::parse(uri)?))).collect();
    let listener = Listener {
        app: handler.app(),
        caller,
        since: handler.arrival(&request.extensions),
        sink: Sink::Stream(context.sink().clone()),
        watched: Watched::new(watched),
        tells_tools: accepted.tools_list_changed == Some(true),
        tells_resources: accepted.resources_list_changed == Some(true),
    };
    tokio::select! {
        () = listener.run() => {}
        // The client has left: nobody misses what was not told yet.
        () = context.cancelled() => {}
    }
    Ok(())
}

/// Whether the server sees changes of a resource that the caller may read.
fn is_told(app: &App, caller: &Caller, uri: &Uri) -> bool {
    app.offers(caller, uri.tool())
        && match uri {
            Uri::Inventory => true,
            Uri::Job(id) => app.runs_job(caller, id),
            Uri::Facts(_) | Uri::Config { .. } | Uri::Output(_) => false,
        }
}

/// Whether there is such a resource for the caller.
async fn is_known(app: &App, caller: &Caller, uri: &Uri) -> bool {
    app.offers(caller, uri.tool())
        && match uri {
            Uri::Inventory => true,
            Uri::Facts(router) | Uri::Config { router, .. } => app.has_router(caller, router),
            Uri::Output(id) => app.output_ids(caller).contains(id),
            Uri::Job(id) => app.has_job(caller, id).await,
        }
}

/// A bound is met.
fn full(what: &str) -> ErrorData {
    let failure = Failure::new(Code::Overloaded, format!("too many {what}")).hint("end one of them first");
    ErrorData::new(FAILED, failure.text(), Some(failure.structured(Effect::Read)))
}
