//! What can be wrong with data, and the list that collects it.

use std::fmt;
use std::path::PathBuf;

/// Problems that one error lists at most; the rest is counted.
pub const MAX_PROBLEMS: usize = 20;

/// Data that cannot be used, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file or folder could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The contents of the files are wrong, every place listed.
    #[error("{0}")]
    Problems(Problems),
    /// Options that make no sense, or that do not fit the data.
    #[error("{0}")]
    Options(String),
}

/// A place in a file and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// File name, with `:line` where the problem has a line.
    pub place: String,
    /// What was expected, what was found.
    pub message: String,
}

/// A list of problems, the first [`MAX_PROBLEMS`] in full.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems {
    /// The first problems in the order of the files.
    pub listed: Vec<Problem>,
    /// How many more there are.
    pub n_more: usize,
}

impl Problems {
    pub(crate) fn add(&mut self, place: impl Into<String>, message: impl Into<String>) {
        if self.listed.len() < MAX_PROBLEMS {
            self.listed.push(Problem { place: place.into(), message: message.into() });
        } else {
            self.n_more += 1;
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n_problems = self.listed.len() + self.n_more;
        write!(
            f,
            "the data cannot be used ({n_problems} problem{}):",
            if n_problems == 1 { "" } else { "s" }
        )?;
        for problem in &self.listed {
            write!(f, "\n  {}: {}", problem.place, problem.message)?;
        }
        if self.n_more > 0 {
            write!(f, "\n  … and {} more", self.n_more)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_cut_and_counted() {
        let mut problems = Problems::default();
        assert!(problems.is_empty());
        (0..25).for_each(|line| problems.add(format!("f:{line}"), "bad"));
        let text = DataError::Problems(problems).to_string();
        assert!(text.starts_with("the data cannot be used (25 problems):\n  f:0: bad"));
        assert!(text.ends_with("f:19: bad\n  … and 5 more"));
    }
}
