//! One serialisable [`Report`] to terminal tables and one self-contained HTML page.
//!
//! The crate knows no graph and does no IO: the facade fills the structs, the CLI writes what comes back.

mod confusion;
mod html;
mod memory_map;
mod metrics;
mod number;
mod profile;
mod report;
mod shrink;
mod stream;
mod svg;
mod terminal;
mod text;

pub use confusion::ConfusionMatrix;
pub use html::{HtmlError, html, shrunk_html};
pub use memory_map::{Buffer, MemoryMap};
pub use metrics::{Finds, ValueErrors, area_under_curve};
pub use number::{count, decimal, percent, signed_points};
pub use profile::{FlashBytes, LayerCost, PassEffect, Profile, RamBytes, Strips};
pub use report::{
    Agreement, DataSummary, Epoch, Evaluation, Provenance, Report, SplitSummary, Training, Version,
};
pub use shrink::{Shrunk, StageReport, shrunk_table};
pub use stream::{Detection, Stream};
pub use terminal::{accuracy_table, layer_table, profile_table, stream_text, terminal};
pub use text::shorten;
