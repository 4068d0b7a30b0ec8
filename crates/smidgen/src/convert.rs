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
    /// What the user should know about how the model was read.
    pub notes: Vec<String>,
}

/// Reads the model at `from` and writes it to `to`, each in the format that its name says.
///
/// # Errors
/// A file that is no model that Smidgen knows, or a model that the other format cannot hold.
pub fn convert(from: &ModelFile, to: &Path) -> Result<Conversion> {
    let (graph, notes) = from.read_with_notes()?;
    graph
        .verify()
        .map_err(|problems| Error::input(smidgen_ir::IrError::Invalid(problems)).at(from.path().display()))?;
    model_file::write(&graph, to)?;
    Ok(Conversion { from: from.name(), to: ModelFile::new(to).name(), operators: graph.nodes.len(), notes })
}
