//! A lowered graph: kernel calls with packed constants, which the interpreter runs and the code generator prints.

use crate::graph::{NodeIdx, TensorIdx};
use crate::kernel::Kernel;

/// Element type of a kernel operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Elem {
    /// `f32`
    F32,
    /// `i8`
    I8,
    /// `i32`
    I32,
}

/// Index of a packed constant in [`Program::consts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConstIdx(pub u32);

/// Bytes that live in flash: weights as the kernel reads them, biases, multipliers, shifts.
#[derive(Debug, Clone, PartialEq)]
pub struct Const {
    /// Unique in the program, an identifier in snake case: `conv_2d_0_filter`.
    pub name: String,
    /// Element type.
    pub elem: Elem,
    /// Little-endian elements.
    pub bytes: Vec<u8>,
}

/// What a kernel reads at one place of its argument list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operand {
    /// An activation in the arena.
    Tensor(TensorIdx),
    /// A constant in flash.
    Const(ConstIdx),
    /// An empty slice: an optional operand that is not there.
    Absent,
}

/// One kernel call: `Kernel::new(spec)?.run(operands…, output)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The node that this call computes.
    pub node: NodeIdx,
    /// The kernel with the specification that it is constructed from.
    pub kernel: Kernel,
    /// Arguments of `run` in order, each with its element type, without the output.
    pub operands: Vec<(Operand, Elem)>,
    /// The tensor that the call writes.
    pub output: TensorIdx,
    /// Element type of the output.
    pub output_elem: Elem,
    /// Bytes of scratch memory that follow the output in the argument list; 0 means no such argument.
    pub scratch_bytes: usize,
}

/// All calls of a graph in execution order. RESHAPE makes no call where it is a view (see [`Program::views`]).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Program {
    /// The calls.
    pub calls: Vec<Call>,
    /// Their constants.
    pub consts: Vec<Const>,
    /// Tensors that are the same bytes as another one: `(view, origin)`, in execution order. An origin is never a view
    /// itself, and operands of calls name origins only; model outputs may be views.
    pub views: Vec<(TensorIdx, TensorIdx)>,
}
