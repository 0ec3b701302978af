//! `render_and_apply_j2_template`: a template and variables become configurations, which are shown, checked or committed.

mod apply;
mod render;
mod rows;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    junos::Minutes,
    tools::{
        asking::Stop,
        call::Call,
        code::Code,
        config::Format,
        failure::Failure,
        outcome::Structured,
        router::Router,
        select::Target,
        spec::{Effect, Spec},
    },
    workflows::transaction::CandidateMode,
};
use rows::Row;

/// Render a Jinja2 template with JSON variables and, if asked, check or commit the result on one or more Junos devices.
/// Undefined variables are errors. Without apply_config or dry_run nothing is contacted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// The template. It cannot include files or other templates; router_name is preset.
    #[schemars(length(min = 1, max = 65_536))]
    template_content: String,
    /// The variables: the text of one JSON object.
    #[schemars(length(min = 1, max = 65_536))]
    vars_content: String,
    /// One router to render for.
    #[schemars(length(min = 1, max = 128))]
    router_name: Option<String>,
    /// Several routers: names, patterns such as edge-*, or tag:core.
    #[schemars(length(min = 1, max = 1000), inner(length(max = 128)))]
    router_names: Option<Vec<String>>,
    /// Commit the rendering on each router, one after another.
    #[serde(default)]
    apply_config: bool,
    /// Load, compare, check and discard instead, whatever apply_config says.
    #[serde(default)]
    dry_run: bool,
    /// Form of the rendering; found out when absent.
    config_format: Option<Format>,
    /// Why, for the routers' commit logs.
    #[serde(default = "comment")]
    #[schemars(length(max = 512))]
    commit_comment: String,
    /// Leave the routers after a failed one alone.
    #[serde(default)]
    stop_on_error: bool,
    /// Minutes after which each router goes back by itself unless confirm_commit is called.
    confirm_timeout_mins: Option<Minutes>,
    /// As for load_and_commit_config.
    #[serde(default)]
    candidate_mode: CandidateMode,
    /// Commit on both routing engines.
    #[serde(default)]
    synchronize: bool,
    /// Seconds for each router.
    #[schemars(range(min = 1, max = 3600))]
    timeout: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    /// Whether a commit was made on some router.
    applied: bool,
    /// Whether nothing was to be committed.
    dry_run: bool,
    results: Vec<Row>,
}

fn comment() -> String {
    "Configuration applied via Jinja2 template".to_owned()
}

pub(super) fn spec() -> Spec {
    Spec::structured(
        "render_and_apply_j2_template",
        "Render and apply a template",
        Effect::Write,
        run,
    )
    .destructive()
    .asks()
    .confirmed()
}

async fn run(call: Call, args: Args) -> Result<Structured<Output>, Stop> {
    let routers = routers(&call, &args)?;
    let contacts = args.apply_config || args.dry_run;
    if contacts && routers.is_empty() {
        return Err(invalid("a router is needed to check or apply a template")
            .hint("give router_name or router_names, or leave apply_config and dry_run out to render only")
            .into());
    }
    let variables = render::variables(&args.vars_content)?;
    render::note(&call, &args);
    let renderings = render::all(&call, &args.template_content, &variables, args.config_format, &routers).await?;
    let rows = if contacts {
        let plan = apply::Plan {
            dry_run: args.dry_run,
            comment: &args.commit_comment,
            stop_on_error: args.stop_on_error,
            confirm: args.confirm_timeout_mins,
            mode: args.candidate_mode,
            synchronize: args.synchronize,
            timeout: args.timeout.map(Duration::from_secs),
        };
        apply::all(&call, &plan, &routers, renderings).await?
    } else {
        rows::rendered(&routers, renderings)
    };
    let output = Output {
        applied: rows.iter().any(Row::is_committed),
        dry_run: args.dry_run,
        results: rows::deduplicated(rows),
    };
    let failed = output.results.iter().filter(|row| row.is_failed());
    let failed = failed.inspect(|row| row.note_failure(&call)).count();
    call.notes().result(|result| {
        result.rows_ok = Some(output.results.len() - failed);
        result.rows_failed = Some(failed);
    });
    match rows::failure_of_all(&output.results) {
        Some(failure) => Err(failure.known("results", call.finished(&output.results)).into()),
        None => Ok(output.into()),
    }
}

/// The routers that were named, each usable; one that is not stops the call before anything is rendered for anybody.
fn routers(call: &Call, args: &Args) -> Result<Vec<Router>, Failure> {
    match (&args.router_name, &args.router_names) {
        (Some(_), Some(_)) => Err(invalid("router_name and router_names are both given").hint("give one of them")),
        (Some(name), None) => Ok(vec![call.device(name)?]),
        (None, Some(names)) => {
            let targets = call.devices(names)?.into_iter();
            targets
                .map(|target| match target {
                    Target::Usable(router) => Ok(router),
                    Target::Refused { failure, .. } => Err(failure),
                })
                .collect()
        }
        (None, None) => {
            call.devices(&[])?;
            Ok(Vec::new())
        }
    }
}

fn invalid(text: &str) -> Failure {
    Failure::new(Code::InvalidArgument, text)
}
