//! One client's view of the suite's server: which request is answered by which fixtures.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use ring::rand::{SecureRandom as _, SystemRandom};
use rmcp::{
    RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult, ErrorCode, ErrorData,
        GetPromptRequestParams, GetPromptResponse, Implementation, ListPromptsResult, ListResourceTemplatesResult,
        ListResourcesResult, ListToolsResult, LoggingLevel, LoggingMessageNotificationParam, PaginatedRequestParams,
        ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse, RequestStateCodec, ServerCapabilities,
        ServerConfig, SetLevelRequestParams, SubscribeRequestParams, SubscriptionFilter, Tool,
        UnsubscribeRequestParams,
    },
    service::{RequestContext, SubscriptionContext},
};
use serde_json::json;
use tokio::sync::broadcast;

use super::{dialogue, fixtures::complete, prompts, resources, rounds, tools};

/// Changes that a slow listener may be behind before it misses one.
const BACKLOG: usize = 16;

/// A list that has changed.
#[derive(Clone, Copy)]
pub(crate) enum Changed {
    Tools,
    Prompts,
}

/// What one client sees; all clients share the changes and the seal.
#[derive(Clone)]
pub(crate) struct Suite {
    changes: broadcast::Sender<Changed>,
    seal: Arc<RequestStateCodec>,
    session: Arc<Mutex<Session>>,
    /// From before the client is told that it listens, so that it misses nothing from then on.
    listening: Arc<Mutex<Option<broadcast::Receiver<Changed>>>>,
}

/// What the older revisions remember of a client.
struct Session {
    level: LoggingLevel,
    watched: HashSet<String>,
}

impl Session {
    fn new() -> Arc<Mutex<Self>> {
        let level = LoggingLevel::Info;
        Arc::new(Mutex::new(Self {
            level,
            watched: HashSet::new(),
        }))
    }
}

impl Suite {
    pub(crate) fn new() -> Self {
        let mut key = [0; RequestStateCodec::MIN_KEY_LENGTH];
        SystemRandom::new()
            .fill(&mut key)
            .expect("the system gives random bytes");
        Self {
            changes: broadcast::channel(BACKLOG).0,
            seal: Arc::new(RequestStateCodec::try_new(key).expect("the key is long enough")),
            session: Session::new(),
            listening: Arc::default(),
        }
    }

    /// The same for one more client.
    pub(crate) fn for_client(&self) -> Self {
        Self {
            session: Session::new(),
            listening: Arc::default(),
            ..self.clone()
        }
    }

    /// Tells whoever listens.
    pub(crate) fn tell(&self, changed: Changed) {
        // Without a listener nobody misses anything.
        let _ = self.changes.send(changed);
    }

    /// Writes to the client's log, if it wants to read it.
    pub(crate) async fn log(&self, context: &RequestContext<RoleServer>, words: &str) {
        let level = match is_modern(context) {
            true => context.meta.log_level(),
            false => Some(self.session.lock().expect("nobody panics with it").level),
        };
        if level.is_some_and(|level| level as u8 <= LoggingLevel::Info as u8) {
            let message = LoggingMessageNotificationParam::new(LoggingLevel::Info, json!(words));
            // A client that has gone reads no log.
            let _ = context.peer.notify_logging_message(message).await;
        }
    }
}

fn is_modern(context: &RequestContext<RoleServer>) -> bool {
    let version = context.protocol_version();
    version.is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str())
}

impl ServerHandler for Suite {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_completions()
            .enable_logging()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_tools()
            .enable_tool_list_changed()
            .build();
        ServerConfig::new(capabilities).with_server_info(Implementation::new("conformance", env!("CARGO_PKG_VERSION")))
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::list()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools::list().into_iter().find(|tool| tool.name == name)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let able = context.client_capabilities().unwrap_or_default();
        if let Some(response) = rounds::call(&request, &able, &self.seal)? {
            return Ok(response);
        }
        if let Some(answered) = dialogue::call(&request, &context.peer).await {
            let refused = |error| ErrorData::internal_error(format!("the client gave no answer: {error}"), None);
            return answered.map(CallToolResponse::from).map_err(refused);
        }
        tools::call(self, &request.name, &context)
            .await
            .map(CallToolResponse::from)
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(resources::list()))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(resources::templates()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        resources::read(&request.uri).map(ReadResourceResponse::from)
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(prompts::list()))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        prompts::get(&request)
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let begun = request.argument.value;
        let values: Vec<_> = ["test-one", "test-two", "other"]
            .into_iter()
            .filter(|value| value.starts_with(&begun))
            .collect();
        Ok(complete(
            json!({"completion": {"values": values, "total": values.len(), "hasMore": false}}),
        ))
    }

    async fn set_level(
        &self,
        request: SetLevelRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        if is_modern(&context) {
            return Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "logging/setLevel", None));
        }
        self.session.lock().expect("nobody panics with it").level = request.level;
        Ok(())
    }

    async fn subscribe(&self, request: SubscribeRequestParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        self.session
            .lock()
            .expect("nobody panics with it")
            .watched
            .insert(request.uri);
        Ok(())
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.session
            .lock()
            .expect("nobody panics with it")
            .watched
            .remove(&request.uri);
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        *self.listening.lock().expect("nobody panics with it") = Some(self.changes.subscribe());
        Some(requested.clone())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let begun = self.listening.lock().expect("nobody panics with it").take();
        let mut changes = begun.unwrap_or_else(|| self.changes.subscribe());
        loop {
            let changed = tokio::select! {
                () = context.cancelled() => return Ok(()),
                // Nothing is lost with this branch: a change stays until it is taken.
                changed = changes.recv() => changed,
            };
            let sent = match changed {
                Ok(Changed::Tools) => context.sink().notify_tool_list_changed().await,
                Ok(Changed::Prompts) => context.sink().notify_prompt_list_changed().await,
                // Whoever missed some learns of the next one.
                Err(_) => continue,
            };
            // What the client did not ask for is refused by the sink.
            let _ = sent;
        }
    }
}
