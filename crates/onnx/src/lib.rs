//! ONNX files to [`smidgen_ir::Graph`], and float graphs back.
//!
//! [`read()`] takes any bytes and ends in a verified graph or in an error that lists every problem. The axes of images
//! are moved from NCHW to NHWC once, while the file is read; `layout.rs` says how. What exporters compute with shapes is
//! folded (`fold/`). Quantised graphs become int8 operators (`quant.rs`). [`write()`] makes files of operator set 13.
//!
//! An operator has its reader and its writer in one file of `ops/`, and a row in the table there.

mod budget;
mod constant;
mod decode;
mod findings;
mod fold;
mod gelu;
mod import;
mod layout;
mod node;
mod ops;
mod proto;
mod qlinear;
mod quant;
mod read;
mod write;

pub use findings::{ReadError, WriteError};
pub use read::{read, read_with_notes};
pub use write::write;
