//! Names of the files that a project's steps leave for each other.

use std::path::{Path, PathBuf};

/// The folder `build` of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifacts {
    /// The folder.
    pub dir: PathBuf,
}

impl Artifacts {
    /// Of the project in `dir`.
    pub fn of(dir: &Path) -> Self {
        Artifacts { dir: dir.join("build") }
    }

    /// Weights, optimiser and history after the last whole epoch.
    pub fn checkpoint(&self) -> PathBuf {
        self.dir.join("checkpoint.bin")
    }

    /// The history of the training that made the float model.
    pub fn training(&self) -> PathBuf {
        self.dir.join("training.json")
    }

    /// The float model.
    pub fn float_model(&self) -> PathBuf {
        self.dir.join("float.tflite")
    }

    /// The int8 model.
    pub fn model(&self) -> PathBuf {
        self.dir.join("model.tflite")
    }

    /// The firmware crate.
    pub fn firmware(&self) -> PathBuf {
        self.dir.join("firmware")
    }

    /// The report as JSON.
    pub fn report_json(&self) -> PathBuf {
        self.dir.join("report.json")
    }

    /// The report as a page.
    pub fn report_html(&self) -> PathBuf {
        self.dir.join("report.html")
    }
}
