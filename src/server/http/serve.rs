//! The life of the HTTP server: from ports that were taken to the last answer.

use std::{sync::Arc, time::Duration};

use rmcp::transport::StreamableHttpServerConfig;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    accept::Reception,
    errand::{Errands, errand},
    flight::Flight,
    listen::Bound,
    mcp, pages,
    rates::Rates,
    responder::Responder,
    session::{Over, Sessions},
    settings::HttpSettings,
    tls::{Stamp, Tls, TlsFault},
};
use crate::app::App;

/// How often sessions are looked through.
const SWEEP: Duration = Duration::from_secs(10);

/// Time for the last answers to reach their clients.
const FAREWELL: Duration = Duration::from_secs(5);

/// Connections of the listener for counters and probes.
const PROBES: usize = 64;

/// What every request needs.
pub(super) struct Server {
    pub(super) app: Arc<App>,
    pub(super) settings: HttpSettings,
    pub(super) responder: Responder,
    pub(super) sessions: Arc<Sessions>,
    pub(super) rates: Rates,
    pub(super) flight: Arc<Flight>,
    /// Places for connections.
    pub(super) places: Arc<Semaphore>,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) mcp: StreamableHttpServerConfig,
}

/// Serves the clients that come to the ports until `stop` fires and the last answer has gone out. `reload` asks to read
/// certificates again.
pub(crate) async fn serve(
    app: Arc<App>,
    responder: Responder,
    settings: HttpSettings,
    bound: Bound,
    reload: Errands,
    stop: CancellationToken,
) -> Result<(), TlsFault> {
    let tls = settings.tls.as_ref().map(Tls::open).transpose()?.map(Arc::new);
    // Before anybody is told that the server is there: what changes from now on is seen.
    let stamps = tls.as_ref().map(|tls| tls.stamps());
    let server = Arc::new(Server {
        responder,
        sessions: Sessions::new(settings.sessions),
        rates: Rates::new(&settings.limits),
        flight: Flight::new(&settings.limits),
        places: Arc::new(Semaphore::new(settings.limits.connections)),
        mcp: mcp::config(settings.stateless, settings.limits.body),
        tls,
        app,
        settings,
    });
    let tasks = TaskTracker::new();
    let finish = CancellationToken::new();
    let reception = Reception {
        app: Arc::clone(&server.app),
        router: pages::router(&server),
        tls: server.tls.clone(),
        places: Arc::clone(&server.places),
        on_full: {
            let app = Arc::clone(&server.app);
            Arc::new(move || app.http_metrics().limited("connections"))
        },
        closed: server.app.closing().clone(),
        finish: finish.clone(),
        tasks: tasks.clone(),
    };
    for (listener, pulse) in bound.listeners {
        tasks.spawn(reception.clone().take(listener, pulse));
    }
    if let Some(listener) = bound.metrics {
        let probes = Reception {
            router: pages::probes(&server),
            tls: None,
            places: Arc::new(Semaphore::new(PROBES)),
            on_full: Arc::new(|| ()),
            // Whoever watches wants to see how the server ends.
            closed: finish.clone(),
            ..reception
        };
        // Its life is not what clients wait for.
        let (_, pulse) = errand();
        tasks.spawn(probes.take(listener, pulse));
    }
    tracing::info!(
        "streamable-http listening on {}{}",
        bound.url,
        if server.tls.is_some() { " (TLS)" } else { "" }
    );
    tokio::select! {
        // Nothing is lost with this branch: it only looks after what is there.
        () = look_after(&server, reload, stamps) => {}
        () = stop.cancelled() => {}
    }
    finish.cancel();
    tasks.close();
    if tokio::time::timeout(FAREWELL, tasks.wait()).await.is_err() {
        tracing::warn!("some clients did not take their last answer");
    }
    server.mcp.cancellation_token.cancel();
    Ok(())
}

/// Ends sessions that are over, and reads certificates that have changed.
async fn look_after(server: &Server, mut reload: Errands, mut stamps: Option<Vec<Stamp>>) {
    let mut sweep = tokio::time::interval(SWEEP);
    let watch = server.settings.watch.filter(|_| server.tls.is_some());
    let mut reload_tls = |asked: bool| {
        let Some(tls) = &server.tls else { return };
        let now = Some(tls.stamps());
        if asked || now != stamps {
            tell_of_tls(server, tls.reload());
        }
        stamps = now;
    };
    loop {
        let watched = async {
            match watch {
                Some(interval) => tokio::time::sleep(interval).await,
                None => std::future::pending().await,
            }
        };
        // Each branch only waits: what is not done now is done in the next round.
        tokio::select! {
            _ = sweep.tick() => {
                tell(server, server.sessions.sweep().await);
                revoke(server).await;
            }
            () = server.app.principals().notified() => revoke(server).await,
            asked = reload.next() => {
                reload_tls(true);
                asked.tell();
            }
            () = watched => reload_tls(false),
        }
    }
}

fn tell_of_tls(server: &Server, reloaded: Result<bool, TlsFault>) {
    let ends = server.tls.as_ref().and_then(|tls| tls.ends());
    match reloaded {
        Ok(true) => server.app.reloaded("tls", "applied", json!({"ends": ends})),
        Ok(false) => server.app.reloaded("tls", "unchanged", json!({"ends": ends})),
        Err(fault) => server
            .app
            .reloaded("tls", "refused", json!({"error": fault.to_string()})),
    }
}

/// Ends what principals have open that were taken away, changed or have expired.
async fn revoke(server: &Server) {
    let over = server.sessions.revoke(|caller| server.app.is_current(caller)).await;
    tell(server, over);
}

fn tell(server: &Server, over: Vec<Over>) {
    for Over { caller, session, end } in over {
        tracing::info!(
            session,
            caller = caller.name(),
            reason = end.as_str(),
            "a session has ended"
        );
        server.app.session_ended(&caller, &session, end);
    }
}
