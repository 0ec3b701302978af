//! Resources: what a client may attach without calling a tool. Each is read by the call of the tool with the same content,
//! so that scope, audit, redaction, caps and deadlines are those of the tool.

mod cursor;
mod templates;
mod uri;

use rmcp::{
    RoleServer,
    model::{
        CacheScope, ContentBlock, ErrorCode, ErrorData, ListResourceTemplatesResult, ListResourcesResult, MetaObject,
        ReadResourceResponse, ReadResourceResult, Resource, ResourceContents,
    },
    service::RequestContext,
};
use serde_json::{Value, json};

use super::{
    dispatch,
    handler::{FIXED_TTL, Handler, LIST_TTL},
};
use crate::{
    app::{App, Caller, Reply},
    tools::Code,
};

pub(super) use cursor::Cursors;
pub(super) use templates::{Place, place};
pub(super) use uri::Uri;

/// A resource that exists and cannot be read: outside the numbers of JSON-RPC and of the protocol.
pub(super) const FAILED: ErrorCode = ErrorCode(-31000);

/// Resources of one page.
const PAGE: usize = 100;

/// The name of the list that cursors are for.
const LIST: &str = "resources";

const JSON: &str = "application/json";

/// A link to a stored output, for the result that was cut.
pub(super) fn link(id: &str) -> ContentBlock {
    let uri = Uri::Output(id.to_owned()).to_string();
    let resource = Resource::new(uri, id)
        .with_title("The whole output")
        .with_mime_type("text/plain");
    ContentBlock::resource_link(resource)
}

/// One page of what a caller can read: the inventory, then the facts of each router in scope.
pub(super) fn list(handler: &Handler, caller: &Caller, cursor: Option<&str>) -> Result<ListResourcesResult, ErrorData> {
    let app = handler.app();
    let cursors = handler.cursors();
    let after = cursor.map(|cursor| {
        let opened = cursors.open(LIST, caller.owner(), cursor);
        opened.ok_or_else(|| ErrorData::invalid_params("unknown cursor", None))
    });
    let after = after.transpose()?;
    // The inventory stands under the empty name, which no router has.
    let inventory = app.offers(caller, Uri::Inventory.tool()).then(String::new);
    let has_facts = app.offers(caller, Uri::Facts(String::new()).tool());
    let routers = if has_facts { app.routers_of(caller) } else { Vec::new() };
    let names = inventory.into_iter().chain(routers);
    let mut rest = names
        .filter(|name| after.as_ref().is_none_or(|after| name > after))
        .peekable();
    let page: Vec<String> = rest.by_ref().take(PAGE).collect();
    let mut result = ListResourcesResult::with_all_items(page.iter().map(|name| entry(name)).collect())
        .with_ttl_ms(LIST_TTL)
        .with_cache_scope(CacheScope::Private);
    let last = page.last().filter(|_| rest.peek().is_some());
    result.next_cursor = last.map(|last| cursors.seal(LIST, caller.owner(), last));
    Ok(result)
}

fn entry(name: &str) -> Resource {
    let (uri, short, title, about) = match name {
        "" => (
            Uri::Inventory,
            "inventory".to_owned(),
            "Routers".to_owned(),
            "The routers in your scope, as get_router_list shows them.",
        ),
        name => (
            Uri::Facts(name.to_owned()),
            format!("{name} facts"),
            format!("Facts of {name}"),
            "Model, version, serial number, routing engines and uptime, read from the router.",
        ),
    };
    Resource::new(uri.to_string(), short)
        .with_title(title)
        .with_description(about)
        .with_mime_type(JSON)
}

/// The forms of what is not listed.
pub(super) fn templates(app: &App, caller: &Caller) -> ListResourceTemplatesResult {
    ListResourceTemplatesResult::with_all_items(templates::listed(app, caller))
        .with_ttl_ms(FIXED_TTL)
        .with_cache_scope(CacheScope::Private)
}

/// The content of a resource.
pub(super) async fn read(
    handler: &Handler,
    uri: &str,
    context: &RequestContext<RoleServer>,
) -> Result<ReadResourceResponse, ErrorData> {
    let resource = Uri::parse(uri).ok_or_else(|| unknown(uri, None))?;
    let called = dispatch::call(handler, resource.tool(), resource.arguments(), context).await;
    let reply = called.map_err(|_| unknown(uri, Some(&resource)))?;
    if reply.failed {
        return Err(failed(uri, &resource, reply));
    }
    let text = match &resource {
        Uri::Config { .. } => reply.blocks.first().cloned(),
        // The call has found it, so that only its end can have come between.
        Uri::Output(id) => handler.app().stored_output(handler.caller(&context.extensions), id),
        Uri::Inventory | Uri::Facts(_) | Uri::Job(_) => reply.structured.as_ref().map(Value::to_string),
    };
    let text = text.ok_or_else(|| unknown(uri, Some(&resource)))?;
    let mut meta = reply.meta;
    if let (Uri::Config { .. }, Some(asides)) = (&resource, reply.blocks.get(1)) {
        meta.insert("notes".to_owned(), asides.as_str().into());
    }
    let contents = ResourceContents::text(text, uri)
        .with_mime_type(resource.mime())
        .with_meta(MetaObject(meta));
    let mut result = ReadResourceResult::new(vec![contents]);
    result.ttl_ms = Some(resource.ttl());
    result.cache_scope = Some(CacheScope::Private);
    Ok(result.into())
}

/// What a caller must not know of is what there is not.
fn failed(uri: &str, resource: &Uri, reply: Reply) -> ErrorData {
    let hidden = [
        Code::RouterScopeDenied,
        Code::UnknownRouter,
        Code::OutputNotFound,
        Code::JobNotFound,
    ];
    if reply.code.is_some_and(|code| hidden.contains(&code)) {
        return unknown(uri, Some(resource));
    }
    let mut data = reply.structured.unwrap_or_else(|| json!({}));
    data["uri"] = uri.into();
    let words = reply.blocks.into_iter().next().unwrap_or_default();
    ErrorData::new(FAILED, words, Some(data))
}

/// One answer for what never was, is over, or is somebody else's.
pub(super) fn unknown(uri: &str, resource: Option<&Uri>) -> ErrorData {
    let words = match resource {
        Some(Uri::Output(_)) => "no such resource: outputs are kept for 15 minutes after they were last read",
        Some(Uri::Job(_)) => "no such resource: jobs are kept for 7 days",
        _ => "no such resource",
    };
    ErrorData::resource_not_found(words, Some(json!({ "uri": uri })))
}
