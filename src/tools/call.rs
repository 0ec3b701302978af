//! The one door of a tool: everything it may reach, and nothing else.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    asking::Dialogue,
    caller::Caller,
    code::Code,
    failure::{self, Failure},
    outcome,
    router::Router,
    select::{self, Target},
    services::Services,
    spec::Spec,
};
use crate::{
    audit::RecordNotes,
    inventory::{self, Inventory, near_names},
    junos::{DeviceMessage, DeviceText},
    output::{Caps, Presented},
    work::Work,
};

/// Longest router name.
pub(super) const LONGEST_NAME: usize = 128;

/// One call of one tool. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Call(Arc<Inner>);

/// What the pipeline knows about a call when it starts the tool.
pub(crate) struct CallHead {
    /// `c-` and 12 hexadecimal digits.
    pub(crate) id: String,
    pub(crate) caller: Caller,
    pub(crate) work: Work,
    /// The seconds the call asked for itself.
    pub(crate) timeout: Option<Duration>,
    pub(crate) caps: Caps,
    /// Names of arguments that were given under another spelling.
    pub(crate) spelled: Vec<&'static str>,
    /// Whether an argument holds the mark of a redacted secret.
    pub(crate) marked: bool,
    /// The open audit record.
    pub(crate) notes: RecordNotes,
    /// What it brings with it for the questions of its tool.
    pub(crate) dialogue: Dialogue,
}

struct Inner {
    head: CallHead,
    spec: Spec,
    services: Arc<Services>,
    inventory: Arc<Inventory>,
    routers: Mutex<Vec<String>>,
}

impl Call {
    /// A call of `spec`, which keeps the inventory it begins with.
    pub(crate) fn new(head: CallHead, spec: Spec, services: Arc<Services>, inventory: Arc<Inventory>) -> Self {
        Self(Arc::new(Inner {
            head,
            spec,
            services,
            inventory,
            routers: Mutex::default(),
        }))
    }

    /// The router of that name, once scope, existence and state allow it. Nothing is contacted.
    pub(crate) fn device(&self, name: &str) -> Result<Router, Failure> {
        let router = select::one(self, name)?;
        self.refuse_marked()?;
        Ok(router)
    }

    /// The routers that names, globs and tags select, in order of first mention. Nothing is contacted.
    pub(crate) fn devices(&self, selectors: &[String]) -> Result<Vec<Target>, Failure> {
        let targets = select::many(self, selectors)?;
        self.refuse_marked()?;
        Ok(targets)
    }

    /// The routers in scope, all or those that selectors choose, for the tool that lists them.
    pub(crate) fn listed(&self, selectors: Option<&[String]>) -> Result<Vec<&inventory::Router>, Failure> {
        select::listed(self, selectors)
    }

    /// Text from a router as it may be read: redacted, piped, kept if it had to be cut.
    pub(crate) fn present(&self, text: DeviceText, caps: &Caps) -> Presented {
        self.0.services.outputs.present(text, caps, self.caller().owner())
    }

    /// A router's error or warning as a line that may be read.
    pub(crate) fn said(&self, message: &DeviceMessage) -> String {
        failure::line(&failure::redacted(message, &self.0.services.outputs))
    }

    /// A result as its job keeps it: as the caller reads it.
    pub(crate) fn finished<T: Serialize>(&self, result: &T) -> Value {
        let mut value = outcome::plain(result);
        self.0.services.outputs.scrub(&mut value);
        value
    }

    /// What was known beside a failure, and the failure itself, as their job keeps them.
    pub(crate) fn failed(&self, failure: &Failure) -> (Option<Value>, Option<Value>) {
        let outputs = &self.0.services.outputs;
        let mut value = failure.clone().redacted(outputs).structured(self.spec().effect);
        outputs.scrub(&mut value);
        let error = value.as_object_mut().and_then(|members| members.remove("error"));
        (Some(value).filter(|known| known != &json!({})), error)
    }

    /// Stored outputs, status figures and settings.
    pub(crate) fn services(&self) -> &Arc<Services> {
        &self.0.services
    }

    /// The deadline, the cancellation and the progress of this call.
    pub(crate) fn work(&self) -> &Work {
        &self.0.head.work
    }

    /// The caps that the call asked for.
    pub(crate) fn caps(&self) -> &Caps {
        &self.0.head.caps
    }

    /// Who asks.
    pub(crate) fn caller(&self) -> &Caller {
        &self.0.head.caller
    }

    /// Whether an argument was given under this other spelling.
    pub(crate) fn spelled(&self, spelling: &str) -> bool {
        self.0.head.spelled.contains(&spelling)
    }

    /// The open audit record, for facts about what was asked and what came of it.
    pub(crate) fn notes(&self) -> &RecordNotes {
        &self.0.head.notes
    }

    /// The routers this call has named so far.
    pub(crate) fn routers(&self) -> Vec<String> {
        self.0
            .routers
            .lock()
            .expect("no code panics while it holds the lock")
            .clone()
    }

    pub(super) fn dialogue(&self) -> &Dialogue {
        &self.0.head.dialogue
    }

    pub(super) fn id(&self) -> &str {
        &self.0.head.id
    }

    pub(super) fn timeout(&self) -> Option<Duration> {
        self.0.head.timeout
    }

    pub(super) fn spec(&self) -> &Spec {
        &self.0.spec
    }

    pub(super) fn inventory(&self) -> &Inventory {
        &self.0.inventory
    }

    pub(super) fn note_router(&self, name: &str) {
        self.0.head.notes.router(name);
        let mut routers = self.0.routers.lock().expect("no code panics while it holds the lock");
        routers.push(name.to_owned());
    }

    /// A name that no router has. Near names come from the caller's scope only.
    pub(super) fn unknown_router(&self, name: &str) -> Failure {
        let in_scope = self
            .inventory()
            .routers()
            .filter(|router| select::in_scope(self, router));
        let near = near_names(name, in_scope.map(|router| router.name.as_str()));
        let hint = match near.is_empty() {
            true => "get_router_list gives the exact names".to_owned(),
            false => format!(
                "did you mean {}? get_router_list gives the exact names",
                near.join(", ")
            ),
        };
        Failure::new(
            Code::UnknownRouter,
            format!("router '{}' not found in device mapping", shown(name)),
        )
        .hint(hint)
        .detail("near", near)
    }

    /// A mark stands for a secret that this server hides: sending it would replace the secret by the mark.
    fn refuse_marked(&self) -> Result<(), Failure> {
        if !self.0.head.marked {
            return Ok(());
        }
        Err(Failure::new(
            Code::RedactedMarker,
            "an argument holds a mark <redacted:…>, which stands for a secret and is not the secret itself",
        )
        .hint("give the real value, or leave the statement out"))
    }
}

/// A name as messages show it.
pub(super) fn shown(name: &str) -> String {
    name.chars()
        .filter(|char| !char.is_control())
        .take(LONGEST_NAME)
        .collect()
}
