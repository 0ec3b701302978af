//! The requests of a client, answered from the registry and by the pipeline.

use std::sync::Arc;

use rmcp::{
    RoleServer, ServerHandler,
    handler::server::{router::tool::ToolRouter, tool::ToolCallContext},
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CustomRequest, CustomResult, DiscoverResult, ErrorCode,
        ErrorData, Implementation, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
        PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig,
        Tool,
    },
    service::RequestContext,
};

use super::{definition, dispatch, instructions::instructions, outputs};
use crate::app::{App, Caller};

/// For how long a client may keep a list of tools or resources, in milliseconds.
const LIST_TTL: u64 = 60_000;

/// For how long a client may keep what never changes while the process runs, in milliseconds.
const FIXED_TTL: u64 = 300_000;

/// Methods that exist: the SDK hands them over as unknown ones when their parameters have the wrong form.
const KNOWN_METHODS: [&str; 7] = [
    "initialize",
    "tools/call",
    "tools/list",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "server/discover",
];

/// One caller's view of the process. Cheap to clone.
#[derive(Clone)]
pub(super) struct Handler(Arc<Inner>);

struct Inner {
    app: Arc<App>,
    caller: Caller,
    router: ToolRouter<Handler>,
    config: ServerConfig,
}

impl Handler {
    /// Answers `caller` from what `app` offers.
    pub(super) fn new(app: Arc<App>, caller: Caller) -> Self {
        let mut router = ToolRouter::new();
        for spec in app.offered() {
            router.add_route(dispatch::route(spec, app.is_read_only()));
        }
        let capabilities = ServerCapabilities::builder().enable_tools().enable_resources().build();
        let about = Implementation::new("rust-junosmcp", env!("CARGO_PKG_VERSION")).with_title("Junos routers");
        let config = ServerConfig::new(capabilities)
            .with_server_info(about)
            .with_instructions(instructions(app.listed(&caller)));
        Self(Arc::new(Inner {
            app,
            caller,
            router,
            config,
        }))
    }

    pub(super) fn app(&self) -> &Arc<App> {
        &self.0.app
    }

    pub(super) fn caller(&self) -> &Caller {
        &self.0.caller
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        self.0.config.clone()
    }

    async fn discover(&self, _: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        let versions = self.supported_protocol_versions().into_owned();
        let mut result = DiscoverResult::from_server_info(versions, self.get_info());
        result.ttl_ms = FIXED_TTL;
        result.cache_scope = CacheScope::Private;
        Ok(result)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        refuse_cursor(request)?;
        let app = self.app();
        let listed = app.listed(self.caller());
        let tools = listed.map(|spec| definition::tool(spec, app.is_read_only())).collect();
        Ok(ListToolsResult::with_all_items(tools)
            .with_ttl_ms(LIST_TTL)
            .with_cache_scope(CacheScope::Private))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.0.router.get(name).cloned()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if !self.0.router.has_route(&request.name) {
            // The pipeline refuses it too, and writes the audit record.
            return dispatch::unknown(self, request).await;
        }
        let context = ToolCallContext::new(self, request, context);
        self.0.router.call(context).await
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        refuse_cursor(request)?;
        // Stored outputs are reached by the links in results only: their names are what protects them.
        Ok(ListResourcesResult::with_all_items(Vec::new())
            .with_ttl_ms(LIST_TTL)
            .with_cache_scope(CacheScope::Private))
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        refuse_cursor(request)?;
        Ok(ListResourceTemplatesResult::with_all_items(vec![outputs::template()])
            .with_ttl_ms(FIXED_TTL)
            .with_cache_scope(CacheScope::Private))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        outputs::read(self, &request.uri)
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let CustomRequest { method, .. } = request;
        if KNOWN_METHODS.contains(&method.as_str()) {
            let words = format!("the parameters of {method} have the wrong form");
            return Err(ErrorData::invalid_params(words, None));
        }
        Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, method, None))
    }
}

/// Every list is one page, so no cursor was ever handed out.
fn refuse_cursor(request: Option<PaginatedRequestParams>) -> Result<(), ErrorData> {
    match request.and_then(|request| request.cursor) {
        None => Ok(()),
        Some(_) => Err(ErrorData::invalid_params("unknown cursor", None)),
    }
}
