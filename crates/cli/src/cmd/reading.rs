//! How a verb reads the model file it is given.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use smidgen::model_file::{self, ModelFile};

/// Options of every verb that reads a model.
#[derive(Debug, Args)]
pub(crate) struct Reading {
    /// Compute a model with int8 weights and float32 activations (dynamic range) in float32
    #[arg(long, value_enum, value_name = "AS")]
    dynamic_range: Option<DynamicRange>,
}

/// What a dynamic-range model is computed in.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum DynamicRange {
    Float,
}

impl Reading {
    /// The file, to be read so.
    pub(crate) fn of(&self, path: impl Into<PathBuf>) -> ModelFile {
        let file = ModelFile::new(path);
        match self.dynamic_range {
            None => file,
            Some(DynamicRange::Float) => file.dynamic_range(model_file::DynamicRange::Float),
        }
    }
}
