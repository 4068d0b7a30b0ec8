//! The verbs, one file each.

pub(crate) mod boards;
pub(crate) mod build;
pub(crate) mod convert;
pub(crate) mod data;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod eval;
pub(crate) mod inspect;
pub(crate) mod new;
pub(crate) mod optimize;
pub(crate) mod profile;
pub(crate) mod quantize;
mod reading;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod shrink;
mod storing;
pub(crate) mod stream;
pub(crate) mod train;
pub(crate) mod verify;
pub(crate) mod zoo;

use std::path::Path;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use smidgen::Result;
use smidgen::project::Project;

use crate::output::Output;

/// The project in `dir`, with the seed of the command line.
fn project(dir: &Path, output: &Output) -> Result<Project> {
    let mut project = Project::load(dir)?;
    project.project.seed = output.seed.unwrap_or(project.project.seed);
    Ok(project)
}

/// A table with its header; the columns at `right` hold numbers.
fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>, right: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header(header);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    for row in rows {
        table.add_row(row);
    }
    for &column in right {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
