//! How filters lie in flash: the option of the verbs that build firmware.

use clap::{Args, ValueEnum};
use smidgen::firmware::Storage;

/// How filters lie in flash.
#[derive(Debug, Clone, Args)]
pub(super) struct Storing {
    /// How filters of few values or many zeros lie in flash; what is computed is the same
    #[arg(long, value_enum, default_value_t = Form::Auto)]
    storage: Form,
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
    pub(super) fn storage(&self) -> Storage {
        match self.storage {
            Form::Plain => Storage::Plain,
            Form::Auto => Storage::Auto,
            Form::Smallest => Storage::Smallest,
            Form::Fastest => Storage::Fastest,
        }
    }
}
