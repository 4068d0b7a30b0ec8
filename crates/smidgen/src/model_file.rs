//! Model files: .tflite bytes to a graph and back.

use std::path::Path;

use smidgen_ir::Graph;

use crate::{Error, Result, files};

/// Reads a `.tflite` file.
///
/// # Errors
/// A file that cannot be read, is not a model, or uses what Smidgen does not know: every problem is listed.
pub fn read(path: &Path) -> Result<Graph> {
    let bytes = files::read(path)?;
    smidgen_tflite::read(&bytes).map_err(|error| {
        Error::input(error)
            .at(path.display())
            .help("give a .tflite model; where operators are not supported, convert the model without them")
    })
}

/// Writes a `.tflite` file.
///
/// # Errors
/// A graph that the format cannot hold, or a folder that cannot be written.
pub fn write(graph: &Graph, path: &Path) -> Result<()> {
    let bytes = smidgen_tflite::write(graph).map_err(|error| Error::input(error).at(path.display()))?;
    files::write(path, &bytes)
}

/// The file's name without folders, for reports.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
