//! The forms of addresses that are not listed, and what their places stand for.

use rmcp::model::ResourceTemplate;

use crate::app::{App, Caller};

/// What can stand in a place of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum Place {
    /// What its name says, as in tools and prompts.
    Word,
    /// An output of the caller.
    OutputId,
    /// A job that the caller may know of.
    JobId,
}

struct Template {
    uri: &'static str,
    name: &'static str,
    title: &'static str,
    about: &'static str,
    mime: Option<&'static str>,
    /// The tool that gives the same content.
    tool: &'static str,
    places: &'static [(&'static str, Place)],
}

const TEMPLATES: [Template; 4] = [
    Template {
        uri: "junos://{router}/facts",
        name: "facts",
        title: "Router facts",
        about: "Model, version, serial number, routing engines and uptime of a router.",
        mime: Some("application/json"),
        tool: "gather_device_facts",
        places: &[("router", Place::Word)],
    },
    Template {
        uri: "junos://{router}/config{?path,format}",
        name: "config",
        title: "Router configuration",
        about: "The running configuration of a router, or the part below path. format is text, set, xml or json. Secrets are replaced \
                by markers.",
        mime: None,
        tool: "get_junos_config",
        places: &[("router", Place::Word), ("path", Place::Word), ("format", Place::Word)],
    },
    Template {
        uri: "junos://outputs/{id}",
        name: "output",
        title: "Stored output",
        about: "The whole text of an output that was cut, by its output_id. Kept for 15 minutes after it was last read.",
        mime: Some("text/plain"),
        tool: "read_output",
        places: &[("id", Place::OutputId)],
    },
    Template {
        uri: "junos://jobs/{id}",
        name: "job",
        title: "Job",
        about: "State, log and result of long work, by its job_id. Kept for 7 days.",
        mime: Some("application/json"),
        tool: "get_job",
        places: &[("id", Place::JobId)],
    },
];

fn offered<'a>(app: &'a App, caller: &'a Caller) -> impl Iterator<Item = &'static Template> + 'a {
    TEMPLATES.iter().filter(|template| app.offers(caller, template.tool))
}

/// The templates of what a caller may read.
pub(super) fn listed(app: &App, caller: &Caller) -> Vec<ResourceTemplate> {
    let templates = offered(app, caller).map(|template| {
        let made = ResourceTemplate::new(template.uri, template.name)
            .with_title(template.title)
            .with_description(template.about);
        match template.mime {
            Some(mime) => made.with_mime_type(mime),
            None => made,
        }
    });
    templates.collect()
}

/// What a place of a template stands for.
pub(in crate::server) fn place(app: &App, caller: &Caller, uri: &str, name: &str) -> Option<Place> {
    let template = offered(app, caller).find(|template| template.uri == uri)?;
    let found = template.places.iter().find(|(own, _)| *own == name)?;
    Some(found.1)
}
