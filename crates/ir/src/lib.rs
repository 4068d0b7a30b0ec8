//! Graph, operators, verifier, text form, lowering to kernels and interpreter.
//!
//! Everything in the middle of Smidgen is one value, a [`Graph`]: importers make one, every technique turns one into
//! another, the trainer fine-tunes one, exporters and the code generator read one.

pub mod adds;
pub mod bounds;
pub mod build;
pub mod channels;
pub mod copies;
pub mod error;
pub mod graph;
mod interpreter;
pub mod kernel;
mod lower;
pub mod meta;
pub mod ops;
pub mod padding;
pub mod passes;
pub mod patches;
pub mod program;
pub mod range;
mod scales;
mod sharing;
mod storage;
mod tables;
pub mod tensor;
pub mod text;
mod vector;
mod verify;

pub use error::{IrError, Problem};
pub use graph::{Dialect, Graph, Node, NodeIdx, TensorIdx};
pub use interpreter::Interpreter;
pub use kernel::Kernel;
pub use lower::lower;
pub use meta::{Meta, Signature};
pub use ops::{Activation, Op, OutputQuant, Padding, TensorType};
pub use program::{Call, Const, ConstIdx, Elem, Operand, Part, Program, Target};
pub use range::Range;
pub use sharing::{Sharing, Window};
pub use storage::{Code, Product, Row, Storage, filter_bytes, stored};
pub use tensor::{DType, Quant, Tensor};
