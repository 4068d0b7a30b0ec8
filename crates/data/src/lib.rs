//! Data sets as labelled samples: loaders, splits, augmentation and the generated sets that ship.
//!
//! [`Recordings`] (labelled signals of any length) come from [`gesture::generate`] or [`json_lines`]; [`window`] cuts
//! them into a [`Dataset`] of equal shapes, [`split`] keeps people apart, [`augment`] varies windows in training.

pub mod augment;
mod dataset;
mod error;
pub mod gesture;
pub mod json_lines;
mod random;
mod recordings;
pub mod split;
mod trig;
pub mod window;

pub use dataset::{Count, Dataset, Sample, Split, Summary};
pub use error::{DataError, MAX_PROBLEMS, Problem, Problems};
pub use recordings::{Provenance, Recording, Recordings};
