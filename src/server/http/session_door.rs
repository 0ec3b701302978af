//! The SDK's view of the sessions through the eyes of one principal: those of others are not there.

use std::sync::{Arc, Mutex};

use futures::Stream;
use rmcp::{
    model::{ClientJsonRpcMessage, ServerJsonRpcMessage},
    transport::{
        WorkerTransport,
        streamable_http_server::{
            SessionId, SessionManager,
            session::{
                ServerSseMessage,
                local::{LocalSessionManagerError, LocalSessionWorker, create_local_session},
            },
        },
    },
};

use super::session::{Opening, Sessions, short};
use crate::app::{App, Caller, SessionEnd};

/// The sessions of one principal.
pub(super) struct Door {
    pub(super) app: Arc<App>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) caller: Caller,
    /// The place of a session that this request is to open.
    pub(super) opening: Mutex<Option<Opening>>,
    /// Why a session ends that the SDK closes for this request.
    pub(super) end: SessionEnd,
}

impl Door {
    fn admit(&self, id: &SessionId) -> Result<(), LocalSessionManagerError> {
        if self.sessions.belongs(id, self.caller.owner()) {
            Ok(())
        } else {
            Err(LocalSessionManagerError::SessionNotFound(Arc::clone(id)))
        }
    }
}

impl SessionManager for Door {
    type Error = LocalSessionManagerError;
    type Transport = WorkerTransport<LocalSessionWorker>;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Self::Error> {
        let opening = self
            .opening
            .lock()
            .expect("no code panics while it holds the lock")
            .take();
        // Only a request that was given a place opens a session.
        let id = opening
            .and_then(Opening::take)
            .ok_or_else(|| LocalSessionManagerError::SessionNotFound("".into()))?;
        let local = &self.sessions.local;
        let (handle, worker) = create_local_session(Arc::clone(&id), local.session_config.clone());
        local.sessions.write().await.insert(Arc::clone(&id), handle);
        self.app.session_started(&self.caller, &short(&id));
        Ok((id, WorkerTransport::spawn(worker)))
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, Self::Error> {
        self.admit(id)?;
        self.sessions.local.initialize_session(id, message).await
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, Self::Error> {
        Ok(self.admit(id).is_ok())
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), Self::Error> {
        if self.admit(id).is_err() {
            return Ok(());
        }
        if self.sessions.forget(id) {
            self.app.session_ended(&self.caller, &short(id), self.end);
        }
        self.sessions.local.close_session(id).await
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.admit(id)?;
        self.sessions.local.create_stream(id, message).await
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<(), Self::Error> {
        self.admit(id)?;
        self.sessions.local.accept_message(id, message).await
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.admit(id)?;
        self.sessions.local.create_standalone_stream(id).await
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.admit(id)?;
        self.sessions.local.resume(id, last_event_id).await
    }
}
