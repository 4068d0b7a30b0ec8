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

    /// The test windows as the int8 model reads them: raw tensors, as `smidgen run` takes them.
    pub fn test_inputs(&self) -> PathBuf {
        self.dir.join("test.in.bin")
    }

    /// What the device answered to [`Artifacts::test_inputs`], for comparison with other runtimes and boards.
    pub fn test_outputs(&self) -> PathBuf {
        self.dir.join("test.out.bin")
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
