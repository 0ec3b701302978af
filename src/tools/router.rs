//! One router as a tool sees it: what may be asked is judged first, then asked.

use std::{sync::Arc, time::Duration};

use super::{
    call::Call,
    code::Code,
    failure::Failure,
    services::{Place, Services},
    spec::Effect,
};
use crate::{
    blocklist::{Denied, Permitted},
    devices::{Answer, Device, Fault, Reply, Rpc},
    inventory::Entry,
    junos::{Command, EngineName},
    work::Work,
    workflows::{
        transaction::{Author, Context},
        transfer::{self, Direction, RemoteFile, TransferFault},
    },
};

/// A router that the call may use. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Router {
    call: Call,
    entry: Arc<Entry>,
    device: Device,
    work: Work,
}

impl Router {
    pub(super) fn new(call: &Call, entry: &Arc<Entry>) -> Self {
        let services = call.services();
        let work = match call.timeout() {
            Some(_) => call.work().clone(),
            None => call
                .work()
                .narrowed(entry.command_timeout.unwrap_or(services.settings.command_timeout)),
        };
        Self {
            device: services.devices.device(entry),
            call: call.clone(),
            entry: Arc::clone(entry),
            work,
        }
    }

    /// Its name in the inventory.
    pub(crate) fn name(&self) -> &str {
        &self.entry.name
    }

    /// What a confirmation is bound to: the name, and where and as whom that leads.
    pub(super) fn identity(&self) -> String {
        let Entry {
            name,
            host,
            port,
            username,
            ..
        } = self.entry.as_ref();
        format!("{name} {host}:{port} {username}")
    }

    /// The deadline and cancellation of what is asked of it.
    pub(crate) fn work(&self) -> &Work {
        &self.work
    }

    /// How long one command may take unless the call says otherwise.
    pub(crate) fn command_timeout(&self) -> Option<Duration> {
        self.entry.command_timeout
    }

    /// A command that the rules of this router let through, and the read-only policy where it holds.
    pub(crate) fn permit(&self, command: &Command) -> Result<Permitted, Failure> {
        let tool = self.call.spec();
        self.call.notes().request(|request| {
            request.command.get_or_insert_with(|| command.whole().to_owned());
        });
        let permitted = self.entry.rules.permit(command).map_err(|denied| {
            let denied = readable(&self.call, denied);
            Failure::new(Code::Blocked, denied.message(tool.name, self.name()))
                .hint("this is operator policy; use another command or ask the operator")
        })?;
        if tool.effect == Effect::Operate && self.is_confined() && !command.reads_only() {
            return Err(self.read_only(command));
        }
        Ok(permitted)
    }

    /// Runs one command.
    pub(crate) async fn run(&self, command: &Permitted) -> Result<Answer, Failure> {
        let _place = self.enter()?;
        Ok(self.device.run(command, &self.work).await?)
    }

    /// Runs one packet engine command.
    pub(crate) async fn run_pfe(&self, target: &EngineName, command: &Permitted) -> Result<Answer, Failure> {
        let _place = self.enter()?;
        Ok(self.device.run_pfe(target, command, &self.work).await?)
    }

    /// Runs commands in order on one session, each within `each`, and hands over every outcome as it comes.
    pub(crate) async fn run_all(
        &self,
        commands: &[Permitted],
        each: Duration,
        work: &Work,
        mut done: impl FnMut(usize, Result<Answer, Failure>) + Send,
    ) -> Result<(), Failure> {
        let _place = self.enter()?;
        let on_outcome = |index, outcome: Result<Answer, Fault>| done(index, outcome.map_err(Failure::from));
        self.device.run_all(commands, each, work, on_outcome).await;
        Ok(())
    }

    /// Sends one request of our own that reads.
    pub(crate) async fn ask(&self, request: &Rpc) -> Result<Reply, Failure> {
        let _place = self.enter()?;
        Ok(self.device.ask(request, &self.work).await?)
    }

    /// Sends requests of our own that read, back to back, and gives the outcomes in order.
    pub(crate) async fn ask_all(&self, requests: &[Rpc]) -> Result<Vec<Result<Reply, Failure>>, Failure> {
        let _place = self.enter()?;
        let replies = self.device.ask_all(requests, &self.work).await;
        Ok(replies.into_iter().map(|reply| reply.map_err(Failure::from)).collect())
    }

    /// The files in the folder where copies go.
    pub(crate) async fn files(&self) -> Result<Vec<RemoteFile>, TransferFault> {
        transfer::files(&self.device, &self.work).await
    }

    /// What a copy from or to this router needs, once policy allows one. Nothing is contacted.
    pub(crate) fn transfer(&self) -> Result<(Place, transfer::Context), Failure> {
        self.refuse_read_only("files are not copied to or from it")?;
        let services = Arc::clone(self.call.services());
        let context = transfer::Context {
            devices: services.devices.clone(),
            device: self.device.clone(),
            entry: Arc::clone(&self.entry),
            staging: services.staging.clone(),
            clock: services.clock,
            tasks: services.protected.clone(),
            holder: format!("{} (call {})", self.call.spec().name, self.call.id()),
            on_bytes: Arc::new(move |direction, bytes| {
                let direction = match direction {
                    Direction::ToRouter => "to_router",
                    Direction::FromRouter => "from_router",
                };
                services.metrics.calls.transferred(direction, bytes);
            }),
        };
        Ok((self.enter()?, context))
    }

    /// What a change to this router needs, once policy allows one. Nothing is contacted.
    pub(crate) fn change(&self, comment: &str) -> Result<Context, Failure> {
        self.refuse_read_only("its configuration is not changed from here")?;
        let services = self.call.services();
        self.call
            .notes()
            .request(|request| request.comment_present = Some(!comment.is_empty()));
        Ok(Context {
            device: self.device.clone(),
            tasks: services.protected.clone(),
            jobs: services.jobs.clone(),
            clock: services.clock,
            rules: Arc::clone(&self.entry.rules),
            author: Author {
                call_id: self.call.id().to_owned(),
                caller: self.call.caller().name().to_owned(),
                principal: self.call.caller().owner().to_string(),
                tool: self.call.spec().name,
                comment: comment.to_owned(),
            },
        })
    }

    fn refuse_read_only(&self, what: &str) -> Result<(), Failure> {
        if !self.entry.read_only {
            return Ok(());
        }
        let message = format!("router '{}' is read-only: {what}", self.name());
        Err(Failure::new(Code::ReadOnly, message).hint("the operator decides whether this router may be changed"))
    }

    fn is_confined(&self) -> bool {
        let services: &Services = self.call.services();
        services.settings.read_only || self.entry.read_only || self.call.caller().is_confined(self.call.spec())
    }

    fn read_only(&self, command: &Command) -> Failure {
        let accepted = if command.is_pfe() {
            "allowed are packet engine commands that begin with show"
        } else {
            "allowed are show, ping, traceroute, file list|show|checksum, \
             and monitor traffic with count and without write-file"
        };
        Failure::new(
            Code::ReadOnly,
            format!(
                "router '{}' is read-only for this call: the command may change something",
                self.name()
            ),
        )
        .hint(accepted)
    }

    /// Refused when too many calls are already running or waiting for this router.
    fn enter(&self) -> Result<Place, Failure> {
        let services = self.call.services();
        services
            .admission
            .enter(&self.entry.host, self.entry.port)
            .map_err(|running| {
                services.metrics.http.limited("router_concurrency");
                Failure::new(
                    Code::Overloaded,
                    format!("router '{}' has {running} calls in progress", self.name()),
                )
                .hint("wait until some of them have ended, then repeat the call")
            })
    }
}

/// A refusal by a rule as it may be read; it is counted here.
pub(super) fn readable(call: &Call, denied: Denied) -> Denied {
    let services = call.services();
    let (list, stage) = (denied.list.as_str(), denied.stage.as_str());
    services.metrics.calls.blocked(list, stage);
    denied.redacted(|text| services.outputs.clean(text))
}
