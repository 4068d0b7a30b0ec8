//! The cell of UNIDIRECTIONAL_SEQUENCE_LSTM: what values it takes, and the types of the layer's states.
//!
//! Hidden state and output share one scale; the cell is int16 with a scale that is a power of two (TFLite 8-bit
//! quantisation specification, LSTM). No result shows the cell, so each layer is run again one step at a time.

use super::calibrate::Observer;
use super::tensor_place;
use crate::CompressError;
use crate::quantize::floats;
use smidgen_ir::Range;
use smidgen_ir::{DType, Graph, Interpreter, Node, NodeIdx, Op, Quant, Tensor, TensorIdx};

/// Operands of the layer: four gates each of input weights, recurrent weights and biases, then both states.
pub(super) const INPUT_WEIGHTS: usize = 1;
pub(super) const RECURRENT_WEIGHTS: usize = 5;
pub(super) const BIASES: usize = 9;
pub(super) const N_GATES: usize = 4;
const HIDDEN: usize = 13;
const CELL: usize = 14;

/// Fewest and most fractional bits of a cell.
const FRACTION_BITS: [i32; 2] = [0, 15];

/// The layers of a graph, each ready to run one step after the other.
pub(super) struct Cells {
    steppers: Vec<Stepper>,
}

struct Stepper {
    /// What the layer reads.
    input: TensorIdx,
    cell: TensorIdx,
    /// Values of one step.
    step_len: usize,
    one_step: Interpreter,
    inner_cell: TensorIdx,
}

impl Cells {
    /// # Errors
    /// A layer over several sequences at once.
    pub(super) fn of(graph: &Graph) -> Result<Self, CompressError> {
        let lstms = (0u32..).zip(&graph.nodes).filter(|(_, node)| is_lstm(&node.op));
        let steppers = lstms.map(|(at, node)| Stepper::of(graph, NodeIdx(at), node));
        Ok(Cells { steppers: steppers.collect::<Result<_, _>>()? })
    }

    /// Runs the layers that read `idx` over its values and tells what their cells hold after each step.
    ///
    /// # Errors
    /// What `observer` returns.
    pub(super) fn follow(
        &mut self,
        idx: TensorIdx,
        values: &[f32],
        observer: &mut Observer<'_>,
    ) -> Result<(), CompressError> {
        for stepper in self.steppers.iter_mut().filter(|stepper| stepper.input == idx) {
            stepper.one_step.reset();
            for step in values.chunks_exact(stepper.step_len) {
                let bytes: Vec<u8> = step.iter().flat_map(|value| value.to_le_bytes()).collect();
                stepper.one_step.run(&bytes)?;
                let cell: Vec<f32> = floats(stepper.one_step.variable(stepper.inner_cell)).collect();
                observer(stepper.cell, &cell)?;
            }
        }
        Ok(())
    }
}

impl Stepper {
    fn of(graph: &Graph, at: NodeIdx, node: &Node) -> Result<Self, CompressError> {
        let refuse =
            |message: &str| CompressError::Place { place: graph.describe(at), message: message.into() };
        let operand = |at: usize| node.inputs.get(at).copied().flatten();
        let (Some(input), Some(cell)) = (operand(0), operand(CELL)) else {
            return Err(refuse("it has no input or no cell"));
        };
        let shape = graph.tensor(input).shape.as_slice();
        let time_major = matches!(&node.op, Op::UnidirectionalSequenceLstm(op) if op.time_major);
        let (1, &[_, _, step_len]) =
            (if time_major { shape.get(1) } else { shape.first() }.map_or(0, |&n| n), shape)
        else {
            return Err(refuse("it runs over several sequences at once; expected a batch of 1"));
        };
        let mut small = Graph { name: graph.name.clone(), ..Graph::default() };
        let inner_input = small.add_tensor(Tensor::activation("step", DType::F32, vec![1, 1, step_len]));
        let mut inputs = vec![Some(inner_input)];
        for &operand in node.inputs.iter().skip(1) {
            inputs.push(operand.map(|idx| small.add_tensor(graph.tensor(idx).clone())));
        }
        let Some(inner_cell) = inputs.get(CELL).copied().flatten() else {
            return Err(refuse("it has no cell"));
        };
        let mut op = node.op.clone();
        if let Op::UnidirectionalSequenceLstm(op) = &mut op {
            op.reset = false;
        }
        let units = graph.tensor(cell).n_elements();
        let output = small.add_tensor(Tensor::activation("hidden", DType::F32, vec![1, 1, units]));
        small.nodes.push(Node { op, inputs, outputs: vec![output] });
        (small.inputs, small.outputs) = (vec![inner_input], vec![output]);
        Ok(Stepper {
            input,
            cell,
            step_len: step_len.max(1),
            one_step: Interpreter::new(&small)?,
            inner_cell,
        })
    }
}

pub(super) fn is_lstm(op: &Op) -> bool {
    matches!(op, Op::UnidirectionalSequenceLstm(_))
}

/// Makes the states of `node` int8 like its output, and int16.
///
/// # Errors
/// A cell that calibration has not seen.
pub(super) fn set_states(
    graph: &mut Graph,
    node: &Node,
    output: &Quant,
    ranges: &[Option<Range>],
) -> Result<(), CompressError> {
    let state = |at: usize| node.inputs.get(at).copied().flatten();
    if let Some(hidden) = state(HIDDEN) {
        set(graph, hidden, DType::I8, output.clone());
    }
    if let Some(cell) = state(CELL) {
        let range = ranges.get(cell.idx()).copied().flatten().ok_or_else(|| CompressError::Place {
            place: tensor_place(graph, cell),
            message: "calibration has not seen it".into(),
        })?;
        set(graph, cell, DType::I16, Quant::per_tensor(cell_scale(range), 0));
    }
    Ok(())
}

fn set(graph: &mut Graph, idx: TensorIdx, dtype: DType, quant: Quant) {
    let tensor = graph.tensor_mut(idx);
    (tensor.dtype, tensor.quant, tensor.data) = (dtype, Some(quant), None);
}

/// The finest power of two by which int16 holds the range.
fn cell_scale(range: Range) -> f32 {
    let magnitude = range.min.abs().max(range.max.abs());
    let integer_bits = f64::from(magnitude).log2().ceil().clamp(-16.0, 16.0) as i32;
    let [fewest, most] = FRACTION_BITS;
    (2.0f32).powi(-(15 - integer_bits).clamp(fewest, most))
}

#[cfg(test)]
mod tests;
