//! What can be wrong with a core or board file, and how it is told.

use std::fmt;

/// A rule that a file breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Name of the rule: `memory-aligned`.
    pub rule: &'static str,
    /// What was found and what is expected.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.rule, self.message)
    }
}

/// Why a core or board cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The text is not TOML, or a field is missing, unknown or of the wrong type.
    #[error("{source_name}: {message}")]
    Syntax {
        /// File that the text comes from.
        source_name: String,
        /// The parser's message, with line and column.
        message: String,
    },
    /// The text has the right fields with values that make no sense; every broken rule is listed.
    #[error("{source_name} breaks {} rule(s):{}", problems.len(), listed(problems))]
    Invalid {
        /// File that the text comes from.
        source_name: String,
        /// Every broken rule.
        problems: Vec<Problem>,
    },
    /// No board or core has this name.
    #[error("unknown {kind} \"{name}\"; {}known: {}", near_text(near), known.join(", "))]
    Unknown {
        /// `board` or `core`.
        kind: &'static str,
        /// The name asked for.
        name: String,
        /// Known names that look like it, the most similar first.
        near: Vec<String>,
        /// All known names.
        known: Vec<String>,
    },
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect()
}

fn near_text(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("did you mean {}? ", near.join(" or ")) }
}
