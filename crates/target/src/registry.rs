//! Loads the cores and boards that travel with the crate, and boards from a user's own file.

use crate::error::{Problem, TargetError};
use crate::near::near;
use crate::rules;
use crate::schema::{Board, BoardFile, Core};
use include_dir::{Dir, include_dir};
use serde::de::DeserializeOwned;

static TARGETS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../targets");
static BOARDS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../boards");

/// All cores, in the order of their names.
///
/// # Errors
/// When one of the files that the crate was built with breaks a rule.
pub fn cores() -> Result<Vec<Core>, TargetError> {
    sources(&TARGETS).into_iter().map(|(source, text)| core_from_str(text, &source)).collect()
}

/// The core called `name`.
///
/// # Errors
/// [`TargetError::Unknown`] with all known names.
pub fn core(name: &str) -> Result<Core, TargetError> {
    let cores = cores()?;
    let known = || cores.iter().map(|core| core.name.clone()).collect();
    cores.iter().find(|core| core.name == name).cloned().ok_or_else(|| unknown("core", name, known()))
}

/// All boards, in the order of their names.
///
/// # Errors
/// When one of the files that the crate was built with breaks a rule.
pub fn boards() -> Result<Vec<Board>, TargetError> {
    sources(&BOARDS).into_iter().map(|(source, text)| board_from_str(text, &source)).collect()
}

/// The board called `name`.
///
/// # Errors
/// [`TargetError::Unknown`] with the names that look like it and all known names.
pub fn board(name: &str) -> Result<Board, TargetError> {
    let boards = boards()?;
    let known = || boards.iter().map(|board| board.name.clone()).collect();
    boards.iter().find(|board| board.name == name).cloned().ok_or_else(|| unknown("board", name, known()))
}

/// A board from the text of a user's own file; `source` names the file in messages.
///
/// # Errors
/// On text that is not TOML or lacks a field ([`TargetError::Syntax`]), and on values that break rules
/// ([`TargetError::Invalid`], which lists all of them).
pub fn board_from_str(text: &str, source: &str) -> Result<Board, TargetError> {
    let file: BoardFile = parse(text, source)?;
    let mut problems = rules::board_problems(&file);
    let core = match core(&file.core) {
        Ok(core) => Some(core),
        Err(error @ TargetError::Unknown { .. }) => {
            problems.push(Problem { rule: "core-known", message: error.to_string() });
            None
        }
        Err(error) => return Err(error),
    };
    match core {
        Some(core) if problems.is_empty() => {
            let BoardFile { name, title, clock_hz, flash, ram, qemu, .. } = file;
            Ok(Board { name, title, core, clock_hz, flash, ram, qemu })
        }
        _ => Err(TargetError::Invalid { source_name: source.to_owned(), problems }),
    }
}

fn core_from_str(text: &str, source: &str) -> Result<Core, TargetError> {
    let core: Core = parse(text, source)?;
    let problems = rules::core_problems(&core);
    if problems.is_empty() {
        Ok(core)
    } else {
        Err(TargetError::Invalid { source_name: source.to_owned(), problems })
    }
}

fn parse<T: DeserializeOwned>(text: &str, source: &str) -> Result<T, TargetError> {
    toml::from_str(text).map_err(|error| TargetError::Syntax {
        source_name: source.to_owned(),
        message: error.to_string().trim_end().to_owned(),
    })
}

fn unknown(kind: &'static str, name: &str, known: Vec<String>) -> TargetError {
    TargetError::Unknown { kind, name: name.to_owned(), near: near(name, &known), known }
}

/// Path and text of each file, sorted by path.
fn sources(dir: &'static Dir<'_>) -> Vec<(String, &'static str)> {
    let mut sources: Vec<(String, &'static str)> = dir
        .files()
        .filter(|file| file.path().extension().is_some_and(|extension| extension == "toml"))
        .filter_map(|file| Some((file.path().display().to_string(), file.contents_utf8()?)))
        .collect();
    sources.sort();
    sources
}

#[cfg(test)]
mod tests;
