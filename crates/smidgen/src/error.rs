//! The one error of the facade: what went wrong, where, and the way out.

use std::fmt;

/// What an error means for the caller; the command line turns it into its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The work was done and a check on its result failed.
    Check,
    /// The work could not be done.
    Input,
    /// The user stopped it.
    Interrupted,
}

/// What went wrong, where, and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What it means for the caller.
    pub kind: Kind,
    /// What was expected and found.
    pub what: String,
    /// File, folder, node or option.
    pub place: Option<String>,
    /// What the user can do.
    pub way_out: Option<String>,
}

/// Result of the facade's functions.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Work that could not be done.
    pub fn input(what: impl fmt::Display) -> Self {
        Error { kind: Kind::Input, what: what.to_string(), place: None, way_out: None }
    }

    /// A check that failed.
    pub fn check(what: impl fmt::Display) -> Self {
        Error { kind: Kind::Check, ..Error::input(what) }
    }

    /// Work that the user stopped.
    pub fn interrupted(what: impl fmt::Display) -> Self {
        Error { kind: Kind::Interrupted, ..Error::input(what) }
    }

    /// The same error with its place.
    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.place = Some(place.to_string());
        self
    }

    /// The same error with a way out.
    #[must_use]
    pub fn help(mut self, way_out: impl fmt::Display) -> Self {
        self.way_out = Some(way_out.to_string());
        self
    }

    /// [`Error::help`] where there is none yet.
    #[must_use]
    pub(crate) fn or_help(mut self, way_out: impl fmt::Display) -> Self {
        self.way_out.get_or_insert_with(|| way_out.to_string());
        self
    }
}

impl fmt::Display for Error {
    /// Up to three parts: the error, `where:` and `try:`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(place) = &self.place {
            write!(f, "\n  where: {place}")?;
        }
        if let Some(way_out) = &self.way_out {
            write!(f, "\n  try:   {way_out}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
