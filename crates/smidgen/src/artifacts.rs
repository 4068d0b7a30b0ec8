//! Names of the files that a project's steps leave for each other.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use crate::{Error, Result, files};

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

    /// Makes the folder and keeps other processes from working in it while the value lives; the system gives the lock
    /// back when a process ends, however it ends.
    ///
    /// # Errors
    /// Another process at work here, or a folder that cannot be written.
    pub fn lock(&self) -> Result<Lock> {
        files::make_dir(&self.dir)?;
        let path = self.dir.join(".lock");
        let file = File::create(&path).map_err(|error| files::write_error("file", &path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::input("another smidgen is at work in this folder")
                .at(self.dir.display())
                .help("wait until it is done, or copy the project to another folder")),
            Err(TryLockError::Error(error)) => Err(files::write_error("file", &path, &error)),
        }
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

    /// The float model after the first epochs.
    pub fn early_model(&self) -> PathBuf {
        self.dir.join("early.tflite")
    }

    /// The int8 model.
    pub fn model(&self) -> PathBuf {
        self.dir.join("model.tflite")
    }

    /// The firmware crate.
    pub fn firmware(&self) -> PathBuf {
        self.dir.join("firmware")
    }

    /// The firmware crate with front end and decision.
    pub fn pipeline(&self) -> PathBuf {
        self.dir.join("pipeline")
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

/// Holds the lock of a project's `build` folder.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let artifacts = Artifacts::of(dir.path());
        let lock = artifacts.lock().unwrap();
        let error = artifacts.lock().unwrap_err().to_string();
        assert!(error.contains("another smidgen") && error.contains("build"), "{error}");
        drop(lock);
        artifacts.lock().unwrap();
    }
}
