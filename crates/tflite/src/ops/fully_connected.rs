//! FULLY_CONNECTED: `FullyConnectedOptions`.

use smidgen_ir::{DType, Graph, Node, Op, ops::fully_connected::FullyConnected};

use super::encode::operand_type;
use super::{Code, Encoded, Options, Source, Value, Version};
use crate::findings::Fault;
use crate::schema::{builtin, fully_connected_options as field, options};

const DEFAULT_WEIGHTS_FORMAT: i8 = 0;

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let Some(fields) = source.optional_options(options::FULLY_CONNECTED)? else {
        return Ok(Op::FullyConnected(FullyConnected::default()));
    };
    fields.refuse_bias_type(field::QUANTIZED_BIAS_TYPE)?;
    if fields.table().scalar(field::WEIGHTS_FORMAT, DEFAULT_WEIGHTS_FORMAT)? != DEFAULT_WEIGHTS_FORMAT {
        return Err(Fault::message(
            "weights_format must be DEFAULT, found a shuffled one; convert the model again",
        ));
    }
    Ok(Op::FullyConnected(FullyConnected {
        activation: fields.activation(field::ACTIVATION)?,
        keep_num_dims: fields.table().flag(field::KEEP_NUM_DIMS)?,
    }))
}

pub(super) fn write(op: &FullyConnected, graph: &Graph, node: &Node) -> Encoded {
    let options = Options::new(options::FULLY_CONNECTED)
        .activation(field::ACTIVATION, op.activation)
        .with(field::WEIGHTS_FORMAT, Value::Byte(DEFAULT_WEIGHTS_FORMAT))
        .with(field::KEEP_NUM_DIMS, Value::Byte(i8::from(op.keep_num_dims)));
    Encoded::new(Code::Builtin(builtin::FULLY_CONNECTED), version(op, graph, node), options)
}

fn version(op: &FullyConnected, graph: &Graph, node: &Node) -> Version {
    let has_bias = node.inputs.get(2).copied().flatten().is_some();
    let (input, weights) = (operand_type(graph, node, 0), operand_type(graph, node, 1));
    if weights == Some(DType::I4) {
        Version(10)
    } else if input == Some(DType::I16) {
        Version(7)
    } else if !has_bias {
        Version(6)
    } else if op.keep_num_dims {
        Version(5)
    } else if input == Some(DType::I8) {
        Version(4)
    } else {
        Version(1)
    }
}
