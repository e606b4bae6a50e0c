//! Pictures, and the links to them.

use nightshift_core::ports::PictureWrites;

use crate::{got, holds, same};

/// What is kept: as little text as a picture has.
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\xff\xfe\0";

/// What must be there: under this name, and behind this link, [`PNG`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The picture's name.
    pub name: String,
    /// The link as it was given last.
    pub link: String,
}

/// Runs the suite and gives what must be there: no port reads it, so whoever
/// runs it looks for himself. `prefix` keeps runs apart.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn pictures<W: PictureWrites>(world: &W, prefix: &str) -> Result<Vec<Kept>, String> {
    let mut kept = Vec::new();
    for name in [format!("pictures/{prefix}-1.png"), format!("pictures/{prefix} a+b&c=ä?-1.png")] {
        let first = got("a first picture", world.keep_picture(&name, b"not yet a picture").await)?;
        // A retry may have drawn it anew.
        let link = got("the picture again", world.keep_picture(&name, PNG).await)?;
        let over_http = link.starts_with("https://") || link.starts_with("http://127.0.0.1:");
        holds("a link that a browser follows", &address(&link), over_http)?;
        same("where the picture is", &address(&link), &address(&first))?;
        kept.push(Kept { name, link });
    }
    holds("pictures of two names in two places", &kept.len(), address(&kept[0].link) != address(&kept[1].link))?;
    Ok(kept)
}

/// A link without its signature.
fn address(link: &str) -> &str {
    link.split('?').next().unwrap_or_default()
}
