//! Lowering: a verified graph becomes kernel calls with packed constants.

use std::collections::BTreeMap;

use crate::error::IrError;
use crate::graph::{Dialect, Graph, NodeIdx, TensorIdx};
use crate::kernel::Kernel;
use crate::ops::{operand_tensors, result_tensors};
use crate::program::{Call, Const, ConstIdx, Elem, Operand, Program, Target};
use crate::tensor::{DType, Tensor};

/// Turns a graph into kernel calls in execution order.
///
/// Filters and biases are packed as TFLite stores them; multipliers, shifts and ranges are computed from the scales as
/// TFLM's Prepare functions do. A RESHAPE becomes a view, except that of a constant, or of a model input straight into a
/// model output, which stays a copy so that inputs and outputs never share memory.
///
/// # Errors
/// [`IrError::Invalid`] for a graph that the verifier refuses; [`IrError::Node`] for a node without a kernel, such as
/// BATCH_NORMALIZATION, or with scales that no kernel can apply.
pub fn lower(graph: &Graph) -> Result<Program, IrError> {
    graph.verify().map_err(IrError::Invalid)?;
    let mut program = Program::default();
    let mut const_of = BTreeMap::new();
    let mut roots = BTreeMap::new();
    for (position, node) in (0u32..).zip(&graph.nodes) {
        let idx = NodeIdx(position);
        let mut to = NodeLowering {
            graph,
            node: idx,
            program: &mut program,
            const_of: &mut const_of,
            roots: &mut roots,
        };
        node.op
            .lower(&operand_tensors(graph, node), &result_tensors(graph, node), &mut to)
            .map_err(|message| IrError::Node { place: graph.describe(idx), message })?;
    }
    Ok(program)
}

/// What an operator lowers itself with.
#[derive(Debug)]
pub(crate) struct NodeLowering<'a> {
    graph: &'a Graph,
    node: NodeIdx,
    program: &'a mut Program,
    /// Constant tensors that are packed already; nodes may share them.
    const_of: &'a mut BTreeMap<TensorIdx, ConstIdx>,
    /// The tensor that owns the bytes of each view.
    roots: &'a mut BTreeMap<TensorIdx, TensorIdx>,
}

impl NodeLowering<'_> {
    /// The arithmetic that the graph means.
    pub(crate) fn dialect(&self) -> Dialect {
        self.graph.dialect
    }

    /// The node's operand at `at` as an argument of a kernel.
    pub(crate) fn operand(&mut self, at: usize) -> Operand {
        let Some(node) = self.graph.nodes.get(self.node.idx()) else { return Operand::Absent };
        let Some(idx) = node.inputs.get(at).copied().flatten() else { return Operand::Absent };
        let tensor = self.graph.tensor(idx);
        let Some(data) = tensor.data.as_ref().filter(|_| tensor.is_const()) else {
            return Operand::Tensor(self.root(idx));
        };
        if let Some(&packed) = self.const_of.get(&idx) {
            return Operand::Const(packed);
        }
        let names = node.op.operand_names();
        let name =
            names.get(at).copied().map_or_else(|| format!("operand {at}"), str::to_owned).replace(' ', "_");
        let packed = self.add_const(&name, elem_of(tensor), data.to_vec());
        self.const_of.insert(idx, packed);
        Operand::Const(packed)
    }

    /// A constant of the kernel's own: a table, indices. `what` names it, in snake case.
    pub(crate) fn constant(&mut self, what: &str, elem: Elem, bytes: Vec<u8>) -> Operand {
        Operand::Const(self.add_const(what, elem, bytes))
    }

    /// Multipliers and shifts of the channels as two constants, of one element each where all channels have the same.
    pub(crate) fn multipliers(&mut self, multipliers: &[i32], shifts: &[i32]) -> [Operand; 2] {
        let all = multipliers.iter().zip(shifts);
        let is_one = all.clone().all(|pair| all.clone().next() == Some(pair));
        let n = if is_one { multipliers.len().min(1) } else { multipliers.len() };
        let (multipliers, shifts) = (&multipliers[..n], &shifts[..n.min(shifts.len())]);
        let bytes = multipliers.iter().flat_map(|value| value.to_le_bytes()).collect();
        let multiplier = self.constant("multiplier", Elem::I32, bytes);
        // Shifts are within -31..=31, see `quantize_multiplier`.
        let bytes = shifts.iter().map(|&value| (value as i8).cast_unsigned()).collect();
        let shift = self.constant("shift", Elem::I8, bytes);
        [multiplier, shift]
    }

    /// The node's result at `at` as what a kernel writes.
    pub(crate) fn result(&self, at: usize) -> Result<Target, String> {
        let node = self.graph.nodes.get(self.node.idx());
        let result = node.and_then(|node| node.outputs.get(at).copied());
        result.map(Target::Result).ok_or_else(|| format!("result {at} is missing"))
    }

    /// The variable that is the node's operand at `at` as what a kernel changes.
    pub(crate) fn state(&self, at: usize) -> Result<Target, String> {
        let node = self.graph.nodes.get(self.node.idx());
        let operand = node.and_then(|node| node.inputs.get(at).copied().flatten());
        operand.map(Target::State).ok_or_else(|| format!("operand {at}, a variable, is missing"))
    }

    /// Appends the call of a kernel that writes the node's results, all of them in order; fails when the kernel
    /// refuses its specification.
    pub(crate) fn call(&mut self, kernel: Kernel, operands: Vec<Operand>) -> Result<(), String> {
        let n_results = self.graph.nodes.get(self.node.idx()).map_or(0, |node| node.outputs.len());
        let targets = (0..n_results).map(|at| self.result(at)).collect::<Result<_, _>>()?;
        self.call_into(kernel, operands, targets)
    }

    /// Appends the call of a kernel that writes these targets: results, then states, then scratch memory. A node may
    /// make several calls, one after the other, each writing other results or other parts of one.
    pub(crate) fn call_into(
        &mut self,
        kernel: Kernel,
        operands: Vec<Operand>,
        targets: Vec<Target>,
    ) -> Result<(), String> {
        kernel.ready().map_err(|error| format!("{} refuses it: {error}", kernel.path()))?;
        let (reads, writes) = (kernel.operands(), kernel.targets());
        if operands.len() != reads.len() || targets.len() != writes.len() {
            let (operands, targets) = (operands.len(), targets.len());
            return Err(format!("bug in Smidgen: {} is called with {operands} and {targets}", kernel.path()));
        }
        self.program.calls.push(Call {
            node: self.node,
            kernel,
            operands: operands.into_iter().zip(reads.iter().map(|&(_, elem)| elem)).collect(),
            targets: targets.into_iter().zip(writes.iter().map(|&(_, elem)| elem)).collect(),
        });
        Ok(())
    }

    /// Makes the only result a view of the first operand; says whether it could.
    pub(crate) fn view(&mut self) -> bool {
        let Some(node) = self.graph.nodes.get(self.node.idx()) else { return false };
        let (Some(&Some(input)), &[output]) = (node.inputs.first(), node.outputs.as_slice()) else {
            return false;
        };
        let tensor = self.graph.tensor(input);
        // A variable may change while the result is still read.
        if tensor.is_const() || tensor.is_variable {
            return false;
        }
        let origin = self.root(input);
        if self.graph.inputs.contains(&origin) && self.graph.outputs.contains(&output) {
            return false;
        }
        self.roots.insert(output, origin);
        self.program.views.push((output, origin));
        true
    }

    fn root(&self, idx: TensorIdx) -> TensorIdx {
        self.roots.get(&idx).copied().unwrap_or(idx)
    }

    fn add_const(&mut self, what: &str, elem: Elem, bytes: Vec<u8>) -> ConstIdx {
        let stem = self.graph.nodes.get(self.node.idx()).map_or_else(String::new, |node| node.op.stem());
        let name = format!("{stem}_{}_{what}", self.node.0);
        self.program.consts.push(Const { name, elem, bytes });
        ConstIdx((self.program.consts.len() - 1) as u32)
    }
}

fn elem_of(tensor: &Tensor) -> Elem {
    match tensor.dtype {
        DType::F32 => Elem::F32,
        DType::F16 => Elem::U16,
        DType::I8 => Elem::I8,
        DType::I4 | DType::U8 | DType::Bool => Elem::U8,
        DType::I16 => Elem::I16,
        DType::I32 => Elem::I32,
        DType::I64 => Elem::I64,
        DType::U32 => Elem::U32,
        DType::U64 => Elem::U64,
    }
}
