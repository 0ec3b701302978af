//! From a template to a configuration for each router.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::{Args, invalid};
use crate::{
    junos::set_line,
    template::{Request, TemplateFault},
    tools::{call::Call, code::Code, config::Format, failure::Failure, router::Router},
};

/// A rendered configuration.
#[derive(Clone, Debug)]
pub(super) struct Rendering {
    pub(super) text: String,
    pub(super) format: Format,
}

/// The variables of a call: one JSON object.
pub(super) fn variables(text: &str) -> Result<Map<String, Value>, Failure> {
    match serde_json::from_str(text) {
        Ok(Value::Object(variables)) => Ok(variables),
        Ok(_) => Err(Failure::new(Code::TemplateVars, "vars_content is not a JSON object")
            .hint("give the variables as one JSON object, such as {\"mtu\": 9000}")),
        Err(error) => Err(Failure::new(
            Code::TemplateVars,
            format!("JSON parse failed (line {} column {})", error.line(), error.column()),
        )
        .hint("vars_content is JSON; YAML is not read")),
    }
}

/// Notes what was asked, without any of its text.
pub(super) fn note(call: &Call, args: &Args) {
    let digest = Sha256::digest(&args.template_content);
    call.notes().request(|request| {
        request.template_sha256 = Some(digest.iter().map(|byte| format!("{byte:02x}")).collect());
        request.dry_run = Some(args.dry_run || !args.apply_config);
        request.confirm_minutes = args.confirm_timeout_mins.map(crate::junos::Minutes::get);
    });
}

/// One rendering for each router; without routers one.
pub(super) async fn all(
    call: &Call,
    template: &str,
    variables: &Map<String, Value>,
    format: Option<Format>,
    routers: &[Router],
) -> Result<Vec<Rendering>, Failure> {
    let names: Vec<Option<&str>> = match routers {
        [] => vec![None],
        routers => routers.iter().map(|router| Some(router.name())).collect(),
    };
    // A template that does not look at the name of its router is rendered once.
    let differs = template.contains("router_name");
    let mut renderings: Vec<Rendering> = Vec::new();
    for name in names {
        let rendering = match renderings.first() {
            Some(first) if !differs => first.clone(),
            _ => one(call, template, variables, format, name).await?,
        };
        renderings.push(rendering);
    }
    Ok(renderings)
}

async fn one(
    call: &Call,
    template: &str,
    variables: &Map<String, Value>,
    format: Option<Format>,
    router: Option<&str>,
) -> Result<Rendering, Failure> {
    let mut variables = variables.clone();
    if let Some(router) = router {
        variables.entry("router_name").or_insert_with(|| router.into());
    }
    let request = Request {
        template: template.to_owned(),
        variables,
        xml: format.map_or_else(
            || template.trim_start().starts_with('<'),
            |format| format == Format::Xml,
        ),
    };
    let text = call.services().renderer.render(&request).await.map_err(failed)?;
    if text.trim().is_empty() {
        return Err(invalid("the rendering is empty").hint("nothing was sent; look at the conditions of the template"));
    }
    let format = format.unwrap_or_else(|| detected(&text));
    Ok(Rendering { text, format })
}

/// The form of a rendering that nobody named.
fn detected(text: &str) -> Format {
    let text = text.trim_start();
    if text.starts_with('<') {
        return Format::Xml;
    }
    if text.starts_with('{') && serde_json::from_str::<Map<String, Value>>(text).is_ok() {
        return Format::Json;
    }
    if set_line::parse_payload(text).is_ok() {
        return Format::Set;
    }
    Format::Text
}

fn failed(fault: TemplateFault) -> Failure {
    let (code, hint) = match &fault {
        TemplateFault::Syntax { .. } => (Code::TemplateSyntax, "correct the template; nothing was sent"),
        TemplateFault::Undefined { .. } => (
            Code::TemplateUndefined,
            "supply the variable in vars_content, or give it a value with the filter default; nothing was sent",
        ),
        TemplateFault::Render { .. } => (
            Code::TemplateRender,
            "correct the template or the variables; nothing was sent",
        ),
        TemplateFault::Limit(_) => (
            Code::TemplateLimit,
            "a template has 256 MiB, 5 s of processor time, 100,000 steps and 1 MiB of output; nothing was sent",
        ),
        TemplateFault::Unavailable(_) => (Code::Internal, "the operator has to look at the server's log"),
    };
    Failure::new(code, fault.to_string()).hint(hint)
}
