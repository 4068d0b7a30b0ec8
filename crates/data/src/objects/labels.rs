//! Boxes as files have them.

use crate::files::{self, Found};
use crate::{DataError, Problems};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Largest file of boxes.
const MAX_BYTES: u64 = 1 << 29;

/// Most classes.
const MAX_CLASSES: usize = 10_000;

/// What a mark's numbers count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Corner {
    /// Parts of the image.
    Relative,
    /// Pixels.
    Pixels,
}

/// A box with the number of its class in the files.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mark {
    pub(super) class: usize,
    pub(super) corner: Corner,
    /// y and x of the upper left corner.
    pub(super) start: [f32; 2],
    /// Height and width.
    pub(super) size: [f32; 2],
}

/// A place, and what is wrong there.
type Wrong = (String, String);

/// All boxes that lie in files of their own, and the names of classes.
#[derive(Debug, Default)]
pub(super) struct Labels {
    names: Vec<String>,
    /// By the name of the image's file without its folder.
    lists: BTreeMap<String, Vec<List>>,
}

/// The boxes of one image in one file.
#[derive(Debug)]
struct List {
    /// The file.
    file: String,
    /// Path of the image below the set's folder, seen from the folder of the file.
    image: String,
    marks: Vec<Mark>,
}

#[derive(Deserialize)]
struct Coco {
    images: Vec<CocoImage>,
    annotations: Vec<CocoAnnotation>,
    categories: Vec<CocoCategory>,
}

#[derive(Deserialize)]
struct CocoImage {
    id: u64,
    file_name: String,
}

#[derive(Deserialize)]
struct CocoAnnotation {
    image_id: u64,
    category_id: u64,
    /// x, y, width, height.
    bbox: [f32; 4],
}

#[derive(Deserialize)]
struct CocoCategory {
    id: u64,
    name: String,
}

#[derive(Deserialize)]
struct EdgeImpulse {
    #[serde(rename = "boundingBoxes")]
    images: BTreeMap<String, Vec<EdgeImpulseBox>>,
}

#[derive(Deserialize)]
struct EdgeImpulseBox {
    label: String,
    x: f32,
    y: f32,
    width: f32,
    height: f32,
}

impl Labels {
    /// Reads what lies below `dir` beside the images.
    pub(super) fn read(dir: &Path, problems: &mut Problems) -> Result<Self, DataError> {
        let mut labels = Labels::default();
        for found in files::list(dir, &[])? {
            let name =
                found.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let read = match name.as_str() {
                "bounding_boxes.labels" => {
                    json(&found.path).and_then(|file| labels.edge_impulse(&found, file))
                }
                "classes.txt" | "obj.names" | "data.yaml" => {
                    text(&found.path).map(|text| labels.names = class_names(&text, name.ends_with("yaml")))
                }
                json_name if json_name.ends_with(".json") => {
                    json(&found.path).and_then(|file| labels.coco(&found, file))
                }
                _ => Ok(()),
            };
            if let Err(message) = read {
                problems.add(found.path.display().to_string(), message);
            }
        }
        Ok(labels)
    }

    fn class(&mut self, name: &str) -> Result<usize, String> {
        if let Some(at) = self.names.iter().position(|known| known == name) {
            return Ok(at);
        }
        if self.names.len() >= MAX_CLASSES {
            return Err(format!("more than {MAX_CLASSES} classes"));
        }
        self.names.push(name.to_owned());
        Ok(self.names.len() - 1)
    }

    /// The list of `image` in the file `found`, empty at first: an image without boxes is named as well.
    fn list(&mut self, found: &Found, image: &str) -> &mut Vec<Mark> {
        let image = image.replace('\\', "/");
        let name = image.rsplit('/').next().unwrap_or(&image).to_owned();
        let image = match found.below.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/{image}"),
            None => image,
        };
        let lists = self.lists.entry(name).or_default();
        let at = lists.iter().position(|list| list.file == found.below && list.image == image);
        let at = at.unwrap_or_else(|| {
            lists.push(List { file: found.below.clone(), image, marks: Vec::new() });
            lists.len() - 1
        });
        &mut lists[at].marks
    }

    fn coco(&mut self, found: &Found, file: Coco) -> Result<(), String> {
        let names: BTreeMap<u64, &str> =
            file.categories.iter().map(|category| (category.id, category.name.as_str())).collect();
        let images: BTreeMap<u64, &str> =
            file.images.iter().map(|image| (image.id, image.file_name.as_str())).collect();
        images.values().for_each(|image| _ = self.list(found, image));
        // Numbers of classes are in the order of the file.
        let used: BTreeSet<u64> = file.annotations.iter().map(|mark| mark.category_id).collect();
        for category in file.categories.iter().filter(|category| used.contains(&category.id)) {
            self.class(&category.name)?;
        }
        for (at, annotation) in file.annotations.iter().enumerate() {
            let unknown = |what: &str, id: u64| format!("annotation {at}: no {what} with the id {id}");
            let image = images.get(&annotation.image_id);
            let image = *image.ok_or_else(|| unknown("image", annotation.image_id))?;
            let name = names.get(&annotation.category_id);
            let class = self.class(name.ok_or_else(|| unknown("category", annotation.category_id))?)?;
            let mark = pixels(image, class, annotation.bbox)?;
            self.list(found, image).push(mark);
        }
        Ok(())
    }

    fn edge_impulse(&mut self, found: &Found, file: EdgeImpulse) -> Result<(), String> {
        for (image, boxes) in &file.images {
            self.list(found, image);
            for b in boxes {
                let class = self.class(&b.label)?;
                let mark = pixels(image, class, [b.x, b.y, b.width, b.height])?;
                self.list(found, image).push(mark);
            }
        }
        Ok(())
    }

    /// The boxes of an image.
    pub(super) fn of(&self, found: &Found) -> Result<Vec<Mark>, Wrong> {
        if !self.lists.is_empty() {
            return self.listed(found);
        }
        let Some(path) = beside(found) else { return Ok(Vec::new()) };
        let place = path.display().to_string();
        let text = text(&path).map_err(|message| (place.clone(), message))?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        lines
            .map(|(at, line)| yolo(line).map_err(|message| (format!("{place}:{}", at + 1), message)))
            .collect()
    }

    /// The boxes of an image by the list that names its path; by the only one that names its name, where none does.
    fn listed(&self, found: &Found) -> Result<Vec<Mark>, Wrong> {
        let name = found.below.rsplit('/').next().unwrap_or(&found.below);
        let lists = self.lists.get(name).map(Vec::as_slice).unwrap_or_default();
        let mut exact = lists.iter().filter(|list| list.image == found.below).peekable();
        let fitting: Vec<&List> =
            if exact.peek().is_some() { exact.collect() } else { lists.iter().collect() };
        match fitting.as_slice() {
            [] => Ok(Vec::new()),
            [list] => Ok(list.marks.clone()),
            [first, second, ..] => {
                let (place, message) = (
                    found.path.display().to_string(),
                    format!(
                        "an image of this name is in {} and in {}; put each list into the folder of its images",
                        first.file, second.file
                    ),
                );
                Err((place, message))
            }
        }
    }

    /// The name of a class: its number where nobody names it.
    pub(super) fn class_name(&self, class: usize) -> String {
        self.names.get(class).cloned().unwrap_or_else(|| class.to_string())
    }

    /// Names of all classes, `n` at least.
    pub(super) fn classes(&self, n: usize) -> Vec<String> {
        (0..n.max(self.names.len())).map(|class| self.class_name(class)).collect()
    }
}

/// A box by its upper left corner and extents, in pixels.
fn pixels(image: &str, class: usize, [x, y, width, height]: [f32; 4]) -> Result<Mark, String> {
    let sound = [x, y, width, height].iter().all(|value| value.is_finite()) && width > 0.0 && height > 0.0;
    if !sound {
        return Err(format!(
            "{image}: a box of {width} × {height} at {x}, {y}; expected finite numbers and an area"
        ));
    }
    Ok(Mark { class, corner: Corner::Pixels, start: [y, x], size: [height, width] })
}

/// The text file of an image's boxes: beside it, or in a folder `labels` where the image is in `images`.
fn beside(found: &Found) -> Option<PathBuf> {
    let own = found.path.with_extension("txt");
    if own.is_file() {
        return Some(own);
    }
    let mut parts: Vec<_> = own.components().collect();
    let at = parts.iter().rposition(|part| part.as_os_str() == "images")?;
    parts[at] = std::path::Component::Normal("labels".as_ref());
    let path: PathBuf = parts.iter().collect();
    path.is_file().then_some(path)
}

/// A line `class x y width height`, the centre and the extents relative to the image.
fn yolo(line: &str) -> Result<Mark, String> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let wrong = || {
        let line: String = line.chars().take(40).collect();
        format!("\"{line}\"; expected class, x, y, width and height, from 0 to 1")
    };
    let &[class, x, y, width, height] = fields.as_slice() else { return Err(wrong()) };
    let number = |field: &str| field.parse::<f32>().ok().filter(|value| (0.0..=1.0).contains(value));
    let class = class.parse::<usize>().ok().filter(|&class| class < MAX_CLASSES);
    let numbers = (class, number(x), number(y), number(width), number(height));
    let (Some(class), Some(x), Some(y), Some(width), Some(height)) = numbers else { return Err(wrong()) };
    if width == 0.0 || height == 0.0 {
        return Err(wrong());
    }
    let start = [y - height / 2.0, x - width / 2.0];
    Ok(Mark { class, corner: Corner::Relative, start, size: [height, width] })
}

/// Names of classes, one a line; or those under `names:` of a YAML file, as a list or in brackets.
fn class_names(text: &str, is_yaml: bool) -> Vec<String> {
    let clean = |name: &str| name.trim().trim_matches(['\'', '"']).to_owned();
    if !is_yaml {
        return text.lines().map(clean).filter(|name| !name.is_empty()).collect();
    }
    let mut lines = text.lines().skip_while(|line| !line.starts_with("names:"));
    let first = lines.next().unwrap_or("").trim_start_matches("names:").trim();
    if let Some(list) = first.strip_prefix('[').and_then(|list| list.split(']').next()) {
        return list.split(',').map(clean).filter(|name| !name.is_empty()).collect();
    }
    let entries = lines.take_while(|line| line.starts_with([' ', '-']));
    let name = |line: &str| match line.trim().strip_prefix('-') {
        Some(name) => clean(name),
        None => clean(line.split_once(':').map_or(line, |(_, name)| name)),
    };
    entries.map(name).filter(|name| !name.is_empty()).collect()
}

fn text(path: &Path) -> Result<String, String> {
    let bytes = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if bytes > MAX_BYTES {
        return Err(format!("{bytes} bytes are too many for a file of boxes"));
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    serde_json::from_str(&text(path)?).map_err(|error| {
        format!("no boxes as COCO or Edge Impulse have them: {error}; correct it, or take it out")
    })
}
