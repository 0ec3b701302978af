//! The requests of a client, answered from the registry and by the pipeline.

use std::sync::Arc;

use axum::http::request::Parts;
use rmcp::{
    RoleServer, ServerHandler,
    handler::server::tool::ToolCallContext,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult, CustomRequest,
        CustomResult, DiscoverResult, ErrorCode, ErrorData, Extensions, GetPromptRequestParams, GetPromptResponse,
        Implementation, InitializeRequestParams, InitializeResult, ListPromptsResult, ListResourceTemplatesResult,
        ListResourcesResult, ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse,
        ResourcesCapability, ServerCapabilities, ServerConfig, SubscribeRequestParams, SubscriptionFilter, Tool,
        ToolsCapability, UnsubscribeRequestParams,
    },
    service::{NotificationContext, RequestContext, SubscriptionContext},
};

use super::{
    asking::Seal,
    completions, definition,
    desk::Desk,
    dispatch,
    instructions::instructions,
    prompts,
    resources::{self, Cursors},
    subscriptions::{self, Places, Session},
};
use crate::app::{App, Caller, Mark};

/// For how long a client may keep a list of tools or resources, in milliseconds.
pub(super) const LIST_TTL: u64 = 60_000;

/// For how long a client may keep what never changes while the process runs, in milliseconds.
pub(super) const FIXED_TTL: u64 = 300_000;

/// Methods that exist: the SDK hands them over as unknown ones when their parameters have the wrong form.
const KNOWN_METHODS: [&str; 13] = [
    "completion/complete",
    "initialize",
    "prompts/get",
    "prompts/list",
    "tools/call",
    "tools/list",
    "resources/list",
    "resources/read",
    "resources/subscribe",
    "resources/templates/list",
    "resources/unsubscribe",
    "server/discover",
    "subscriptions/listen",
];

/// Those that the newer era does not have, in whatever form they are asked for.
const OLDER_METHODS: [&str; 3] = ["initialize", "resources/subscribe", "resources/unsubscribe"];

/// Those that the older era does not have.
const NEWER_METHODS: [&str; 1] = ["subscriptions/listen"];

/// One caller's view of the process. Cheap to make and to clone.
#[derive(Clone)]
pub(super) struct Handler {
    desk: Arc<Desk>,
    caller: Caller,
    /// What the client of a session is told; other clients have none.
    session: Arc<Session>,
}

impl Handler {
    /// Answers `caller` from what the desk offers.
    pub(super) fn new(desk: Arc<Desk>, caller: Caller) -> Self {
        Self {
            desk,
            caller,
            session: Arc::default(),
        }
    }

    /// Closes what goes out with questions.
    pub(super) fn seal(&self) -> &Seal {
        &self.desk.seal
    }

    pub(super) fn app(&self) -> &Arc<App> {
        &self.desk.app
    }

    pub(super) fn places(&self) -> &Places {
        &self.desk.places
    }

    pub(super) fn cursors(&self) -> &Cursors {
        &self.desk.cursors
    }

    /// Who asks with this request: over HTTP each request of a session comes by a connection of its own.
    pub(super) fn caller<'a>(&'a self, extensions: &'a Extensions) -> &'a Caller {
        let parts = extensions.get::<Parts>();
        let arrived = parts.and_then(|parts| parts.extensions.get::<Caller>());
        arrived.unwrap_or(&self.caller)
    }

    /// When a request came in, for what is told of all that happened since.
    pub(super) fn arrival(&self, extensions: &Extensions) -> Mark {
        let over_http = extensions.get::<Parts>().and_then(|parts| parts.extensions.get());
        let arrived = over_http.or_else(|| extensions.get());
        arrived.copied().unwrap_or_else(|| self.app().mark())
    }

    /// What a client should know before it calls anything; only tools that the caller may use are named.
    fn instructions(&self, extensions: &Extensions) -> String {
        instructions(self.app().listed(self.caller(extensions)))
    }
}

impl ServerHandler for Handler {
    /// Asked for with every request, so that what takes work is added where it is wanted.
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_completions()
            .enable_prompts()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_resources_list_changed()
            .enable_tools()
            .enable_tool_list_changed()
            .build();
        let about = Implementation::new("rust-junosmcp", env!("CARGO_PKG_VERSION")).with_title("Junos routers");
        ServerConfig::new(capabilities).with_server_info(about)
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        context.peer.set_peer_info(request.clone());
        let mut result = self.negotiate_initialize(&request)?;
        self.session.open(self.arrival(&context.extensions));
        if !self.desk.keeps_sessions {
            // Where there is no session nobody can be told anything.
            let capabilities = &mut result.capabilities;
            capabilities.resources = capabilities.resources.take().map(|_| ResourcesCapability::default());
            capabilities.tools = capabilities.tools.take().map(|_| ToolsCapability::default());
        }
        Ok(result.with_instructions(self.instructions(&context.extensions)))
    }

    async fn discover(&self, context: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        let versions = self.supported_protocol_versions().into_owned();
        let info = self
            .get_info()
            .with_instructions(self.instructions(&context.extensions));
        let mut result = DiscoverResult::from_server_info(versions, info);
        result.ttl_ms = FIXED_TTL;
        result.cache_scope = CacheScope::Private;
        Ok(result)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        refuse_cursor(request)?;
        let app = self.app();
        let listed = app.listed(self.caller(&context.extensions));
        let tools = listed.map(|spec| definition::tool(spec, app.is_read_only())).collect();
        Ok(ListToolsResult::with_all_items(tools)
            .with_ttl_ms(LIST_TTL)
            .with_cache_scope(CacheScope::Private))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.desk.router.get(name).cloned()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if !self.desk.router.has_route(&request.name) {
            // The pipeline refuses it too, and writes the audit record.
            return dispatch::unknown(self, request, &context).await;
        }
        let context = ToolCallContext::new(self, request, context);
        self.desk.router.call(context).await
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let cursor = request.and_then(|request| request.cursor);
        resources::list(self, self.caller(&context.extensions), cursor.as_deref())
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        refuse_cursor(request)?;
        Ok(resources::templates(self.app(), self.caller(&context.extensions)))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        resources::read(self, &request.uri, &context).await
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        if self.desk.keeps_sessions {
            let caller = self.caller(&context.extensions);
            self.session.begin(self.app(), caller, &context.peer);
        }
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        if !self.desk.keeps_sessions {
            return Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "resources/subscribe", None));
        }
        let caller = self.caller(&context.extensions);
        self.session.subscribe(self.app(), caller, &request.uri).await?;
        // A client that never says that it is ready is told nevertheless.
        self.session.begin(self.app(), caller, &context.peer);
        Ok(())
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.session.unsubscribe(&request.uri);
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        // The SDK says nothing of the request here; over HTTP a handler of the newer era serves one request only.
        Some(subscriptions::accepted(self.app(), &self.caller, requested))
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        subscriptions::listen(self, context).await
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        refuse_cursor(request)?;
        Ok(prompts::list(self.app().listed(self.caller(&context.extensions))))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let offered = self.app().listed(self.caller(&context.extensions));
        prompts::get(offered, &request.name, request.arguments.unwrap_or_default()).map(Into::into)
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let caller = self.caller(&context.extensions);
        Ok(completions::complete(self.app(), caller, &request.r#ref, &request.argument).await)
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let CustomRequest { method, .. } = request;
        let elsewhere: &[&str] = match dispatch::is_modern(&context) {
            true => &OLDER_METHODS,
            false => &NEWER_METHODS,
        };
        if KNOWN_METHODS.contains(&method.as_str()) && !elsewhere.contains(&method.as_str()) {
            let words = format!("the parameters of {method} have the wrong form");
            return Err(ErrorData::invalid_params(words, None));
        }
        Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, method, None))
    }
}

/// These lists are one page each, so no cursor was ever handed out.
fn refuse_cursor(request: Option<PaginatedRequestParams>) -> Result<(), ErrorData> {
    match request.and_then(|request| request.cursor) {
        None => Ok(()),
        Some(_) => Err(ErrorData::invalid_params("unknown cursor", None)),
    }
}
