//! Folders of images (PNG, JPEG, BMP), a folder for each class; other layouts by a pattern of names.

use crate::collection::Collection;
use crate::element::{Element, Stored};
use crate::files::{self, Found, Pattern};
use crate::{DataError, Index};
use image::{DynamicImage, ImageReader, Limits, imageops::FilterType};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Longest side that is read.
const MAX_SIDE: u32 = 16_384;

/// Endings of files that are read.
pub(crate) const EXTENSIONS: &[&str] = &["png", "jpg", "jpeg", "bmp"];

/// How to read them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Height and width to which each image is brought: the largest centred part of that aspect is resized with a
    /// triangle filter. The first image's own when absent; others of another size are an error then.
    pub size: Option<[u32; 2]>,
    /// One channel of brightness (0.2126 R + 0.7152 G + 0.0722 B) instead of three of colour.
    pub grey: bool,
}

/// The index of the images below `dir`: `[height, width, channels]`, values 0 to 255. They are decoded once, so that
/// every damaged file is named before a training begins.
///
/// # Errors
/// [`DataError::Problems`] with every file that cannot be decoded or has another size; [`DataError::Options`] on a
/// wrong pattern or size, and when there is no image.
pub fn load(dir: &Path, names: &Pattern, config: &Config) -> Result<Index, DataError> {
    names.check()?;
    let mut reader = Reader::new(config)?;
    let mut made = Collection::new(Stored::little(Element::U8));
    for found in files::list(dir, EXTENSIONS)? {
        let place = found.path.display().to_string();
        match names.of(&found).and_then(|named| Ok((named, reader.read(&found)?))) {
            Ok((named, image)) => made.push(place, named, &image.shape, &image.bytes)?,
            Err(message) => made.problems.add(place, message),
        }
    }
    made.finish(dir, 0.0, "")
}

/// Reads images, one after the other, and brings them to one size.
#[derive(Debug)]
pub(crate) struct Reader<'c> {
    config: &'c Config,
    /// That of the options, or of the first image.
    size: Option<[u32; 2]>,
}

/// An image as it is stored.
#[derive(Debug)]
pub(crate) struct Image {
    /// Height, width and channels.
    pub(crate) shape: [usize; 3],
    pub(crate) bytes: Vec<u8>,
    /// Height and width of the file.
    pub(crate) own: [u32; 2],
    /// The part of the file that it shows: y, x, height and width.
    pub(crate) part: [u32; 4],
}

impl<'c> Reader<'c> {
    /// # Errors
    /// [`DataError::Options`] on a size out of range.
    pub(crate) fn new(config: &'c Config) -> Result<Self, DataError> {
        if config.size.is_some_and(|size| size.iter().any(|&side| side == 0 || side > MAX_SIDE)) {
            let message = format!("images: size {:?}; expected 1 to {MAX_SIDE}", config.size);
            return Err(DataError::Options(message));
        }
        Ok(Reader { config, size: config.size })
    }

    /// # Errors
    /// A file that cannot be decoded, or has another size than the first where none is set.
    pub(crate) fn read(&mut self, found: &Found) -> Result<Image, String> {
        let image = decode(found)?;
        let own = [image.height(), image.width()];
        let wanted = *self.size.get_or_insert(own);
        if self.config.size.is_none() && own != wanted {
            return Err(format!(
                "{own:?} pixels, the first image has {wanted:?}; set size to bring all to one"
            ));
        }
        let part = part(own, wanted);
        let image = fit(image, part, wanted);
        let [height, width] = wanted.map(|side| side as usize);
        let (channels, bytes) = match self.config.grey {
            true => (1, image.into_luma8().into_raw()),
            false => (3, image.into_rgb8().into_raw()),
        };
        Ok(Image { shape: [height, width, channels], bytes, own, part })
    }
}

fn decode(found: &Found) -> Result<DynamicImage, String> {
    let mut reader = ImageReader::open(&found.path)
        .and_then(ImageReader::with_guessed_format)
        .map_err(|error| error.to_string())?;
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(MAX_SIDE), Some(MAX_SIDE));
    reader.limits(limits);
    reader.decode().map_err(|error| format!("the image cannot be read: {error}; replace it, or take it out"))
}

/// A part of an image, resized.
fn fit(image: DynamicImage, [y, x, height, width]: [u32; 4], wanted: [u32; 2]) -> DynamicImage {
    if [image.height(), image.width()] == wanted {
        return image;
    }
    image.crop_imm(x, y, width, height).resize_exact(wanted[1], wanted[0], FilterType::Triangle)
}

/// The largest centred part of an image of `own` pixels with the aspect of `wanted`: y, x, height and width.
fn part([old_height, old_width]: [u32; 2], [height, width]: [u32; 2]) -> [u32; 4] {
    let scale =
        |side: u32, by: u32, over: u32| (u64::from(side) * u64::from(by) / u64::from(over)).max(1) as u32;
    let part_width = old_width.min(scale(old_height, width, height));
    let part_height = old_height.min(scale(old_width, height, width));
    [(old_height - part_height) / 2, (old_width - part_width) / 2, part_height, part_width]
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage};

    fn folder(images: &[(&str, u32, u32)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for &(name, width, height) in images {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            RgbImage::from_fn(width, height, |x, y| Rgb([x as u8 * 10, y as u8 * 20, 7])).save(path).unwrap();
        }
        dir
    }

    #[test]
    fn pixels_come_row_by_row_and_classes_from_folders() {
        let dir = folder(&[("cat/a.png", 3, 2), ("dog/b.bmp", 3, 2)]);
        let index = load(dir.path(), &Pattern::default(), &Config::default()).unwrap();
        assert_eq!(index.classes, ["cat", "dog"]);
        assert_eq!((index.items[1].rows, index.row_shape.as_slice()), (2, &[3, 3][..]));
        assert_eq!(index.values(1).unwrap()[6..12], [20.0, 0.0, 7.0, 0.0, 20.0, 7.0]);
        let config = Config { grey: true, size: Some([2, 2]) };
        let grey = load(dir.path(), &Pattern::default(), &config).unwrap();
        assert_eq!((grey.items[0].rows, grey.row_shape.as_slice()), (2, &[2, 1][..]));
    }

    #[test]
    fn damaged_images_and_other_sizes_are_named() {
        let dir = folder(&[("cat/a.png", 3, 2), ("cat/b.png", 4, 2)]);
        std::fs::write(dir.path().join("cat/c.jpg"), b"\xff\xd8\xff\xe0 no").unwrap();
        let text = load(dir.path(), &Pattern::default(), &Config::default()).unwrap_err().to_string();
        assert!(text.contains("b.png: [2, 4] pixels, the first image has [2, 3]; set size"), "{text}");
        assert!(text.contains("c.jpg: the image cannot be read"), "{text}");
    }
}
