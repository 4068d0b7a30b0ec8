//! CAST: `CastOptions`, whose types repeat those of the tensors.

use smidgen_ir::{DType, Graph, Node, Op, ops::cast::Cast};

use super::encode::operand_type;
use super::{Code, Encoded, Options, Source, Value, Version};
use crate::findings::Fault;
use crate::schema::{builtin, cast_options as field, options, tensor_type};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::Cast(Cast { to: source.result_type(0)? }))
}

pub(super) fn write(op: &Cast, graph: &Graph, node: &Node) -> Encoded {
    let from = operand_type(graph, node, 0).unwrap_or(op.to);
    // Version 4 is the first with int16 and float16, version 2 with int8 and uint8 (`op_version.cc`).
    let needs = |dtype| match dtype {
        DType::F16 | DType::I16 => 4,
        DType::I8 => 2,
        _ => 1,
    };
    let options = Options::new(options::CAST)
        .with(field::IN_DATA_TYPE, Value::Byte(tensor_type::of(from)))
        .with(field::OUT_DATA_TYPE, Value::Byte(tensor_type::of(op.to)));
    Encoded::new(Code::Builtin(builtin::CAST), Version(needs(from).max(needs(op.to))), options)
}
