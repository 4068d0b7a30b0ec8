//! Model files: .tflite and .onnx bytes to a graph and back.

use std::path::{Path, PathBuf};

use smidgen_ir::{Graph, passes};
pub use smidgen_tflite::DynamicRange;
use smidgen_tflite::ReadOptions;

use crate::{Error, Result, files};

/// A `.tflite` or `.onnx` file and how it is read.
#[derive(Debug, Clone)]
pub struct ModelFile {
    path: PathBuf,
    dynamic_range: DynamicRange,
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

impl ModelFile {
    /// The file as it stands: a dynamic-range model is refused.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        ModelFile { path: path.into(), dynamic_range: DynamicRange::default() }
    }

    /// The same file, with int8 weights beside float32 activations read so.
    #[must_use]
    pub fn dynamic_range(self, dynamic_range: DynamicRange) -> Self {
        ModelFile { dynamic_range, ..self }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its name without folders, for reports.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned()
    }

    /// Reads it.
    ///
    /// # Errors
    /// A file that cannot be read, is not a model, or uses what Smidgen does not know: every problem is listed.
    pub fn read(&self) -> Result<Graph> {
        self.read_with_notes().map(|(graph, _)| graph)
    }

    /// Reads it, and says as well what the user should know about how it was read: free extents that were fixed, axes
    /// that were moved.
    ///
    /// # Errors
    /// As [`ModelFile::read`].
    pub fn read_with_notes(&self) -> Result<(Graph, Vec<String>)> {
        let bytes = files::read(&self.path)?;
        match Format::of(&self.path, &bytes) {
            Format::Tflite => {
                let options = ReadOptions { dynamic_range: self.dynamic_range };
                smidgen_tflite::read_with(&bytes, &options).map_err(Error::input)
            }
            Format::Onnx => smidgen_onnx::read_with_notes(&bytes).map_err(Error::input),
        }
        .map_err(|error| {
            error.at(self.path.display()).help(
                "give a .tflite or .onnx model; where operators are not supported, convert the model without them",
            )
        })
    }
}

/// Reads a model file as it stands.
///
/// # Errors
/// As [`ModelFile::read`].
pub fn read(path: &Path) -> Result<Graph> {
    ModelFile::new(path).read()
}

/// Writes a graph in the format that the file's name says: `.tflite`, or `.onnx` for float graphs.
///
/// # Errors
/// Another name, a graph that the format cannot hold, or a folder that cannot be written.
pub fn write(graph: &Graph, path: &Path) -> Result<()> {
    let bytes = match Format::of_name(path) {
        Some(Format::Tflite) => {
            // The format has no GRU; its steps it has.
            let graph = passes::unroll_gru(graph).map_err(Error::input)?;
            smidgen_tflite::write(&graph).map_err(Error::input)
        }
        Some(Format::Onnx) => smidgen_onnx::write(graph).map_err(Error::input),
        None => Err(Error::input("the name of a model file must end in .tflite or .onnx")
            .help("give the file one of these endings, which says the format")),
    }
    .map_err(|error| error.at(path.display()))?;
    files::write(path, &bytes)
}

/// Writes the `.tflite` of a float graph with weights in float16.
///
/// # Errors
/// As [`write()`], a weight beyond what float16 holds, and a name that does not end in `.tflite`.
pub fn write_float16(graph: &Graph, path: &Path) -> Result<()> {
    if Format::of_name(path) != Some(Format::Tflite) {
        return Err(Error::input("float16 weights are for .tflite files; give the file that ending")
            .at(path.display()));
    }
    let graph = passes::unroll_gru(graph).map_err(Error::input)?;
    let bytes =
        smidgen_tflite::write_float16(&graph).map_err(|error| Error::input(error).at(path.display()))?;
    files::write(path, &bytes)
}

/// Writes a `.tflite` with filters of few values as TensorFlow Lite Micro compresses them. Returns how many are.
///
/// # Errors
/// As [`write()`], and a name that does not end in `.tflite`.
pub fn write_compressed(graph: &Graph, path: &Path) -> Result<usize> {
    if Format::of_name(path) != Some(Format::Tflite) {
        return Err(
            Error::input("compression is for .tflite files; give the file that ending").at(path.display())
        );
    }
    let graph = passes::unroll_gru(graph).map_err(Error::input)?;
    let (bytes, n) =
        smidgen_tflite::write_compressed(&graph).map_err(|error| Error::input(error).at(path.display()))?;
    files::write(path, &bytes)?;
    Ok(n)
}
