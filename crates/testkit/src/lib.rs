//! What the tests of several crates share: the goldens that other people's runtimes made and the models they belong to,
//! random graphs, and what counts memory.

mod golden;
mod memory;
mod random;
mod strategy;
mod union;

pub use golden::{AUDIO_CASE, FLOAT_CASES, GoldenCase, GoldenSet, INT8_CASES, Layer, Output, close_f32};
pub use memory::{Counting, peak_bytes};
pub use random::{Random, random_inputs};
pub use strategy::{graph, unfinished_graph};
pub use union::union;

use std::path::PathBuf;

/// The folder of shared models, goldens and data: `$SMIDGEN_SHARED`, else `shared` beside the checkout.
/// Where it is absent, says that `test` was skipped and returns `None`.
pub fn shared_or_skip(test: &str) -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = std::env::var_os("SMIDGEN_SHARED").map_or(beside, PathBuf::from);
    if folder.join("golden").is_dir() {
        return Some(folder);
    }
    eprintln!(
        "skipped: {test} needs the shared folder; {} has no golden/ (set SMIDGEN_SHARED)",
        folder.display()
    );
    None
}
