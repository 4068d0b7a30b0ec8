//! Images with boxes around objects: text files as YOLO has them, JSON files as COCO has them, and exports of Edge Impulse.

mod labels;

use crate::collection::Collection;
use crate::element::{Element, Stored};
use crate::files::{self, Found, Named, Pattern};
use crate::images::{self, Config, Image, Reader};
use crate::index::Other;
use crate::{DataError, Index};
use labels::{Corner, Labels, Mark};
use std::path::Path;

/// Share of a box that must be left where an image is cropped.
const VISIBLE: f32 = 0.25;

/// An object in an image, relative to its height and width.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Object {
    /// Position in the classes.
    pub class: usize,
    /// y and x of the centre of its box.
    pub centre: [f32; 2],
    /// Height and width of its box.
    pub size: [f32; 2],
}

/// The index of the images below `dir` with their objects; an image without any is one of background. `classes` gives the
/// numbers of the classes, which are those of the files' own order when it is empty. Folders called `train`, `valid` or
/// `test` are parts, unless `names` says what names mean. An item's label is the class of its first object.
///
/// # Errors
/// [`DataError::Problems`] with every file that is damaged or out of range; [`DataError::Options`] on an unknown class,
/// a wrong size, and when there are no images or boxes.
pub fn load(
    dir: &Path,
    names: &Pattern,
    config: &Config,
    classes: &[String],
    other: &Other,
) -> Result<Index, DataError> {
    names.check()?;
    let mut reader = Reader::new(config)?;
    let mut made = Collection::new(Stored::little(Element::U8));
    let labels = Labels::read(dir, &mut made.problems)?;
    for found in files::list(dir, images::EXTENSIONS)? {
        let place = found.path.display().to_string();
        let at_image = |message| (place.clone(), message);
        let read = named(&found, names).and_then(|named| Ok((named, reader.read(&found)?))).map_err(at_image);
        let read = read.and_then(|(named, image)| {
            let marks = labels.of(&found)?;
            Ok((named, objects(marks, &image, &labels, classes, other).map_err(at_image)?, image))
        });
        match read {
            Ok((named, objects, image)) => {
                made.push_with(place, named, &image.shape, &image.bytes, objects)?;
            }
            Err((place, message)) => made.problems.add(place, message),
        }
    }
    let mut index = made.finish(dir, 0.0, "")?;
    let all = || index.items.iter().flat_map(|item| &item.objects);
    let Some(last) = all().map(|object| object.class).max() else {
        let message = format!(
            "{}: no boxes; expected a .txt beside each image (YOLO), a .json with annotations (COCO) or bounding_boxes.labels",
            dir.display()
        );
        return Err(DataError::Options(message));
    };
    index.classes = if classes.is_empty() { labels.classes(last + 1) } else { classes.to_vec() };
    for item in &mut index.items {
        item.label = item.objects.first().map_or(0, |object| object.class);
    }
    Ok(index)
}

/// What of the marks an image shows, with the numbers that `classes` gives, or the files where it is empty.
fn objects(
    marks: Vec<Mark>,
    image: &Image,
    labels: &Labels,
    classes: &[String],
    other: &Other,
) -> Result<Vec<Object>, String> {
    let [top, left, height, width] = image.part.map(|pixels| pixels as f32);
    let seen = marks.into_iter().filter_map(|mark| mark.within([top, left], [height, width], image.own));
    let object = |mark: Mark| {
        let number = match classes.is_empty() {
            true => Some(mark.class),
            false => other.number(&labels.class_name(mark.class), classes)?,
        };
        Ok(number.map(|class| mark.object(class)))
    };
    seen.map(object).filter_map(Result::transpose).collect()
}

/// Group and part of an image; all are of one class for now.
fn named(found: &Found, names: &Pattern) -> Result<Named, String> {
    let named = match *names == Pattern::default() {
        true => Named { part: found.below.split('/').find_map(files::part), ..Named::default() },
        false => names.of(found)?,
    };
    Ok(Named { label: Some(String::new()), ..named })
}

impl Mark {
    /// The mark in a part of an image of `own` pixels, relative to that part; `None` when too little of it is left.
    fn within(mut self, from: [f32; 2], extent: [f32; 2], own: [u32; 2]) -> Option<Mark> {
        let mut visible = 1.0;
        for axis in 0..2 {
            let scale = if self.corner == Corner::Relative { own[axis] as f32 } else { 1.0 };
            let start = (self.start[axis] * scale - from[axis]) / extent[axis];
            let end = start + self.size[axis] * scale / extent[axis];
            let (kept_start, kept_end) = (start.clamp(0.0, 1.0), end.clamp(0.0, 1.0));
            visible *= (kept_end - kept_start) / (end - start).max(f32::MIN_POSITIVE);
            (self.start[axis], self.size[axis]) = (kept_start, kept_end - kept_start);
        }
        self.corner = Corner::Relative;
        (visible >= VISIBLE).then_some(self)
    }

    fn object(&self, class: usize) -> Object {
        let centre = [0, 1].map(|axis| self.start[axis] + self.size[axis] / 2.0);
        Object { class, centre, size: self.size }
    }
}

#[cfg(test)]
mod tests;
