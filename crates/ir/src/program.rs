//! A lowered graph: kernel calls with packed constants, which the interpreter runs and the code generator prints.

use std::collections::BTreeSet;

use crate::graph::{NodeIdx, TensorIdx};
use crate::kernel::Kernel;

/// Element type of a kernel operand. Kernels that only move elements take unsigned integers of the same width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Elem {
    /// `f32`
    F32,
    /// `i8`
    I8,
    /// `u8`; also truth values, packed int4 and anything of one byte that is only moved
    U8,
    /// `i16`
    I16,
    /// `u16`; also float16 as bits
    U16,
    /// `i32`
    I32,
    /// `u32`
    U32,
    /// `i64`
    I64,
    /// `u64`
    U64,
}

impl Elem {
    /// Bytes of an element.
    pub const fn bytes(self) -> usize {
        match self {
            Elem::I8 | Elem::U8 => 1,
            Elem::I16 | Elem::U16 => 2,
            Elem::F32 | Elem::I32 | Elem::U32 => 4,
            Elem::I64 | Elem::U64 => 8,
        }
    }

    /// The type in Rust source: `i8`.
    pub const fn rust(self) -> &'static str {
        match self {
            Elem::F32 => "f32",
            Elem::I8 => "i8",
            Elem::U8 => "u8",
            Elem::I16 => "i16",
            Elem::U16 => "u16",
            Elem::I32 => "i32",
            Elem::U32 => "u32",
            Elem::I64 => "i64",
            Elem::U64 => "u64",
        }
    }
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

impl Operand {
    /// The constant, if it is one.
    pub const fn constant(self) -> Option<ConstIdx> {
        match self {
            Operand::Const(idx) => Some(idx),
            Operand::Tensor(_) | Operand::Absent => None,
        }
    }
}

/// What a kernel writes at one place of its argument list, after its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A result of the node.
    Result(TensorIdx),
    /// A variable, which the kernel reads and changes.
    State(TensorIdx),
    /// Memory that is the kernel's own during the call.
    Scratch {
        /// Its size in bytes.
        bytes: usize,
    },
}

impl Target {
    /// The tensor, unless it is scratch memory.
    pub const fn tensor(self) -> Option<TensorIdx> {
        match self {
            Target::Result(tensor) | Target::State(tensor) => Some(tensor),
            Target::Scratch { .. } => None,
        }
    }
}

/// One kernel call: `Kernel::new(spec)?.run(operands…, targets…)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The node that this call computes, alone or with others.
    pub node: NodeIdx,
    /// The kernel with the specification that it is constructed from.
    pub kernel: Kernel,
    /// First arguments of `run`, each with its element type: what it reads.
    pub operands: Vec<(Operand, Elem)>,
    /// Last arguments of `run`: what it writes; results, then states, then scratch memory.
    pub targets: Vec<(Target, Elem)>,
}

impl Call {
    /// The activations that this call reads, in order.
    pub fn reads(&self) -> impl Iterator<Item = TensorIdx> {
        self.operands.iter().filter_map(|&(operand, _)| match operand {
            Operand::Tensor(tensor) => Some(tensor),
            Operand::Const(_) | Operand::Absent => None,
        })
    }

    /// The results of the node that this call writes, in order.
    pub fn results(&self) -> impl Iterator<Item = TensorIdx> {
        self.targets.iter().filter_map(|&(target, _)| match target {
            Target::Result(tensor) => Some(tensor),
            Target::State(_) | Target::Scratch { .. } => None,
        })
    }

    /// Whether the operand at `index` is code in firmware, see [`Program::code`].
    pub const fn is_code(&self, index: usize) -> bool {
        matches!(self.kernel, Kernel::FullyConnectedUnrolled(_)) && (index == 1 || index == 2)
    }

    /// Bytes of scratch memory that it takes.
    pub fn scratch_bytes(&self) -> usize {
        let scratch = |&(target, _): &(Target, Elem)| match target {
            Target::Scratch { bytes } => bytes,
            Target::Result(_) | Target::State(_) => 0,
        };
        self.targets.iter().map(scratch).sum()
    }
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
    /// Tensors that are some of the bytes of another one, which is neither a view nor a part itself.
    pub parts: Vec<Part>,
}

/// A tensor that is some of the bytes of another one: bytes that follow each other, or as far apart as the kernels say that write and
/// read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The tensor.
    pub tensor: TensorIdx,
    /// What it is a part of.
    pub whole: TensorIdx,
    /// Where it begins, in bytes.
    pub offset: usize,
    /// Bytes from its first to its last; more than it has where it is some channels of every pixel.
    pub bytes: usize,
}

impl Program {
    /// The program with one call in the place of two, wherever `fused` finds an earlier call that goes and the call that does the
    /// work of it and of the one at an index.
    pub(crate) fn fused(mut self, fused: impl Fn(&Program, usize) -> Option<(usize, Call)>) -> Program {
        let mut at = 0;
        while at < self.calls.len() {
            match fused(&self, at) {
                Some((earlier, call)) => {
                    self.calls[at] = call;
                    self.calls.remove(earlier);
                }
                None => at += 1,
            }
        }
        self
    }

    /// How often calls read a tensor.
    pub fn n_reads(&self, tensor: TensorIdx) -> usize {
        self.calls.iter().flat_map(Call::reads).filter(|read| *read == tensor).count()
    }

    /// Whether a tensor is a view or has views.
    pub fn is_viewed(&self, tensor: TensorIdx) -> bool {
        self.views.iter().any(|(view, origin)| *view == tensor || *origin == tensor)
    }

    /// What a tensor is a part of; `None` for one with bytes of its own.
    pub fn part(&self, tensor: TensorIdx) -> Option<Part> {
        self.parts.iter().find(|part| part.tensor == tensor).copied()
    }

    /// The constants that firmware has in flash: all that are not code.
    pub fn in_flash(&self) -> impl Iterator<Item = (ConstIdx, &Const)> {
        let operands = self.calls.iter().flat_map(|call| {
            let operands = call.operands.iter().enumerate();
            operands.filter_map(|(at, (operand, _))| Some((operand.constant()?, call.is_code(at))))
        });
        let (code, data): (Vec<_>, Vec<_>) = operands.partition(|(_, is_code)| *is_code);
        let only_code: BTreeSet<ConstIdx> =
            code.into_iter().filter(|(idx, _)| !data.contains(&(*idx, false))).map(|(idx, _)| idx).collect();
        let consts = (0..).map(ConstIdx).zip(&self.consts);
        consts.filter(move |(idx, _)| !only_code.contains(idx))
    }
}
