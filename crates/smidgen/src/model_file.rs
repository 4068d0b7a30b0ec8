//! Model files: .tflite and .onnx bytes to a graph and back.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use smidgen_ir::Graph;
use smidgen_tflite::{DynamicRange, ReadOptions};

use crate::{Error, Result, files};

/// Whether dynamic-range models are computed in float32, which changes what they mean; see [`dynamic_range_as_float`].
static DYNAMIC_RANGE_AS_FLOAT: AtomicBool = AtomicBool::new(false);

/// From now on reads int8 weights beside float32 activations as float32 weights, instead of refusing the model.
pub fn dynamic_range_as_float() {
    DYNAMIC_RANGE_AS_FLOAT.store(true, Ordering::Relaxed);
}

/// The formats of model files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Tflite,
    Onnx,
}

impl Format {
    /// The format that a file's name says.
    fn of_name(path: &Path) -> Option<Format> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "tflite" => Some(Format::Tflite),
            "onnx" => Some(Format::Onnx),
            _ => None,
        }
    }

    /// The format of a file: what its first bytes say, or its name where they say nothing.
    fn of(path: &Path, bytes: &[u8]) -> Format {
        match bytes.get(4..8) {
            Some(b"TFL3") => Format::Tflite,
            _ => Format::of_name(path).unwrap_or(Format::Tflite),
        }
    }
}

/// Reads a `.tflite` or `.onnx` file.
///
/// # Errors
/// A file that cannot be read, is not a model, or uses what Smidgen does not know: every problem is listed.
pub fn read(path: &Path) -> Result<Graph> {
    read_with_notes(path).map(|(graph, _)| graph)
}

/// Reads a file as [`read`] does, and says as well what the user should know about how it was read: free extents that
/// were fixed, axes that were moved.
///
/// # Errors
/// As [`read`].
pub fn read_with_notes(path: &Path) -> Result<(Graph, Vec<String>)> {
    let bytes = files::read(path)?;
    let as_float = DYNAMIC_RANGE_AS_FLOAT.load(Ordering::Relaxed);
    let dynamic_range = if as_float { DynamicRange::Float } else { DynamicRange::Refuse };
    match Format::of(path, &bytes) {
        Format::Tflite => {
            smidgen_tflite::read_with(&bytes, &ReadOptions { dynamic_range }).map_err(Error::input)
        }
        Format::Onnx => smidgen_onnx::read_with_notes(&bytes).map_err(Error::input),
    }
    .map_err(|error| {
        error.at(path.display()).help(
            "give a .tflite or .onnx model; where operators are not supported, convert the model without them",
        )
    })
}

/// Writes a graph in the format that the file's name says: `.tflite`, or `.onnx` for float graphs.
///
/// # Errors
/// Another name, a graph that the format cannot hold, or a folder that cannot be written.
pub fn write(graph: &Graph, path: &Path) -> Result<()> {
    let bytes = match Format::of_name(path) {
        Some(Format::Tflite) => smidgen_tflite::write(graph).map_err(Error::input),
        Some(Format::Onnx) => smidgen_onnx::write(graph).map_err(Error::input),
        None => Err(Error::input("the name of a model file must end in .tflite or .onnx")
            .help("give the file one of these endings, which says the format")),
    }
    .map_err(|error| error.at(path.display()))?;
    files::write(path, &bytes)
}

/// The file's name without folders, for reports.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
