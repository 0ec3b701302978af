//! The serve form: judge, refuse or start, and end in good order.

use std::{
    convert::Infallible,
    future::Future,
    io::{self, IsTerminal as _},
    net::TcpListener,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use futures::{FutureExt as _, future::Fuse};
use tokio_util::sync::CancellationToken;

use super::{
    FAILED,
    assemble::{self, Assembled},
    block_on, code,
    environment::Parsed,
    findings::Findings,
    lab_memory,
    manager::{self, Manager},
    places, refuse,
    signals::{Asked, Signals},
};
use crate::{
    app::App,
    lab::Lab,
    server::{self, Bound, Errand, Heart, HttpSettings, Responder},
    settings::{InventorySource, Settings},
};

/// Certificates are read again within this.
const RELOAD: Duration = Duration::from_secs(10);

/// Serves until the client goes away or a signal comes. Over HTTP another `responder` may answer than the tools.
pub(super) fn run(parsed: &Parsed, mut findings: Findings, responder: Option<Responder>) -> anyhow::Result<ExitCode> {
    // Before any thread: what the manager hands over is taken out of the environment.
    let sockets = manager::sockets()?;
    let addresses: Vec<_> = sockets.iter().filter_map(|socket| socket.local_addr().ok()).collect();
    let assembled = assemble::assemble(parsed, &addresses, &mut findings);
    for warning in findings.warnings() {
        tracing::warn!("{}", warning.line());
    }
    if !findings.permit_start() {
        return Ok(refuse(&findings));
    }
    for line in assembled.inventory.iter().flat_map(|inventory| inventory.report()) {
        tracing::warn!("{line}");
    }
    anyhow::ensure!(
        responder.is_none() || assembled.http.is_some(),
        "only -t streamable-http has another responder"
    );
    block_on(serve(parsed, assembled, sockets, responder))?
}

async fn serve(
    parsed: &Parsed,
    mut assembled: Assembled,
    sockets: Vec<TcpListener>,
    responder: Option<Responder>,
) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    let http = assembled.http.take();
    let (settings, lab) = settings(parsed, assembled).await?;
    let app = App::start(settings)?;
    let manager = Manager::find();
    let end = match http {
        None => over_stdio(app, &mut signals, &manager).await,
        Some(http) => {
            let bound = Bound::new(&http, sockets)?;
            let responder = responder.unwrap_or_else(|| server::responder(&app, http.stateless));
            over_http(app, responder, (http, bound), &mut signals, &manager).await?
        }
    };
    if let Some(lab) = lab {
        lab.stop().await;
    }
    Ok(end)
}

async fn over_stdio(app: Arc<App>, signals: &mut Signals, manager: &Manager) -> ExitCode {
    tracing::info!("serving on stdio");
    if io::stdin().is_terminal() && io::stderr().is_terminal() {
        eprintln!("rust-junosmcp: waiting for an MCP client on stdin; see client-config, or try lab tour");
    }
    let stop = CancellationToken::new();
    let serving = server::serve_stdio(Arc::clone(&app), stop.clone());
    let company = Company {
        manager,
        heart: Heart::default(),
        // Nothing of it is read again.
        reload: None,
    };
    until_the_end(&app, signals, serving, stop, company).await
}

async fn over_http(
    app: Arc<App>,
    responder: Responder,
    (http, bound): (HttpSettings, Bound),
    signals: &mut Signals,
    manager: &Manager,
) -> anyhow::Result<ExitCode> {
    let (reload, reloads) = server::errand();
    let company = Company {
        manager,
        heart: bound.heart(),
        reload: Some(reload),
    };
    let stop = CancellationToken::new();
    let serving = server::serve_http(Arc::clone(&app), responder, http, bound, reloads, stop.clone());
    let mut fault = None;
    let serving = async { fault = serving.await.err() };
    let end = until_the_end(&app, signals, serving, stop, company).await;
    fault.map_or(Ok(end), |fault| Err(fault.into()))
}

/// Who goes along with the server: the manager that is told of its life, and what it is asked for.
struct Company<'a> {
    manager: &'a Manager,
    heart: Heart,
    reload: Option<Errand>,
}

impl Company<'_> {
    /// Tells the manager how things are for as long as this is polled.
    async fn accompany(&self, app: &App) -> Infallible {
        // While the server ends nobody takes connections, and that is well.
        let is_alive = async || self.heart.beats().await || app.closing().is_cancelled();
        self.manager.accompany(app, is_alive).await
    }

    /// Waits until the server has read its own files again.
    async fn reload(&self) {
        if let Some(reload) = &self.reload {
            // The task that does it reads a few files; one that hangs must not keep the manager waiting.
            let _ = tokio::time::timeout(RELOAD, reload.run()).await;
        }
        self.manager.reloaded();
    }
}

/// The settings of the process; a lab, where there is one, lives as long as its caller keeps it.
async fn settings(parsed: &Parsed, assembled: Assembled) -> anyhow::Result<(Settings, Option<Lab>)> {
    let Assembled {
        mut devices,
        tools,
        audit,
        state_dir,
        transfer,
        ..
    } = assembled;
    let options = &parsed.line.options;
    let (inventory, lab) = match assemble::lab_routers(parsed) {
        Some(routers) => {
            let (lab, inventory) = lab_memory::start(routers, &mut devices)
                .await
                .context("cannot start the lab")?;
            (inventory, Some(lab))
        }
        None => (InventorySource::File(options.device_mapping.clone()), None),
    };
    let settings = Settings {
        devices,
        tools,
        transfer,
        output: options.output(),
        audit,
        renderer: places::this_program(),
        watch: options.watch(),
        weakened: options.weakened(),
        tokens: options.tokens(),
        oauth: options.oauth(),
        show_secrets: options.show_secrets,
        drain: options.drain(),
        // Routers that end with the process leave nothing to be remembered, unless somebody asks for it.
        state_dir: lab.as_ref().map_or(Some(state_dir), |_| options.state_dir.clone()),
        ..Settings::new(inventory)
    };
    Ok((settings, lab))
}

/// Serves; the first signal lets running calls finish, the second ends those that only read, the third ends everything.
async fn until_the_end(
    app: &Arc<App>,
    signals: &mut Signals,
    serving: impl Future<Output = ()>,
    stop: CancellationToken,
    company: Company<'_>,
) -> ExitCode {
    let asked = CancellationToken::new();
    let ending = serve_and_drain(app, asked.clone(), serving, stop, company.manager);
    let accompanying = company.accompany(app);
    let reloading = Fuse::terminated();
    tokio::pin!(ending, accompanying, reloading);
    let mut count = 0;
    loop {
        let asked_for = tokio::select! {
            drained = &mut ending => return code(drained),
            never = &mut accompanying => match never {},
            // It goes on in the next round.
            () = &mut reloading => continue,
            // Nothing is lost with this branch: a signal stays until it is taken.
            asked_for = signals.next() => asked_for,
        };
        let signal = match asked_for {
            Asked::End(signal) => signal,
            Asked::Reload => {
                company.manager.reloading();
                app.reload();
                reloading.set(company.reload().fuse());
                continue;
            }
        };
        count += 1;
        match count {
            1 => asked.cancel(),
            2 => app.cancel_reads(),
            _ => return ExitCode::from(u8::try_from(128 + signal).unwrap_or(FAILED)),
        }
    }
}

/// Serves until the client hangs up or `asked` fires, then drains. Gives whether all calls had ended by themselves.
async fn serve_and_drain(
    app: &Arc<App>,
    asked: CancellationToken,
    serving: impl Future<Output = ()>,
    stop: CancellationToken,
    manager: &Manager,
) -> bool {
    tokio::pin!(serving);
    tokio::select! {
        () = &mut serving => {
            manager.stopping();
            return app.shut_down().await;
        }
        // The server goes on below: answers of running calls still have to reach the client.
        () = asked.cancelled() => {}
    }
    manager.stopping();
    let drain = async {
        let drained = app.shut_down().await;
        stop.cancel();
        drained
    };
    let (drained, ()) = tokio::join!(drain, serving);
    drained
}
