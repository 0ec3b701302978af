//! Reading a body: no more than is allowed, and not for ever.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, header::CONTENT_LENGTH},
};
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;

use super::refusal::Refusal;

/// Time for a whole body. A megabyte takes a second on a poor line; nobody needs longer to say what is wanted.
const TIME: Duration = Duration::from_secs(30);

/// The whole body.
pub(super) async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if declared.is_some_and(|length| length.parse::<u64>().is_ok_and(|length| length > limit as u64)) {
        return Err(Refusal::too_large(limit));
    }
    tokio::time::timeout(TIME, counted(body, limit))
        .await
        .unwrap_or_else(|_| Err(Refusal::too_slow()))
}

async fn counted(body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let mut pieces = body.into_data_stream();
    let mut whole = BytesMut::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| Refusal::bad_request("The body ended before it was complete", "malformed"))?;
        if piece.len() > limit - whole.len() {
            return Err(Refusal::too_large(limit));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}
