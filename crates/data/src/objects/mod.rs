//! Images with boxes around objects: text files as YOLO has them, JSON files as COCO has them, and exports of Edge Impulse.

mod labels;

use crate::collection::Collection;
use crate::element::{Element, Stored};
use crate::files::{self, Found, Named, Pattern};
use crate::images::{self, Config};
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
    images::check(config)?;
    let mut made = Collection::new(Stored::little(Element::U8));
    let labels = Labels::read(dir, &mut made.problems)?;
    let mut size = config.size;
    let mut all: Vec<Vec<Mark>> = Vec::new();
    for found in files::list(dir, images::EXTENSIONS)? {
        let place = found.path.display().to_string();
        let marked = labels.of(&found).map_err(|(place, message)| made.problems.add(place, message));
        let image = match images::decode(&found) {
            Ok(image) => image,
            Err(message) => {
                made.problems.add(place, message);
                continue;
            }
        };
        let own = [image.height(), image.width()];
        let wanted = *size.get_or_insert(own);
        if config.size.is_none() && own != wanted {
            made.problems.add(place, images::other_size(own, wanted));
            continue;
        }
        let [top, left, height, width] = images::part(own, wanted).map(|pixels| pixels as f32);
        let seen = |mark: Mark| mark.within([top, left], [height, width], own);
        let marks = marked.unwrap_or_default().into_iter().filter_map(seen).collect();
        let (shape, bytes) = images::fitted(image, wanted, config);
        let named = match named(&found, names) {
            Ok(named) => named,
            Err(message) => {
                made.problems.add(place, message);
                continue;
            }
        };
        let n_before = made.len();
        made.push(place, named, &shape, &bytes)?;
        if made.len() > n_before {
            all.push(marks);
        }
    }
    let mut index = made.finish(dir, 0.0, "")?;
    if all.iter().all(Vec::is_empty) {
        let message = format!(
            "{}: no boxes; expected a .txt beside each image (YOLO), a .json with annotations (COCO) or bounding_boxes.labels",
            dir.display()
        );
        return Err(DataError::Options(message));
    }
    let own = labels.classes(&all);
    let known = if classes.is_empty() { &own } else { classes };
    for (item, marks) in index.items.iter_mut().zip(all) {
        for mark in marks {
            let name = own.get(mark.class).map_or("", String::as_str);
            let class = known.iter().position(|class| class == name);
            let class = match (class, other) {
                (Some(class), _) => Some(class),
                (None, Other::Drop) => None,
                (None, Other::Class(merged)) => known.iter().position(|class| class == merged),
                (None, Other::Refuse) => {
                    let message = format!(
                        "{}: class \"{name}\" is not in the list of classes; add it, or set other_classes",
                        item.name
                    );
                    return Err(DataError::Options(message));
                }
            };
            item.objects.extend(class.map(|class| mark.object(class)));
        }
        item.label = item.objects.first().map_or(0, |object| object.class);
    }
    index.classes = known.to_vec();
    Ok(index)
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
