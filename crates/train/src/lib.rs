//! Reverse-mode training of a Graph: gradients, loss, optimiser, schedule and checkpoints.
//!
//! A [`Trainer`] takes a float32 [`smidgen_ir::Graph`] whose batch dimension is 1 and runs batches of any size. Each
//! batch is cut into a fixed number of lanes, which are computed in parallel and joined in a fixed order: results do not
//! depend on the number of threads. Nothing here reads files or clocks.
//!
//! ```
//! use std::ops::ControlFlow;
//! use smidgen_ir::build::Builder;
//! use smidgen_train::{Config, Examples, Trainer, init};
//!
//! let mut net = Builder::new("sign", |parameter| vec![0.0; parameter.n_elements()]);
//! let x = net.input("x", &[1, 2]);
//! let x = net.fully_connected(x, 2);
//! let mut graph = net.finish(&[x]).unwrap();
//! init(&mut graph, 1)?;
//!
//! let train = Examples { shape: vec![2], x: vec![1.0, 0.5, -1.0, -0.5], y: vec![1, 0], ..Examples::default() };
//! let config = Config { epochs: 30, learning_rate: 0.1, ..Config::default() };
//! let mut trainer = Trainer::new(graph, config)?;
//! while trainer.epochs_done() < trainer.config().epochs {
//!     trainer.epoch(&train, &mut |_| ControlFlow::Continue(()))?;
//!     let stats = trainer.evaluate(&train)?;
//!     trainer.record_validation(stats);
//! }
//! assert_eq!(trainer.evaluate(&train)?.accuracy, 1.0);
//! let trained = trainer.graph();
//! # let _ = trained;
//! # Ok::<(), smidgen_train::TrainError>(())
//! ```

mod activation;
mod checkpoint;
mod config;
mod constraint;
mod error;
mod examples;
mod fake_quantization;
mod features;
pub mod fit;
mod gemm;
mod init;
mod lane;
mod linear;
mod loss;
mod network;
mod operands;
mod ops;
mod optimizer;
mod parameters;
mod random;
mod schedule;
mod segments;
mod simd;
mod teacher;
mod trainer;
mod window;
mod workspace;

pub use config::{Config, Loss, Optimizer, Schedule};
pub use constraint::Constraint;
pub use error::TrainError;
pub use examples::{Examples, Source};
pub use fake_quantization::{FakeQuantization, FakeSteps, FakeWeights, initial_scale};
pub use features::{Feature, FeatureKind, pairs as feature_pairs};
pub use init::init;
pub use teacher::Teacher;
pub use trainer::{BatchProgress, EpochStats, Stats, Trainer};
