//! Graph, operators, verifier, text form, lowering to kernels and interpreter.
//!
//! Everything in the middle of Smidgen is one value, a [`Graph`]: importers make one, every technique turns one into
//! another, the trainer fine-tunes one, exporters and the code generator read one.

pub mod error;
pub mod graph;
pub mod kernel;
pub mod ops;
pub mod program;
pub mod tensor;

pub use error::{IrError, Problem};
pub use graph::{Dialect, Graph, Node, NodeIdx, TensorIdx};
pub use kernel::Kernel;
pub use ops::{Activation, Op, Padding};
pub use program::{Call, Const, ConstIdx, Elem, Operand, Program};
pub use tensor::{DType, Quant, Tensor};
