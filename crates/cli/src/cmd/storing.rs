//! How a model becomes firmware: the options of the verbs that build some.

use clap::{Args, ValueEnum};
use smidgen::firmware::{Parts, Storage};

/// How a model becomes firmware.
#[derive(Debug, Clone, Args)]
pub(super) struct Storing {
    /// How filters of few values or many zeros lie in flash; what is computed is the same
    #[arg(long, value_enum, default_value_t = Form::Auto)]
    storage: Form,
    /// Run all exact passes first, as smidgen optimize does
    #[arg(long)]
    optimize: bool,
    /// Bytes that the arena may take, such as 32K; beyond them the first operators run in strips of rows
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    max_arena: Option<usize>,
}

/// `32768`, `32K` or `1M`: multiples of 1024.
fn bytes(text: &str) -> Result<usize, String> {
    let (number, unit) = match text.strip_suffix(['k', 'K']) {
        Some(number) => (number, 1 << 10),
        None => text.strip_suffix(['m', 'M']).map_or((text, 1), |number| (number, 1 << 20)),
    };
    let bytes =
        number.parse::<usize>().ok().and_then(|number| number.checked_mul(unit)).filter(|bytes| *bytes > 0);
    bytes.ok_or_else(|| "expected bytes such as 32768, 32K or 1M".to_owned())
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    /// As the model file has them
    Plain,
    /// In fewer bytes where a quarter or more is saved
    Auto,
    /// In the fewest bytes, even where little is saved
    Smallest,
    /// As code where half the weights or more are 0: fewest instructions, more flash
    Fastest,
}

impl Storing {
    /// The parts of firmware that are asked for.
    pub(super) fn parts(&self) -> Parts {
        let storage = match self.storage {
            Form::Plain => Storage::Plain,
            Form::Auto => Storage::Auto,
            Form::Smallest => Storage::Smallest,
            Form::Fastest => Storage::Fastest,
        };
        Parts { storage, optimizes: self.optimize, max_arena: self.max_arena, ..Parts::default() }
    }
}
