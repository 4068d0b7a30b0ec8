//! The tables `[data]` and `[features]`: where recordings come from, who is in which part, and how they become windows.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use smidgen_data::{Layout, Pattern, csv, images, json_lines, shapes, split, wav_folder, window};

use crate::front_end;

/// Where recordings come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The gesture set that the project generates.
    Generated,
    /// [`Layout::JsonLines`].
    JsonLines,
    /// [`Layout::Wav`].
    Wav,
    /// [`Layout::Csv`].
    Csv,
    /// [`Layout::Images`].
    Images,
    /// [`Layout::Numpy`].
    Numpy,
    /// [`Layout::Idx`].
    Idx,
    /// [`Layout::Cifar`].
    Cifar,
    /// [`Layout::EdgeImpulse`].
    EdgeImpulse,
    /// [`Layout::Objects`].
    Objects,
    /// Generated images of shapes with boxes around them.
    Shapes,
}

impl Source {
    /// The layout of the files; `None` for what is generated.
    pub fn layout(self) -> Option<Layout> {
        match self {
            Source::Generated | Source::Shapes => None,
            Source::JsonLines => Some(Layout::JsonLines),
            Source::Wav => Some(Layout::Wav),
            Source::Csv => Some(Layout::Csv),
            Source::Images => Some(Layout::Images),
            Source::Numpy => Some(Layout::Numpy),
            Source::Idx => Some(Layout::Idx),
            Source::Cifar => Some(Layout::Cifar),
            Source::EdgeImpulse => Some(Layout::EdgeImpulse),
            Source::Objects => Some(Layout::Objects),
        }
    }
}

/// Recordings and their parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Where they come from.
    pub source: Source,
    /// The file or folder, relative to the project's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// What the names of files say: `{label}_{group}_{}`. The folder is the class when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub names: Pattern,
    /// Class names in the order of their numbers; the sorted labels when empty.
    #[serde(default)]
    pub classes: Vec<String>,
    /// What becomes of other classes: `drop`, or one of `classes`; an error when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_classes: Option<String>,
    /// Keys of `json_lines`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub json_lines: json_lines::Config,
    /// How to read `wav`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub wav: wav_folder::Config,
    /// How to read `csv`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub csv: csv::Config,
    /// How to read `images`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub images: images::Config,
    /// How to read `numpy`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub numpy: smidgen_data::Numpy,
    /// What a reader of the report must know about the data, one sentence each.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Size of the generated set.
    #[serde(default)]
    pub generated: Generated,
    /// What is in generated images.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shapes: shapes::Config,
    /// Who is in which part.
    #[serde(default = "quarter_for_the_test")]
    pub split: split::Config,
}

impl Data {
    /// The options of the loaders.
    pub fn options(&self) -> smidgen_data::Options {
        smidgen_data::Options {
            names: self.names.clone(),
            classes: self.classes.clone(),
            other_classes: self.other_classes.clone(),
            json_lines: self.json_lines.clone(),
            wav: self.wav.clone(),
            csv: self.csv.clone(),
            images: self.images.clone(),
            numpy: self.numpy,
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Size of the generated set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Generated {
    /// Simulated people.
    pub people: usize,
    /// Recordings of each gesture by each person.
    pub repeats: usize,
    /// Recordings of no gesture by each person.
    pub negatives: usize,
}

impl Default for Generated {
    fn default() -> Self {
        Generated { people: 12, repeats: 20, negatives: 24 }
    }
}

/// How recordings become windows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Features {
    /// Rows of a window; an image is a window as it is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub window: usize,
    /// Rows from one window of a recording to the next; each recording is one window when 0.
    #[serde(default, skip_serializing_if = "is_default")]
    pub stride: usize,
    /// Each value is multiplied by it; 0.001 turns milli-g into g.
    #[serde(default = "unit_scale")]
    pub scale: f32,
    /// Added to each value after the scale; -1 with a scale of 2 / 255 turns bytes into ±1.
    #[serde(default, skip_serializing_if = "is_default")]
    pub offset: f32,
    /// Whether each axis is brought to mean 0 and deviation 1 of the training windows: for sensors of different units.
    #[serde(default, skip_serializing_if = "is_default")]
    pub standardise: bool,
    /// Where a short recording is filled up.
    #[serde(default = "front")]
    pub pad_at: window::End,
    /// What it is filled up with.
    #[serde(default = "edge")]
    pub fill: window::Fill,
    /// Rows below which a recording is left out as too short.
    #[serde(default, skip_serializing_if = "is_default")]
    pub min_rows: usize,
    /// How windows get their class where rows have classes of their own.
    #[serde(default = "majority")]
    pub label: window::Labelling,
    /// What makes features of a window; the network sees the window itself when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub front_end: Option<front_end::Config>,
}

impl Features {
    /// How to cut windows.
    pub fn windows(&self) -> window::Config {
        let defaults = window::Config::default();
        let too_short = if self.min_rows > 0 { window::Misfit::Drop } else { defaults.too_short };
        window::Config {
            length: self.window,
            stride: self.stride,
            scale: self.scale,
            pad_at: self.pad_at,
            fill: self.fill,
            min_rows: self.min_rows.max(1),
            too_short,
            label: self.label,
            ..defaults
        }
    }
}

fn quarter_for_the_test() -> split::Config {
    split::Config::Fractions { test: 0.25, validation: 0.15, seed: 1 }
}

fn unit_scale() -> f32 {
    1.0
}

fn front() -> window::End {
    window::End::Front
}

fn edge() -> window::Fill {
    window::Fill::Edge
}

fn majority() -> window::Labelling {
    window::Labelling::Majority
}
