//! UNIDIRECTIONAL_SEQUENCE_LSTM: `UnidirectionalSequenceLSTMOptions`; both states are variables.

use smidgen_ir::{
    DType, Graph, Node, Op, Tensor, ops::unidirectional_sequence_lstm::UnidirectionalSequenceLstm,
};

use super::{Code, Encoded, FileOperand, Options, Source, Value, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options, unidirectional_sequence_lstm_options as field};

/// Where the file has the node's operands: input, weights, recurrent weights, biases, hidden state and cell.
pub(super) const OPERANDS: &[usize] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 14, 15, 18, 19];

/// Operands that the graph does not have, and what they make of the layer.
const REFUSED: [(&[usize], &str); 3] = [
    (&[9, 10, 11], "peephole connections"),
    (&[16, 17], "a projection"),
    (&[20, 21, 22, 23], "layer normalisation"),
];

/// All operands of the file.
const N_OPERANDS: usize = 24;

/// The file's operand that is the hidden state.
const HIDDEN: usize = 18;

/// The activation of the cell: TANH.
const TANH: i8 = 4;

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    for (operands, what) in REFUSED {
        if operands.iter().any(|&at| source.operand(at).is_some()) {
            return Err(Fault::message(format!(
                "it has {what}, which neither Smidgen nor TFLM runs; build the model without"
            )));
        }
    }
    if source.operand(1).is_none() && source.operand(2).is_some() {
        return Err(Fault::message(
            "its input gate is coupled to the forget gate, which neither Smidgen nor TFLM runs; build the model without",
        ));
    }
    let fields = source.options(options::UNIDIRECTIONAL_SEQUENCE_LSTM)?;
    let table = fields.table();
    let activation = table.scalar(field::ACTIVATION, 0i8)?;
    if activation != TANH {
        return Err(Fault::message(format!(
            "the activation of its cell is number {activation}; only TANH ({TANH}) is supported"
        )));
    }
    if table.flag(field::DIAGONAL_RECURRENT_TENSORS)? {
        return Err(Fault::message("its recurrent weights are diagonal, which is not supported"));
    }
    Ok(Op::UnidirectionalSequenceLstm(UnidirectionalSequenceLstm {
        time_major: table.flag(field::TIME_MAJOR)?,
        cell_clip: table.scalar(field::CELL_CLIP, 0f32)?,
        reset: false,
    }))
}

pub(super) fn write(op: &UnidirectionalSequenceLstm, graph: &Graph, node: &Node) -> Encoded {
    let options = Options::new(options::UNIDIRECTIONAL_SEQUENCE_LSTM)
        .with(field::ACTIVATION, Value::Byte(TANH))
        .with(field::CELL_CLIP, Value::Float(op.cell_clip))
        .with(field::TIME_MAJOR, Value::Bool(op.time_major));
    let operand = |at| {
        let ours = OPERANDS.iter().position(|&theirs| theirs == at);
        ours.map_or(FileOperand::Absent, FileOperand::Node)
    };
    Encoded::new(Code::Builtin(builtin::UNIDIRECTIONAL_SEQUENCE_LSTM), Version(1), options)
        .with_operands((0..N_OPERANDS).map(operand).collect())
        .with_intermediates(intermediates(graph, node))
}

/// The tensors that TFLite's integer kernel takes the scale of the hidden state from, after four that only layer
/// normalisation uses; none for a float layer.
fn intermediates(graph: &Graph, node: &Node) -> Vec<Tensor> {
    let operand = |theirs: usize| {
        let at = OPERANDS.iter().position(|&of_file| of_file == theirs)?;
        node.inputs.get(at).copied().flatten().and_then(|idx| graph.get(idx))
    };
    let Some(hidden) = operand(HIDDEN).filter(|hidden| hidden.dtype.is_quantized()) else {
        return Vec::new();
    };
    let unused = ["input", "forget", "cell", "output"]
        .map(|gate| Tensor::activation(format!("input_to_{gate}_intermediate"), DType::F32, vec![0]));
    let effective = Tensor::activation("effective_hidden_scale_intermediate", hidden.dtype, vec![0]);
    unused.into_iter().chain([Tensor { quant: hidden.quant.clone(), ..effective }]).collect()
}
