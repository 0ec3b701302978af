//! What a running process owns, and the way of one call through it. Knows no protocol.

mod access;
mod attempt;
mod events;
mod issuer;
mod news;
mod pipeline;
mod replaced;
mod reply;
mod request;
mod settings;
mod verdict;
mod view;
mod watch;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use tokio::sync::{Notify, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use crate::tools::Caller;
pub(crate) use crate::tools::{Action, Answer, Answers, Arrival, Certificate, Digest, Era, Nonce, PATIENCE, Question};
pub(crate) use events::SessionEnd;
pub(crate) use issuer::readable_keys;
pub use issuer::{KeySource, OAuthPolicy, OAuthSettings};
pub(crate) use news::{Mark, News};
pub use reply::Reply;
pub(crate) use request::{Answered, Paused};
pub use request::{Request, UnknownTool};
pub use settings::Settings;

use access::Access;
use replaced::Followers;

use crate::{
    audit::{Audit, AuditFault},
    clock::Clock,
    devices::Devices,
    inventory::{FileFault, Inventory, Stock},
    jobs::Jobs,
    metrics::{HttpMetrics, Metrics, Moment},
    news::Board,
    output::Outputs,
    secrets::Redactor,
    template::Renderer,
    tools::{self, Admission, ProcessFacts, Register, Services, Spec},
    transfer::Staging,
};

/// How long sessions may take to close at the end.
const CLOSING: Duration = Duration::from_secs(2);

/// How long a change to a router that is under way is waited for; a sent commit is never cut short before.
const PROTECTED: Duration = Duration::from_secs(120);

/// Why a process cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// The inventory cannot be used as a whole.
    #[error("inventory: {0}")]
    Inventory(String),
    /// The tokens cannot be used as a whole.
    #[error("tokens: {0}")]
    Tokens(String),
    /// The settings name tools that do not exist, or leave none.
    #[error("{}", .0.join("; "))]
    Tools(Vec<String>),
    /// Records cannot be written where they should.
    #[error(transparent)]
    Audit(#[from] AuditFault),
}

impl From<FileFault> for StartFault {
    fn from(fault: FileFault) -> Self {
        StartFault::Inventory(fault.to_string())
    }
}

/// One running process.
pub struct App {
    offered: Vec<Spec>,
    services: Arc<Services>,
    access: Access,
    /// Fires when principals may have gone.
    principals: Notify,
    /// Where news for clients are told.
    board: Board<News>,
    audit: Audit,
    keeping: Keeping,
    /// Calls that may still begin.
    slots: Arc<Semaphore>,
    /// Fires when no new call is taken.
    closing: CancellationToken,
    /// Fires when calls that only read shall stop.
    stopping: CancellationToken,
    /// Calls that run.
    calls: TaskTracker,
    /// Whether the end of the process cut a call short.
    abandoned: AtomicBool,
    drain: Duration,
}

impl App {
    /// Builds everything a process owns. No router is contacted. Must be called within a runtime.
    pub fn start(settings: Settings) -> Result<Arc<Self>, StartFault> {
        Self::start_with(settings, tools::registry())
    }

    /// As [`App::start`], with these tools.
    pub(crate) fn start_with(settings: Settings, registry: Vec<Spec>) -> Result<Arc<Self>, StartFault> {
        let faults = tools::selection_faults(&registry, &settings.tools);
        if !faults.is_empty() {
            return Err(StartFault::Tools(faults));
        }
        let stock = Stock::open(settings.inventory.clone())?;
        let access = Access::open(&settings, &registry)?;
        let redactor = Arc::new(Redactor::new(settings.show_secrets));
        let jobs = jobs(settings.state_dir.as_deref(), settings.clock, &redactor);
        let offered = tools::offered(registry, &settings.tools);
        let audit = Audit::new(&settings.audit, settings.state_dir.as_deref(), settings.clock, {
            let redactor = Arc::clone(&redactor);
            move |text| redactor.redact_always(text)
        })?;
        audit.note("server_start", started(&settings));
        let devices = Devices::telling(settings.devices.clone(), events::recording_pins(&audit));
        let metrics = Metrics::new(devices.metrics());
        let board = Board::new(news::KEPT);
        let followers = Followers {
            audit: audit.clone(),
            devices: devices.clone(),
            reloads: metrics.reloads.clone(),
            clock: settings.clock,
            board: board.clone(),
            since: Mutex::new(settings.clock.now()),
        };
        let services = Services {
            facts: facts(&settings, &offered),
            outputs: Outputs::new(settings.output, Arc::clone(&redactor)),
            metrics,
            devices,
            stock: stock.telling(move |attempt| followers.follow(attempt)),
            register: Register::default(),
            admission: Admission::new(settings.tools.calls_per_router),
            clock: settings.clock,
            settings: settings.tools,
            jobs,
            renderer: Renderer::new(settings.renderer),
            staging: Staging::new(settings.transfer),
            protected: TaskTracker::new(),
        };
        let app = Arc::new(Self {
            offered,
            slots: Arc::new(Semaphore::new(services.settings.calls)),
            services: Arc::new(services),
            keeping: Keeping::begin(&audit),
            audit,
            access,
            board,
            principals: Notify::new(),
            closing: CancellationToken::new(),
            stopping: CancellationToken::new(),
            calls: TaskTracker::new(),
            abandoned: AtomicBool::new(false),
            drain: settings.drain,
        });
        let ended = app.keeping.ended.clone();
        app.keeping
            .tasks
            .spawn(watch::keep(Arc::downgrade(&app), app.watched(), settings.watch, ended));
        Ok(app)
    }

    /// The tools of this process, those included that the read-only policy hides.
    pub(crate) fn offered(&self) -> &[Spec] {
        &self.offered
    }

    /// The tools that a caller may use, in the order in which they are listed.
    pub(crate) fn listed<'a>(&'a self, caller: &'a Caller) -> impl Iterator<Item = &'a Spec> + Clone {
        let read_only = self.is_read_only();
        self.offered
            .iter()
            .filter(move |spec| caller.may_use(spec) && !(read_only && spec.effect.changes()))
    }

    /// Whether the process as a whole changes nothing.
    pub(crate) fn is_read_only(&self) -> bool {
        self.services.settings.read_only
    }

    /// The inventory at this moment; a call keeps the one it begins with.
    fn inventory(&self) -> Arc<Inventory> {
        self.services.stock.current()
    }

    /// How many routers there are, and how many calls run.
    pub(crate) fn at_work(&self) -> (usize, usize) {
        (self.inventory().routers().len(), self.calls.len())
    }

    /// Takes no more calls.
    pub fn close(&self) {
        self.closing.cancel();
        self.calls.close();
    }

    /// Fires when principals may have gone, with what they have open.
    pub(crate) fn principals(&self) -> &Notify {
        &self.principals
    }

    /// Fires when no new call is taken.
    pub(crate) fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Why the process should get no requests now, in the words of the readiness probe; empty when it should.
    pub(crate) fn unready(&self) -> Vec<&'static str> {
        let reasons = [
            (self.closing.is_cancelled(), "draining"),
            (self.access.is_refused(), "tokens"),
            (!self.is_audited(), "audit"),
        ];
        let met = reasons.into_iter().filter(|(is_met, _)| *is_met);
        met.map(|(_, reason)| reason).collect()
    }

    /// What is counted of requests over HTTP.
    pub(crate) fn http_metrics(&self) -> &HttpMetrics {
        &self.services.metrics.http
    }

    /// Ends what only reads; what changes a router settles by itself.
    pub fn cancel_reads(&self) {
        self.close();
        self.stopping.cancel();
        self.services.jobs.closing().cancel();
    }

    /// Waits until no call is running.
    pub async fn idle(&self) {
        self.calls.wait().await;
    }

    /// Waits until no change to a router is under way; gives whether that was so within `limit`.
    async fn settled(&self, limit: Duration) -> bool {
        self.services.protected.close();
        tokio::time::timeout(limit, self.services.protected.wait())
            .await
            .is_ok()
    }

    /// Ends everything in good order: no new calls, some time for those that run, then their sessions. Gives whether all
    /// calls had ended by themselves.
    pub async fn shut_down(&self) -> bool {
        self.close();
        let in_time = tokio::time::timeout(self.drain, self.idle()).await.is_ok();
        self.cancel_reads();
        // Cancelled calls end at once; what they leave behind is bounded by the closing of sessions.
        let _ = tokio::time::timeout(CLOSING, self.idle()).await;
        let settled = self.settled(PROTECTED).await;
        // A change that has just ended still has to be recorded and answered.
        let all_told = tokio::time::timeout(CLOSING, self.idle()).await.is_ok();
        let drained = in_time || all_told && !self.abandoned.load(Ordering::Relaxed);
        if !settled {
            tracing::error!("a change to a router did not end in time; the next start names it");
        }
        self.services.devices.shut_down(CLOSING).await;
        self.audit.note("server_stop", json!({"drained": drained && settled}));
        self.keeping.end().await;
        drained && settled
    }

    /// What this process counts, in the text form of Prometheus.
    pub async fn metrics(&self) -> String {
        let jobs = self.services.jobs.by_state().await;
        let pool = self.services.devices.status();
        let stored = self.services.outputs.status();
        let audit = self.audit.figures();
        let inventory = self.inventory();
        let disabled = inventory.routers().filter(|router| router.problem().is_some()).count();
        self.services.metrics.text(&Moment {
            started: self.services.facts.started_at.timestamp(),
            ready: self.unready().is_empty(),
            routers: vec![
                ("enabled", inventory.routers().len() - disabled),
                ("disabled", disabled),
            ],
            tokens: self.access.counts(self.services.clock.now()),
            jobs,
            evictions: BTreeMap::from(self.services.outputs.evictions()),
            redacted: self.services.outputs.redacted(),
            sessions_idle: pool.sessions.idle,
            sessions_busy: pool.sessions.busy,
            stored: stored.count,
            stored_bytes: stored.bytes,
            audit_records: audit.records,
            audit_failures: audit.failures,
        })
    }

    /// Whether records that the operator insists on can be written.
    pub fn is_audited(&self) -> bool {
        self.audit.permits_changes()
    }
}

/// The tasks that look after records, files and the use of tokens.
struct Keeping {
    tasks: TaskTracker,
    ended: CancellationToken,
}

impl Keeping {
    fn begin(audit: &Audit) -> Self {
        let ended = CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(audit.clone().keep(ended.clone()));
        Self { tasks, ended }
    }

    /// Waits for the last records.
    async fn end(&self) {
        self.ended.cancel();
        self.tasks.close();
        let _ = tokio::time::timeout(CLOSING, self.tasks.wait()).await;
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        self.ended.cancel();
    }
}

fn started(settings: &Settings) -> serde_json::Value {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "read_only": settings.tools.read_only,
        "weakened": settings.weakened,
    })
}

/// The jobs, after naming those that an earlier process did not end.
fn jobs(state_dir: Option<&Path>, clock: Clock, redactor: &Arc<Redactor>) -> Jobs {
    let redactor = Arc::clone(redactor);
    let jobs = Jobs::open(state_dir, clock, move |text| redactor.redact_always(text));
    for job in jobs.interrupted() {
        tracing::warn!(
            job_id = job.job_id,
            call_id = job.call_id,
            router = job.router_name,
            caller = job.caller,
            phase = job.phase,
            "a job was left by a process that ended before it knew the outcome; {}",
            job.verify
        );
    }
    jobs
}

fn facts(settings: &Settings, offered: &[Spec]) -> ProcessFacts {
    let mut toolsets: Vec<&'static str> = offered.iter().map(|spec| spec.toolset).collect();
    toolsets.dedup();
    ProcessFacts {
        started_at: settings.clock.now(),
        text_bytes: settings.output.max_bytes,
        show_secrets: settings.show_secrets,
        accept_new_host_keys: settings.devices.accept_new,
        sessions_per_router: settings.devices.sessions,
        toolsets,
        tools_offered: offered.len(),
    }
}
