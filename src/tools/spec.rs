//! A tool as a value: everything that is said about it, and the function that runs it.

use std::{future::Future, sync::Arc};

use futures::{FutureExt, future::BoxFuture};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    asking::Stop,
    call::Call,
    code::Code,
    failure::Failure,
    outcome::{Outcome, Structured, Text},
    schema::{self, Object},
};

use crate::tokens::Tool;

/// Largest cap on the text of one result in bytes, and in lines.
const MOST_BYTES: u64 = 1_000_000;
const MOST_LINES: u64 = 100_000;

/// What a tool can do to a router or to this server; decides annotations, default scopes and what `--read-only` hides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effect {
    /// Reads only.
    Read,
    /// Runs free-form operational commands.
    Operate,
    /// Changes configurations, files or the inventory.
    Write,
    /// Installs, removes, reboots.
    #[allow(dead_code, reason = "used by the upgrade tools")]
    Destroy,
}

impl Effect {
    /// The word that scopes and audit records use.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Effect::Read => "read",
            Effect::Operate => "operate",
            Effect::Write => "write",
            Effect::Destroy => "destroy",
        }
    }

    /// Whether the tool may change something that lasts.
    pub(crate) fn changes(self) -> bool {
        self >= Effect::Write
    }
}

/// The seconds a call may ask for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timed {
    /// Taken when the call says nothing; none means the router's or the server's own setting.
    pub(crate) default: Option<u64>,
    /// Most that a call may ask for.
    pub(crate) most: u64,
}

/// A longer text is no plan token.
const LONGEST_TOKEN: u64 = 64;

type Run = Arc<dyn Fn(Call, Object) -> BoxFuture<'static, Result<Outcome, Stop>> + Send + Sync>;

/// One tool.
#[derive(Clone)]
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What a model reads about it: the doc comment of its arguments.
    pub(crate) about: String,
    /// The toolset it belongs to; filled in by the registry.
    pub(crate) toolset: &'static str,
    pub(crate) effect: Effect,
    /// What it does cannot be undone by itself.
    pub(crate) destructive: bool,
    /// Twice does the same as once.
    pub(crate) idempotent: bool,
    /// A person should be asked.
    pub(crate) asks: bool,
    /// Others than the routers are reached through it.
    pub(crate) open_world: bool,
    /// Clients with tool search should load it at once.
    pub(crate) always_loaded: bool,
    pub(crate) timed: Option<Timed>,
    pub(crate) capped: bool,
    /// Takes `plan_token`, as what it does may have to be confirmed.
    pub(crate) confirmed: bool,
    pub(crate) input: Arc<Object>,
    pub(crate) output: Option<Arc<Object>>,
    run: Run,
}

impl Spec {
    /// The tool as scopes see it.
    pub(crate) fn scoped(&self) -> Tool<'static> {
        Tool {
            name: self.name,
            toolset: self.toolset,
            effect: self.effect.as_str(),
        }
    }

    /// A tool whose result is plain text.
    pub(crate) fn text<A, F, R>(name: &'static str, title: &'static str, effect: Effect, run: F) -> Self
    where
        A: DeserializeOwned + JsonSchema + Send + 'static,
        F: Fn(Call, A) -> R + Send + Sync + Copy + 'static,
        R: Future<Output = Result<Text, Failure>> + Send + 'static,
    {
        Self::new::<A>(name, title, effect, None, move |call, arguments| {
            match parsed(arguments) {
                Ok(arguments) => run(call, arguments)
                    .map(|result| result.map(Outcome::Text).map_err(Stop::from))
                    .boxed(),
                Err(failure) => std::future::ready(Err(failure.into())).boxed(),
            }
        })
    }

    /// A tool whose result is a structure.
    pub(crate) fn structured<A, O, F, R, S>(name: &'static str, title: &'static str, effect: Effect, run: F) -> Self
    where
        A: DeserializeOwned + JsonSchema + Send + 'static,
        O: Serialize + JsonSchema + 'static,
        F: Fn(Call, A) -> R + Send + Sync + Copy + 'static,
        R: Future<Output = Result<Structured<O>, S>> + Send + 'static,
        S: Into<Stop> + 'static,
    {
        let output = Arc::new(schema::output::<O>());
        Self::new::<A>(name, title, effect, Some(output), move |call, arguments| {
            match parsed(arguments) {
                Ok(arguments) => run(call, arguments)
                    .map(|result| result.map(Outcome::from_structured).map_err(S::into))
                    .boxed(),
                Err(failure) => std::future::ready(Err(failure.into())).boxed(),
            }
        })
    }

    fn new<A: JsonSchema>(
        name: &'static str,
        title: &'static str,
        effect: Effect,
        output: Option<Arc<Object>>,
        run: impl Fn(Call, Object) -> BoxFuture<'static, Result<Outcome, Stop>> + Send + Sync + 'static,
    ) -> Self {
        let (about, input) = schema::input::<A>();
        Self {
            name,
            title,
            about,
            toolset: "",
            effect,
            destructive: matches!(effect, Effect::Operate | Effect::Destroy),
            idempotent: effect == Effect::Read,
            asks: false,
            open_world: false,
            always_loaded: false,
            timed: None,
            capped: false,
            confirmed: false,
            input: Arc::new(input),
            output,
            run: Arc::new(run),
        }
    }

    /// The same tool taking `timeout`, by default the router's or the server's command timeout, at most an hour.
    pub(crate) fn timed(self) -> Self {
        self.timed_as(Timed {
            default: None,
            most: 3600,
        })
    }

    /// The same tool taking `timeout` within other bounds.
    pub(crate) fn timed_as(mut self, timed: Timed) -> Self {
        self.timed = Some(timed);
        let default = timed
            .default
            .map_or("the router's own, usually 360".to_owned(), |seconds| {
                seconds.to_string()
            });
        self.advertise(
            "timeout",
            json!({
                "type": "integer",
                "description": format!("Seconds; default {default}."),
                "minimum": 1,
                "maximum": timed.most,
            }),
        );
        self
    }

    /// The same tool taking `max_bytes`, `max_lines` and `tail`.
    pub(crate) fn capped(mut self) -> Self {
        self.capped = true;
        self.advertise(
            "max_bytes",
            json!({
                "type": "integer",
                "description": "Cut the text after this many bytes.",
                "minimum": 64,
                "maximum": MOST_BYTES,
            }),
        );
        self.advertise(
            "max_lines",
            json!({
                "type": "integer",
                "description": "Cut the text after this many lines.",
                "minimum": 1,
                "maximum": MOST_LINES,
            }),
        );
        self.advertise(
            "tail",
            json!({
                "type": "boolean",
                "description": "Keep the end of a cut text instead of its beginning.",
                "default": false,
            }),
        );
        self
    }

    /// The same tool in a toolset.
    pub(super) fn of_toolset(mut self, toolset: &'static str) -> Self {
        self.toolset = toolset;
        self
    }

    /// The same tool, loaded at once by clients with tool search.
    pub(crate) fn always_loaded(mut self) -> Self {
        self.always_loaded = true;
        self
    }

    /// The same tool, which undoes or replaces what was there.
    pub(crate) fn destructive(mut self) -> Self {
        self.destructive = true;
        self
    }

    /// The same tool, which does the same twice as once.
    pub(crate) fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// The same tool, of which a person should be asked.
    pub(crate) fn asks(mut self) -> Self {
        self.asks = true;
        self
    }

    /// The same tool, whose work may have to be confirmed first: it takes `plan_token`, and `confirm` where that is always so. Its
    /// result may then be a plan.
    pub(crate) fn confirmed(mut self) -> Self {
        self.confirmed = true;
        if self.effect == Effect::Destroy {
            let about = "Do it, given the plan_token of the plan.";
            self.advertise(
                "confirm",
                json!({"type": "boolean", "description": about, "default": false}),
            );
        }
        let about = "From the plan.";
        self.advertise(
            "plan_token",
            json!({"type": "string", "description": about, "maxLength": LONGEST_TOKEN}),
        );
        if let Some(output) = &mut self.output {
            schema::or_plan(Arc::make_mut(output));
        }
        self
    }

    fn advertise(&mut self, name: &str, property: Value) {
        let input = Arc::make_mut(&mut self.input);
        if let Some(Value::Object(properties)) = input.get_mut("properties") {
            properties.insert(name.to_owned(), property);
        }
    }

    /// Runs the tool on arguments that fit its schema, the common ones taken out.
    pub(crate) fn run(&self, call: Call, arguments: Object) -> BoxFuture<'static, Result<Outcome, Stop>> {
        (self.run)(call, arguments)
    }
}

impl std::fmt::Debug for Spec {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Spec")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Arguments as the tool's own type. The schema has admitted them, so a refusal here is about a form that a schema cannot
/// say; serde's words may repeat the value, ours do not.
fn parsed<A: DeserializeOwned>(arguments: Object) -> Result<A, Failure> {
    serde_json::from_value(Value::Object(arguments)).map_err(|_| {
        Failure::new(
            Code::InvalidArgument,
            "an argument has a form that its description excludes",
        )
        .hint("compare each argument with its description")
    })
}
