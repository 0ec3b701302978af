//! A file to a router.

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::{CopyFault, talk::Talk};

/// Bytes that go out at once: a packet of SSH.
const PIECE: usize = 32 * 1024;

pub(super) async fn send(
    talk: &mut Talk,
    name: &str,
    size: u64,
    mut source: impl AsyncRead + Unpin + Send,
) -> Result<(), CopyFault> {
    talk.acknowledged().await?;
    talk.say(format!("C0644 {size} {name}\n")).await?;
    talk.acknowledged().await?;
    let mut left = size;
    while left > 0 {
        let mut piece = BytesMut::with_capacity(PIECE);
        let mut rest = (&mut source).take(left.min(PIECE as u64));
        while piece.len() < PIECE && rest.read_buf(&mut piece).await.map_err(CopyFault::Source)? > 0 {}
        if piece.is_empty() {
            let error = std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "it has become shorter");
            return Err(CopyFault::Source(error));
        }
        left -= piece.len() as u64;
        talk.say(piece.freeze()).await?;
    }
    talk.say(&b"\0"[..]).await?;
    talk.acknowledged().await
}
