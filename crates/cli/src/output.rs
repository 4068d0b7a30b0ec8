//! Printing: results to stdout, messages and errors to stderr, colour only where a person reads it.

use std::env;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use smidgen::{Error, Result};

use crate::Global;
use crate::progress::Progress;

/// How results and messages are printed.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    json: bool,
    quiet: bool,
    /// Seed from the command line.
    pub(crate) seed: Option<u64>,
}

impl Output {
    pub(crate) fn new(global: &Global) -> Self {
        Output { json: global.json, quiet: global.quiet, seed: global.seed }
    }

    /// An observer that prints to stderr.
    pub(crate) fn progress(&self) -> Progress {
        Progress::new(self.quiet, colour())
    }

    /// The result of a verb: JSON, or text for people, which `--quiet` leaves out.
    pub(crate) fn result(&self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<()> {
        if self.json {
            let json = serde_json::to_string_pretty(value).map_err(Error::input)?;
            return print(&json);
        }
        if self.quiet { Ok(()) } else { print(text().trim_end()) }
    }

    /// Prints an error, `error:` in red on a terminal.
    pub(crate) fn error(&self, error: &Error) {
        let head = if colour() { "\u{1b}[1;31merror:\u{1b}[0m" } else { "error:" };
        // Nothing is left to do when stderr is closed.
        let _ = writeln!(io::stderr(), "{head} {error}");
    }
}

/// Whether stderr is a terminal and nobody asked for plain text (<https://no-color.org>).
fn colour() -> bool {
    let plain = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stderr().is_terminal() && !plain
}

/// Prints to stdout; a reader that closed it early, such as `head`, is no error.
fn print(text: &str) -> Result<()> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::input(format!("standard output cannot be written: {error}")).help("check the disk"))
        }
        _ => Ok(()),
    }
}
