//! The body of a request that was answered for what its head says: taken in, so that the connection can be used again.

use std::time::Duration;

use axum::{
    body::{Body, HttpBody as _},
    http::{
        HeaderValue, Version,
        header::{CONNECTION, CONTENT_LENGTH, EXPECT},
        request::Parts,
    },
    response::Response,
};
use futures::StreamExt as _;

/// More than a message usually has, and nothing to a connection. Who sends more has to connect again.
const SIZE: usize = 64 * 1024;

/// A body follows its head at once, if the client does not wait for a word before it sends it.
const TIME: Duration = Duration::from_secs(1);

/// A body that nobody has read yet.
pub(super) struct Unread {
    body: Option<Body>,
    /// Whether it is small, and comes without being asked for.
    is_on_its_way: bool,
    may_stay_open: bool,
}

impl Unread {
    pub(super) fn new(parts: &Parts, body: Body) -> Self {
        let length = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        let is_small = length.is_none_or(|length| length.parse::<usize>().is_ok_and(|length| length <= SIZE));
        Self {
            body: Some(body),
            is_on_its_way: is_small && !parts.headers.contains_key(EXPECT),
            may_stay_open: parts.version == Version::HTTP_11,
        }
    }

    /// The body for whoever reads it.
    pub(super) fn take(&mut self) -> Body {
        self.body.take().unwrap_or_default()
    }

    /// Takes in what is left before `response` goes out, or says in it that the connection ends. Otherwise the connection
    /// would end without a word under the next request, which a client that was asked for a token sends at once.
    pub(super) async fn settle(mut self, response: &mut Response) {
        let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) else {
            return;
        };
        let is_taken = self.is_on_its_way && tokio::time::timeout(TIME, discard(body)).await == Ok(true);
        if !is_taken && self.may_stay_open {
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

/// Whether all of it was there and was not too much.
async fn discard(body: Body) -> bool {
    let mut pieces = body.into_data_stream();
    let mut size = 0;
    while let Some(piece) = pieces.next().await {
        let Ok(piece) = piece else { return false };
        size += piece.len();
        if size > SIZE {
            return false;
        }
    }
    true
}
