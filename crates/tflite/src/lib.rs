//! TensorFlow Lite flatbuffers to [`smidgen_ir::Graph`] and back.
//!
//! [`read()`] takes any bytes and ends in a verified graph or in an error that lists every problem. [`write()`] makes a
//! file that any reader of schema v3 takes, the same bytes for the same graph. Reading what was written gives the
//! graph back: same tensors, nodes, attributes and constants, without tensors that nothing uses and with a bias of zeros
//! where a CONV_2D had none.
//!
//! An operator has one file in `ops/`, its reader and its writer side by side, and a row in the table there.

mod builtin_names;
mod dynamic_range;
mod emit;
mod findings;
mod flexbuffer;
mod half;
mod lut;
mod meta;
mod ops;
mod read;
mod rewrite;
mod runtime_versions;
#[cfg(test)]
mod sample;
mod schema;
mod tensors;
mod uint8;
mod ways_out;
mod wire;
mod write;

pub use dynamic_range::DynamicRange;
pub use findings::ReadError;
pub use read::{ReadOptions, read, read_with, read_with_warnings};
pub use write::{WriteError, write, write_compressed, write_float16};

/// Name of the one subgraph that the writer makes, as converters call it.
const MAIN: &str = "main";

/// What stands before the graph's name in the description of a file that Smidgen wrote.
const DESCRIPTION_PREFIX: &str = "Smidgen: ";
