//! A file from a router.

use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::{CopyFault, talk::Talk};

const GO_ON: &[u8] = b"\0";

pub(super) async fn receive(
    talk: &mut Talk,
    name: &str,
    largest: u64,
    mut sink: impl AsyncWrite + Unpin + Send,
) -> Result<u64, CopyFault> {
    talk.say(GO_ON).await?;
    let header = loop {
        match talk.record().await? {
            // Times, which nobody asked for.
            (b'T', _) => talk.say(GO_ON).await?,
            (b'C', header) => break header,
            (b'D', _) => return Err(CopyFault::Protocol("it sends a folder in place of a file")),
            _ => return Err(CopyFault::Protocol("it announces something else than a file")),
        }
    };
    let size = announced(&header, name)?;
    if size > largest {
        return Err(CopyFault::TooLarge { size, largest });
    }
    talk.say(GO_ON).await?;
    let mut left = size;
    while left > 0 {
        let piece = talk.piece(left).await?;
        left -= piece.len() as u64;
        sink.write_all(&piece).await.map_err(CopyFault::Sink)?;
    }
    talk.acknowledged().await?;
    sink.flush().await.map_err(CopyFault::Sink)?;
    // All of it is here: a router that has hung up by now has done its part.
    let _ = talk.say(GO_ON).await;
    Ok(size)
}

/// The size in a header such as `0644 1048576 name.tgz`, whose name must be the one that was asked for: it never says where
/// anything is written.
pub(super) fn announced(header: &str, name: &str) -> Result<u64, CopyFault> {
    let malformed = CopyFault::Protocol("it announces a file in a way of its own");
    let mut parts = header.splitn(3, ' ');
    let (Some(mode), Some(size), Some(offered)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(malformed);
    };
    let is_mode = mode.len() == 4 && mode.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
    let is_size = !size.is_empty() && size.bytes().all(|digit| digit.is_ascii_digit());
    match size.parse() {
        Ok(size) if is_mode && is_size => match offered == name {
            true => Ok(size),
            false => Err(CopyFault::BadName),
        },
        _ => Err(malformed),
    }
}
