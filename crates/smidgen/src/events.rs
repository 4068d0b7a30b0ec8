//! What long work tells while it runs.

use std::path::Path;

use smidgen_report::Epoch;

/// One piece of news.
#[derive(Debug)]
pub enum Event<'a> {
    /// A new part of the work begins: `Training`, `Building the firmware`.
    Begin(&'a str),
    /// Something that the user should read.
    Note(&'a str),
    /// A batch of an epoch is done.
    Batch {
        /// Number of the epoch, from 1.
        epoch: u64,
        /// Epochs of the whole training.
        n_epochs: u64,
        /// Batches done in this epoch.
        done: usize,
        /// Batches of an epoch.
        total: usize,
        /// Mean loss of the epoch so far.
        loss: f64,
    },
    /// An epoch is done and its checkpoint stands on the disk.
    Epoch {
        /// What it brought.
        epoch: &'a Epoch,
        /// Epochs of the whole training.
        n_epochs: u64,
    },
    /// Part of a countable work is done.
    Progress {
        /// Items done.
        done: u64,
        /// All items.
        total: u64,
        /// What they are: `windows`.
        unit: &'static str,
    },
    /// A line that a tool printed.
    Line(&'a str),
    /// A file was written.
    Wrote(&'a Path),
}

/// Takes the news and may ask to stop.
pub trait Observer {
    /// Takes one piece of news.
    fn event(&mut self, event: Event<'_>);

    /// Whether long work should end at the next place where nothing is lost.
    fn stop(&self) -> bool {
        false
    }
}

/// An observer that says nothing and never stops.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&mut self, _: Event<'_>) {}
}
