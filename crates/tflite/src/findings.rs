//! What reading a file brings up: problems, warnings, and the bound on the memory it may take.

use std::fmt;

use smidgen_ir::Problem;

use crate::wire::Broken;

/// Why a `.tflite` file could not be read: every problem that was found, in file order.
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

/// One problem a line.
pub(crate) fn lines(f: &mut fmt::Formatter<'_>, problems: &[Problem]) -> fmt::Result {
    for (at, problem) in problems.iter().enumerate() {
        if at > 0 {
            f.write_str("\n")?;
        }
        write!(f, "{problem}")?;
    }
    Ok(())
}

/// Why one operator, tensor or file could not be read.
#[derive(Debug)]
pub(crate) enum Fault {
    /// An offset leads outside the file.
    Broken(Broken),
    /// The budget is used up; reading stops.
    Exhausted {
        /// The whole budget.
        limit_bytes: usize,
    },
    /// Something else, with what to do about it.
    Message(String),
}

impl Fault {
    /// A fault with a message.
    pub(crate) fn message(text: impl Into<String>) -> Self {
        Fault::Message(text.into())
    }
}

impl From<Broken> for Fault {
    fn from(broken: Broken) -> Self {
        Fault::Broken(broken)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Broken(broken) => write!(f, "{broken}; fetch or convert the model again"),
            Fault::Exhausted { limit_bytes } => write!(
                f,
                "the file refers to the same bytes so often that the model would take more than {limit_bytes} bytes; \
                 no converter writes such a file, so fetch or convert the model again"
            ),
            Fault::Message(text) => f.write_str(text),
        }
    }
}

/// How many bytes the model and the messages about it may still take, so that a small file cannot make the reader
/// allocate much. Everything whose size the file decides is charged before it is allocated.
#[derive(Debug)]
pub(crate) struct Budget {
    limit_bytes: usize,
    left_bytes: usize,
}

impl Budget {
    /// Twenty-four times the file and 1 MiB. An honest file of weights takes about twice its size, and one that is all
    /// names and nodes about twelve times, most of it for messages that the verifier then does not have.
    pub(crate) fn for_file(file_bytes: usize) -> Self {
        let limit_bytes = file_bytes.saturating_mul(24).saturating_add(1 << 20);
        Budget { limit_bytes, left_bytes: limit_bytes }
    }

    /// Takes `bytes` off the budget, before they are allocated.
    pub(crate) fn charge(&mut self, bytes: usize) -> Result<(), Fault> {
        let left = self.left_bytes.checked_sub(bytes);
        self.left_bytes = left.ok_or(Fault::Exhausted { limit_bytes: self.limit_bytes })?;
        Ok(())
    }

    /// Takes room off the budget for `count` messages of the verifier about something whose name has `name_bytes`.
    pub(crate) fn charge_for_messages(&mut self, count: usize, name_bytes: usize) -> Result<(), Fault> {
        /// Bytes of the longest messages without the name, and of what holds them.
        const TEXT_BYTES: usize = 192;
        self.charge(name_bytes.saturating_add(TEXT_BYTES).saturating_mul(count))
    }

    /// Takes room for `count` values of type `T` off the budget.
    pub(crate) fn charge_for<T>(&mut self, count: usize) -> Result<(), Fault> {
        self.charge(count.saturating_mul(size_of::<T>()))
    }
}

/// Problems and warnings so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    problems: Vec<Problem>,
    n_more: usize,
    warnings: Vec<String>,
}

impl Findings {
    /// Problems beyond this many are counted, not kept; warnings are dropped.
    const MAX: usize = 500;

    /// Notes a problem.
    pub(crate) fn problem(&mut self, place: &str, message: impl Into<String>) {
        if self.problems.len() < Self::MAX {
            self.problems.push(Problem { place: place.to_owned(), message: message.into() });
        } else {
            self.n_more += 1;
        }
    }

    /// Notes the problems of the verifier.
    pub(crate) fn extend(&mut self, problems: Vec<Problem>) {
        self.n_more += problems.len().saturating_sub(Self::MAX);
        self.problems.extend(problems.into_iter().take(Self::MAX));
    }

    /// Notes a fault at `place`; passes it on when reading has to stop.
    pub(crate) fn fault(&mut self, place: &str, fault: Fault) -> Result<(), Fault> {
        match fault {
            Fault::Exhausted { .. } => Err(fault),
            Fault::Broken(_) | Fault::Message(_) => {
                self.problem(place, fault.to_string());
                Ok(())
            }
        }
    }

    /// Notes something that is read, but that the user may want to know.
    pub(crate) fn warn(&mut self, text: String) {
        if self.warnings.len() < Self::MAX {
            self.warnings.push(text);
        }
    }

    /// Whether nothing is wrong so far.
    pub(crate) fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// The warnings, or the problems where there is any.
    pub(crate) fn conclude(mut self) -> Result<Vec<String>, ReadError> {
        if self.n_more > 0 {
            let message = format!("{} more problems are not shown", self.n_more);
            self.problems.push(Problem { place: "model".to_owned(), message });
        }
        if self.problems.is_empty() { Ok(self.warnings) } else { Err(ReadError { problems: self.problems }) }
    }
}

/// Text of the file, as long in bytes as it is there; what is not UTF-8 becomes `?` wherever it is not ASCII.
pub(crate) fn text(bytes: &[u8]) -> String {
    let ascii = |byte: &u8| if byte.is_ascii() { char::from(*byte) } else { '?' };
    std::str::from_utf8(bytes).map_or_else(|_| bytes.iter().map(ascii).collect(), str::to_owned)
}

/// Text of the file for messages, cut to a readable length.
pub(crate) fn clip(bytes: &[u8]) -> String {
    const LONGEST: usize = 80;
    let cut = bytes.get(..LONGEST).unwrap_or(bytes);
    let text = String::from_utf8_lossy(cut).trim_end_matches(char::REPLACEMENT_CHARACTER).to_owned();
    if cut.len() < bytes.len() { text + "…" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_runs_out_and_says_its_limit() {
        let mut budget = Budget::for_file(0);
        assert!(budget.charge(1 << 20).is_ok());
        let fault = budget.charge_for::<u64>(1).unwrap_err();
        assert!(fault.to_string().contains("1048576 bytes"), "{fault}");
    }

    #[test]
    fn problems_are_capped_and_counted() {
        let mut findings = Findings::default();
        for node in 0..505 {
            findings.problem(&format!("node {node}"), "odd");
        }
        let error = findings.conclude().unwrap_err();
        assert_eq!(error.problems.len(), 501);
        assert!(error.to_string().ends_with("model: 5 more problems are not shown"));
    }

    #[test]
    fn long_and_odd_names_are_cut() {
        assert_eq!(clip(b"conv"), "conv");
        assert_eq!(clip(&[b'a'; 90]), format!("{}…", "a".repeat(80)));
        assert_eq!(clip(&[b'a', 0xff, b'b']), "a\u{fffd}b");
        assert_eq!(text("ä".as_bytes()), "ä");
        assert_eq!(text(&[b'a', 0xc3, 0xa4, 0xff]), "a???");
    }
}
