//! The project's recordings as windows in three parts, and what a report says about them.

use std::path::Path;
use std::sync::Arc;

use smidgen_data::{
    Dataset, Index, Layout, Options, Provenance, Split, Standard, gesture, shapes, split, window,
};
use smidgen_report as report;

use crate::fnv::Fnv;
use crate::front_end::{self, FrontEnd};
use crate::goal::Goal;
use crate::project::{Project, Source};
use crate::{Error, Result};

/// Windows in three parts.
#[derive(Debug, Clone)]
pub struct Windows {
    /// The parts.
    pub split: Split,
    /// What brings their axes to one range.
    pub standard: Option<Arc<Standard>>,
    /// What makes features of them.
    pub front_end: Option<Arc<FrontEnd>>,
    /// What the model is to tell of them.
    pub goal: Goal,
    /// What a report says about them.
    pub summary: report::DataSummary,
    /// What the user should know: groups or samples in more than one part.
    pub warnings: Vec<String>,
}

impl Windows {
    /// A name of what training sees, in hexadecimal: shape, values and labels of the windows to train and to judge
    /// with.
    ///
    /// # Errors
    /// Values that cannot be read.
    pub(crate) fn fingerprint(&self) -> Result<String> {
        let mut hash = Fnv::new();
        let mut add = |bytes: &[u8]| hash.add(bytes);
        for part in [&self.split.train, &self.split.validation] {
            add(&(part.samples.len() as u64).to_le_bytes());
            part.shape.iter().for_each(|&extent| add(&(extent as u64).to_le_bytes()));
            let mut window = vec![0.0; part.sample_len()];
            for at in 0..part.len() {
                add(&(part.label(at) as u64).to_le_bytes());
                for object in part.objects(at) {
                    add(&(object.class as u64).to_le_bytes());
                    object.centre.iter().chain(&object.size).for_each(|value| add(&value.to_le_bytes()));
                }
                part.read(at, &mut window).map_err(|error| data_error(&error))?;
                window.iter().for_each(|value| add(&value.to_le_bytes()));
            }
        }
        Ok(hash.hex())
    }
}

/// What the project's recordings are; paths are relative to its folder `dir`.
///
/// # Errors
/// What is wrong with the files, every place listed.
pub fn index(project: &Project, dir: &Path) -> Result<Index> {
    let data = &project.data;
    let index = match (data.source.layout(), &data.path) {
        (None, _) if data.source == Source::Shapes => shapes::index(&data.shapes),
        (None, _) => {
            let config = gesture::Config {
                seed: project.project.seed,
                n_people: data.generated.people,
                n_repeats: data.generated.repeats,
                n_negatives: data.generated.negatives,
            };
            gesture::generate(&config).and_then(Index::try_from)
        }
        (Some(_), None) => return Err(Error::input("data.path is missing").help("path = \"data\"")),
        (Some(layout), Some(path)) => return load(&dir.join(path), layout, &data.options()),
    };
    index.map_err(|error| data_error(&error))
}

/// What the files at `path` are.
///
/// # Errors
/// As [`index`].
pub fn load(path: &Path, layout: Layout, options: &Options) -> Result<Index> {
    if !path.exists() {
        return Err(Error::input("there is no such file or folder").at(path.display()).help(missing(layout)));
    }
    smidgen_data::load(path, layout, options).map_err(|error| data_error(&error))
}

/// What to put where there is nothing.
fn missing(layout: Layout) -> &'static str {
    match layout {
        Layout::JsonLines => {
            "name a .jsonl file or a folder of them; one recording a line: \
             {\"gesture\": \"wing\", \"name\": \"anna\", \"accel_ms2_xyz\": [[x, y, z], …]}"
        }
        Layout::Wav => "name a folder with a folder of .wav files for each class",
        Layout::Csv => "name a .csv file or a folder of them",
        Layout::Images => "name a folder with a folder of images for each class",
        Layout::Numpy => "name an .npz file or a folder of .npy files",
        Layout::Idx => "name a folder with files such as train-images-idx3-ubyte.gz",
        Layout::Cifar => "name a folder with files such as data_batch_1.bin",
        Layout::Objects => "name a folder with images and a .txt beside each, or a COCO .json",
        Layout::EdgeImpulse => "name the folder that an export was unpacked to",
    }
}

/// Cuts and divides the project's recordings.
///
/// # Errors
/// As [`index`], and a part without one of the classes.
pub fn windows(project: &Project, dir: &Path) -> Result<Windows> {
    let index = Arc::new(index(project, dir)?);
    let goal = Goal::new(project, &index)?;
    let config = window::Config { ahead: goal.ahead(), ..project.features.windows() };
    let set = window::windows(&index, &config).map_err(|error| data_error(&error))?;
    let divide = if goal == Goal::Classes { split::split } else { split::divide };
    let (split, warnings) = divide(&set, &project.data.split).map_err(|error| data_error(&error))?;
    let split = goal.parts(split)?;
    let each = |split: Split, with: &dyn Fn(Dataset) -> Dataset| {
        let Split { train, validation, test } = split;
        Split { train: with(train), validation: with(validation), test: with(test) }
    };
    let mut split = split;
    let mut standard = None;
    if project.features.standardise {
        if let Some(front_end::Config::MicroSpeech(_)) = &project.features.front_end {
            return Err(
                Error::input("features.standardise: micro_speech takes sound as it is").help("leave it out")
            );
        }
        standard = Some(split.train.standard().map_err(|error| data_error(&error))?);
    } else if project.features.offset != 0.0 {
        standard = Some(Standard { mean: vec![-project.features.offset], factor: vec![1.0] });
    }
    let standard = standard.map(Arc::new);
    if let Some(standard) = &standard {
        split = each(split, &|part| part.with_standard(standard.clone()));
    }
    let mut front_end = None;
    if let Some(config) = &project.features.front_end {
        let made = Arc::new(FrontEnd::new(config, &set.window, index.rate_hz)?);
        split = each(split, &|part| part.with_front_end(made.clone()));
        front_end = Some(made);
    }
    let summary = summary(project, &split);
    Ok(Windows { split, standard, front_end, goal, summary, warnings })
}

pub(crate) fn data_error(error: &smidgen_data::DataError) -> Error {
    Error::input(error).help("correct the data or the project file; smidgen data inspect shows what is there")
}

fn summary(project: &Project, split: &Split) -> report::DataSummary {
    let set = &split.train;
    let provenance = match &set.provenance {
        Provenance::Generated { seed } => report::Provenance::Generated { seed: *seed },
        Provenance::Measured { source } => report::Provenance::Measured { source: source.clone() },
    };
    let parts = split.parts().map(|(name, part)| report::SplitSummary {
        name: name.into(),
        groups: part.group_counts().keys().map(|&group| group.to_owned()).collect(),
        windows: part.class_counts(),
    });
    report::DataSummary {
        name: set.index().name.clone(),
        provenance,
        notes: project.data.notes.clone(),
        classes: set.classes.clone(),
        shape: set.shape.clone(),
        splits: parts.into(),
    }
}
