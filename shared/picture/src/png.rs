//! The same picture in pixels.

use nightshift_core::notice::Chart;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, Options, Tree};
use thiserror::Error;

use crate::{HEIGHT, WIDTH, svg};

/// Why there is no picture. Nothing in a chart can be the cause.
#[derive(Debug, Error)]
pub enum Error {
    /// What we wrote is no SVG.
    #[error("the picture is no SVG: {0}")]
    Svg(#[from] usvg::Error),
    /// There is no memory for the pixels.
    #[error("there is no room for {WIDTH} times {HEIGHT} pixels")]
    Room,
    /// The pixels could not be written as PNG.
    #[error("the pixels are no PNG: {0}")]
    Png(String),
}

/// The chart as PNG, [`WIDTH`] times [`HEIGHT`] pixels, in a font that comes
/// along. A character that the font does not have is drawn as an empty box.
///
/// # Errors
/// If it cannot be drawn, which no chart can be the cause of.
pub fn png(chart: &Chart) -> Result<Vec<u8>, Error> {
    let tree = Tree::from_str(&svg(chart), &options())?;
    let mut pixels = Pixmap::new(WIDTH, HEIGHT).ok_or(Error::Room)?;
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| Error::Png(error.to_string()))
}

/// Our font and no other: what the machine has is not looked at.
pub(crate) fn options() -> Options<'static> {
    let mut options = Options { font_family: "Noto Sans".to_owned(), ..Options::default() };
    options.fontdb_mut().load_font_data(notosans::REGULAR_TTF.to_vec());
    options
}
