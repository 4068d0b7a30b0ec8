//! A model file to one of another format.

use std::path::Path;

use serde::Serialize;

use crate::model_file::{self, ModelFile};
use crate::{Error, Result};

/// What was converted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Conversion {
    /// File name of the model that was read.
    pub from: String,
    /// File name of the model that was written.
    pub to: String,
    /// Operators in the model that was written.
    pub operators: usize,
    /// What the user should know about how the model was read and written.
    pub notes: Vec<String>,
}

/// Reads the model at `from` and writes it to `to`, each in the format that its name says; `.tflite` with TensorFlow Lite Micro's
/// own compression of filters, if that is asked for.
///
/// # Errors
/// A file that is no model that Smidgen knows, or a model that the other format cannot hold.
pub fn convert(from: &ModelFile, to: &Path, compresses: bool) -> Result<Conversion> {
    let (graph, mut notes) = from.read_with_notes()?;
    graph
        .verify()
        .map_err(|problems| Error::input(smidgen_ir::IrError::Invalid(problems)).at(from.path().display()))?;
    if compresses {
        let n = model_file::write_compressed(&graph, to)?;
        notes.push(match n {
            0 => "no filter has few values: nothing is compressed; smidgen shrink --cluster 16 makes such filters".to_owned(),
            n => format!("{n} filters are compressed: TensorFlow Lite Micro and Smidgen read the file, other runtimes do not"),
        });
    } else {
        model_file::write(&graph, to)?;
    }
    Ok(Conversion { from: from.name(), to: ModelFile::new(to).name(), operators: graph.nodes.len(), notes })
}
