//! SUB: `SubOptions`. TFLM ignores `pot_scale_int16`, and so does Smidgen.

use smidgen_ir::{DType, Graph, Node, Op, ops::sub::Sub};

use super::encode::operand_type;
use super::{Code, Encoded, Options, Source, Value, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options, sub_options as field};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let activation = match source.optional_options(options::SUB)? {
        Some(fields) => fields.activation(field::ACTIVATION)?,
        None => Default::default(),
    };
    Ok(Op::Sub(Sub { activation }))
}

pub(super) fn write(op: &Sub, graph: &Graph, node: &Node) -> Encoded {
    let version = match operand_type(graph, node, 0) {
        Some(DType::I8) => Version(2),
        Some(DType::I16) => Version(5),
        Some(DType::I64) => Version(4),
        _ => Version(1),
    };
    let options = Options::new(options::SUB).activation(field::ACTIVATION, op.activation);
    // The default is true, which LiteRT would follow.
    let options = match operand_type(graph, node, 0) {
        Some(DType::I16) => options.with(field::POT_SCALE_INT16, Value::Bool(false)),
        _ => options,
    };
    Encoded::new(Code::Builtin(builtin::SUB), version, options)
}
