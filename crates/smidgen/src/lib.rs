//! The whole pipeline as functions, and the project file: from recordings to a report on what the firmware did.
//!
//! [`project::Project`] says what to do, [`artifacts::Artifacts`] where the results lie. [`train`], [`quantize`],
//! [`eval`], [`inspect`], [`convert`], [`firmware`], [`run`], [`profile`], [`report`] and [`demo`] are the steps; each tells an
//! [`events::Observer`] how far it is. All files are written whole or not at all, and are functions of their inputs.

pub mod artifacts;
mod checkpoint;
pub mod convert;
pub mod dataset;
pub mod demo;
pub mod device;
pub mod download;
mod error;
pub mod eval;
pub mod evaluate;
pub mod events;
pub mod features;
pub mod feed;
mod files;
pub mod finder;
pub mod fine_tune;
pub mod firmware;
mod fit;
mod fnv;
pub mod front_end;
pub mod goal;
pub mod host;
pub mod inspect;
pub mod model;
pub mod model_file;
pub mod optimize;
pub mod profile;
pub mod project;
pub mod quantize;
pub mod report;
pub mod run;
mod scorer;
pub mod shrink;
pub mod stream;
pub mod template;
pub mod train;
mod trials;
mod tune;
pub mod verify;
pub mod zoo;

pub use error::{Error, Kind, Result};
pub use smidgen_data as data;
pub use smidgen_device::{Doctor, Host, interrupt};
pub use smidgen_report as reporting;
pub use smidgen_target::{Board, Qemu};

use smidgen_data::{Recordings, json_lines};
use std::path::Path;

/// All boards, by name.
///
/// # Errors
/// When a board file of this build breaks a rule.
pub fn boards() -> Result<Vec<Board>> {
    smidgen_target::boards().map_err(Error::input)
}

/// What is installed of the programs that firmware for `boards` needs, and what to do about the rest.
///
/// # Errors
/// As [`boards`].
pub fn doctor() -> Result<Doctor> {
    let mut triples: Vec<String> = boards()?.into_iter().map(|board| board.core.triple).collect();
    triples.sort();
    triples.dedup();
    let triples: Vec<&str> = triples.iter().map(String::as_str).collect();
    Ok(Doctor::examine(&Host::from_env(), &triples))
}

/// Writes recordings as JSON lines that a project can read.
///
/// # Errors
/// A file that cannot be written.
pub fn save_recordings(recordings: &Recordings, path: &Path) -> Result<()> {
    let mut bytes = Vec::new();
    json_lines::write(recordings, &mut bytes, &json_lines::Config::default()).map_err(Error::input)?;
    files::write(path, &bytes)
}
