//! Cores and boards as data files: schema, loader, validation.
//!
//! A core is a file `targets/<name>.toml`, a board a file `boards/<name>.toml`; both travel inside the crate.
//! A new board is a new file, no Rust.

mod error;
mod near;
mod registry;
mod rules;
mod schema;

pub use error::{Problem, TargetError};
pub use registry::{board, board_from_str, boards, core, cores};
pub use schema::{Board, Core, Memory, Qemu};
