//! Lowering: a verified graph becomes kernel calls with packed constants.

use std::collections::BTreeMap;

use crate::error::IrError;
use crate::graph::{Graph, NodeIdx, TensorIdx};
use crate::kernel::Kernel;
use crate::ops::operand_tensors;
use crate::program::{Call, Const, ConstIdx, Elem, Operand, Program};
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
        let Some(&output) = node.outputs.first() else { continue };
        let mut to = NodeLowering {
            graph,
            node: idx,
            output,
            program: &mut program,
            const_of: &mut const_of,
            roots: &mut roots,
        };
        node.op
            .lower(&operand_tensors(graph, node), graph.tensor(output), &mut to)
            .map_err(|message| IrError::Node { place: graph.describe(idx), message })?;
    }
    Ok(program)
}

/// What an operator lowers itself with.
#[derive(Debug)]
pub(crate) struct NodeLowering<'a> {
    graph: &'a Graph,
    node: NodeIdx,
    output: TensorIdx,
    program: &'a mut Program,
    /// Constant tensors that are packed already; nodes may share them.
    const_of: &'a mut BTreeMap<TensorIdx, ConstIdx>,
    /// The tensor that owns the bytes of each view.
    roots: &'a mut BTreeMap<TensorIdx, TensorIdx>,
}

impl NodeLowering<'_> {
    /// The node's operand at `at` as an argument of a kernel.
    pub(crate) fn operand(&mut self, at: usize) -> Operand {
        let Some(node) = self.graph.nodes.get(self.node.idx()) else { return Operand::Absent };
        let Some(idx) = node.inputs.get(at).copied().flatten() else { return Operand::Absent };
        let tensor = self.graph.tensor(idx);
        let Some(data) = &tensor.data else { return Operand::Tensor(self.root(idx)) };
        if let Some(&packed) = self.const_of.get(&idx) {
            return Operand::Const(packed);
        }
        let name = node.op.operand_names().get(at).copied().unwrap_or("operand").replace(' ', "_");
        let packed = self.add_const(&name, elem_of(tensor), data.to_vec());
        self.const_of.insert(idx, packed);
        Operand::Const(packed)
    }

    /// Multipliers and shifts as two constants.
    pub(crate) fn multipliers(&mut self, multipliers: &[i32], shifts: &[i32]) -> [Operand; 2] {
        let bytes = multipliers.iter().flat_map(|value| value.to_le_bytes()).collect();
        let multiplier = self.add_const("multiplier", Elem::I32, bytes);
        // Shifts are within -31..=31, see `quantize_multiplier`.
        let bytes = shifts.iter().map(|&value| (value as i8).cast_unsigned()).collect();
        let shift = self.add_const("shift", Elem::I8, bytes);
        [Operand::Const(multiplier), Operand::Const(shift)]
    }

    /// Appends the call of this node; fails when the kernel refuses its specification.
    pub(crate) fn call(&mut self, kernel: Kernel, operands: Vec<Operand>) -> Result<(), String> {
        kernel.ready().map_err(|error| format!("{} refuses it: {error}", kernel.path()))?;
        let elems = kernel.operands().iter().map(|&(_, elem)| elem);
        self.program.calls.push(Call {
            node: self.node,
            kernel,
            operands: operands.into_iter().zip(elems).collect(),
            output: self.output,
            output_elem: kernel.output(),
            scratch_bytes: 0,
        });
        Ok(())
    }

    /// Makes the result a view of the first operand; says whether it could.
    pub(crate) fn view(&mut self) -> bool {
        let node = self.graph.nodes.get(self.node.idx());
        let Some(input) = node.and_then(|node| node.inputs.first().copied().flatten()) else { return false };
        if self.graph.tensor(input).is_const() {
            return false;
        }
        let origin = self.root(input);
        if self.graph.inputs.contains(&origin) && self.graph.outputs.contains(&self.output) {
            return false;
        }
        self.roots.insert(self.output, origin);
        self.program.views.push((self.output, origin));
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
        DType::I8 => Elem::I8,
        DType::I32 => Elem::I32,
    }
}
