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
        Parts { storage, optimizes: self.optimize, ..Parts::default() }
    }
}
