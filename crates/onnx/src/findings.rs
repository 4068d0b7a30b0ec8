//! What reading a file brings up: problems and notes.

use std::fmt;

use smidgen_ir::Problem;

/// Why an ONNX file could not be read: every problem that was found, in file order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// At least one problem. Past five hundred the rest is counted in the last.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        lines(f, &self.problems)
    }
}

impl std::error::Error for ReadError {}

/// Why a graph could not be written: every reason that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteError {
    /// At least one problem.
    pub problems: Vec<Problem>,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        lines(f, &self.problems)
    }
}

impl std::error::Error for WriteError {}

/// One problem a line.
fn lines(f: &mut fmt::Formatter<'_>, problems: &[Problem]) -> fmt::Result {
    for (at, problem) in problems.iter().enumerate() {
        if at > 0 {
            f.write_str("\n")?;
        }
        write!(f, "{problem}")?;
    }
    Ok(())
}

/// The end of a sentence about a node, an input or the model, with what to do about it.
pub(crate) type Fallible<T> = Result<T, String>;

/// Problems and notes so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    problems: Vec<Problem>,
    n_more: usize,
    notes: Vec<String>,
}

impl Findings {
    /// Problems beyond this many are counted, not kept; notes are dropped.
    const MAX: usize = 500;

    /// Keeps a problem. Lists of the file in its message are cut.
    pub(crate) fn problem(&mut self, place: impl Into<String>, message: impl Into<String>) {
        const LONGEST: usize = 4000;
        if self.problems.len() < Self::MAX {
            self.problems.push(Problem { place: place.into(), message: cut(&message.into(), LONGEST) });
        } else {
            self.n_more += 1;
        }
    }

    /// Keeps the problems of the verifier.
    pub(crate) fn extend(&mut self, problems: Vec<Problem>) {
        problems.into_iter().for_each(|problem| self.problem(problem.place, problem.message));
    }

    /// Keeps something that is read, but that the user should know.
    pub(crate) fn note(&mut self, text: String) {
        if self.notes.len() < Self::MAX && !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }

    /// Whether nothing is wrong so far.
    pub(crate) fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// The notes, or the problems where there is any.
    pub(crate) fn conclude(mut self) -> Result<Vec<String>, ReadError> {
        if self.n_more > 0 {
            self.problems.push(Problem {
                place: "model".to_owned(),
                message: format!("{} more problems are not shown", self.n_more),
            });
        }
        if self.problems.is_empty() { Ok(self.notes) } else { Err(ReadError { problems: self.problems }) }
    }
}

/// Text of the file for messages, cut to a readable length.
pub(crate) fn clip(text: &str) -> String {
    cut(text, 80)
}

/// The first `longest` characters.
fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.split_at(end).0),
    }
}
