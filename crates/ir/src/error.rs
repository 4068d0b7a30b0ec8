//! What can be wrong with a graph, and the errors of the operations on one.

use std::fmt;

/// One finding of the verifier: where in the graph, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The place: `node 3 CONV_2D "conv/Relu"`, `tensor 7 "bias"` or `graph "name"`.
    pub place: String,
    /// What was expected, what was found, and what to do about it.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Why a graph could not be lowered, run, parsed or rewritten.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum IrError {
    /// The verifier found these problems; nothing was done.
    #[error("the graph is not valid:{}", list(.0))]
    Invalid(Vec<Problem>),
    /// One node cannot be handled.
    #[error("{place}: {message}")]
    Node {
        /// The node, as [`crate::Graph::describe`] names it.
        place: String,
        /// What was expected, what was found, and what to do about it.
        message: String,
    },
    /// The bytes given as inputs of an inference are too few or too many.
    #[error("the inputs of one inference are {expected} bytes, found {found}")]
    InputLength {
        /// Bytes of all inputs together.
        expected: usize,
        /// Bytes given.
        found: usize,
    },
    /// The text form has a mistake.
    #[error("line {line}: {message}")]
    Parse {
        /// Line in the text, from 1.
        line: usize,
        /// What was expected and found.
        message: String,
    },
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect()
}
