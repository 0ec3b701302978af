//! Stored outputs as resources: `junos://outputs/{id}` gives the bytes that `read_output` pages through.

use rmcp::model::{
    CacheScope, ContentBlock, ErrorData, ReadResourceResponse, ReadResourceResult, Resource, ResourceContents,
    ResourceTemplate,
};
use serde_json::json;

use super::handler::Handler;
use crate::app::Caller;

const PREFIX: &str = "junos://outputs/";
const MIME: &str = "text/plain";

/// A link to a stored output, for the result that was cut.
pub(super) fn link(id: &str) -> ContentBlock {
    let resource = Resource::new(format!("{PREFIX}{id}"), id)
        .with_title("The whole output")
        .with_mime_type(MIME);
    ContentBlock::resource_link(resource)
}

/// The form of the links.
pub(super) fn template() -> ResourceTemplate {
    ResourceTemplate::new(format!("{PREFIX}{{id}}"), "output")
        .with_title("Stored output")
        .with_description(
            "The whole text of an output that was cut, by its output_id. Kept for 15 minutes after it was last read.",
        )
        .with_mime_type(MIME)
}

/// The whole text of a stored output. Unknown, expired and foreign ids get one answer.
pub(super) fn read(handler: &Handler, caller: &Caller, uri: &str) -> Result<ReadResourceResponse, ErrorData> {
    let text = uri
        .strip_prefix(PREFIX)
        .and_then(|id| handler.app().stored_output(caller, id))
        .ok_or_else(|| {
            let words = "no such resource: outputs are kept for 15 minutes after they were last read";
            ErrorData::resource_not_found(words, Some(json!({ "uri": uri })))
        })?;
    let contents = ResourceContents::text(text, uri).with_mime_type(MIME);
    let mut result = ReadResourceResult::new(vec![contents]);
    result.ttl_ms = Some(0);
    result.cache_scope = Some(CacheScope::Private);
    Ok(result.into())
}
