//! Reverse-mode training of a Graph: gradients, loss, optimiser, schedule and checkpoints.
//!
//! A [`Trainer`] takes a float32 [`smidgen_ir::Graph`] whose batch dimension is 1 and runs batches of any size. Each
//! batch is cut into a fixed number of lanes, which are computed in parallel and joined in a fixed order: results do not
//! depend on the number of threads. Nothing here reads files or clocks.

mod activation;
mod adam;
mod checkpoint;
mod config;
mod error;
mod examples;
mod gemm;
mod init;
mod lane;
mod linear;
mod loss;
mod network;
mod operands;
mod ops;
mod parameters;
mod random;
mod schedule;
mod segments;
mod simd;
mod trainer;
mod window;
mod workspace;

pub use config::{Config, Loss, Schedule};
pub use error::TrainError;
pub use examples::Examples;
pub use init::init;
pub use trainer::{Augment, BatchProgress, EpochStats, Stats, Trainer};
