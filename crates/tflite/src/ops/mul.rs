//! MUL: `MulOptions`.

use smidgen_ir::{DType, Graph, Node, Op, ops::mul::Mul};

use super::encode::operand_type;
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, mul_options as field, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let activation = match source.optional_options(options::MUL)? {
        Some(fields) => fields.activation(field::ACTIVATION)?,
        None => Default::default(),
    };
    Ok(Op::Mul(Mul { activation }))
}

pub(super) fn write(op: &Mul, graph: &Graph, node: &Node) -> Encoded {
    let version = match operand_type(graph, node, 0) {
        Some(DType::I8) => Version(2),
        Some(DType::I16) => Version(4),
        Some(DType::I64) => Version(6),
        _ => Version(1),
    };
    let options = Options::new(options::MUL).activation(field::ACTIVATION, op.activation);
    Encoded::new(Code::Builtin(builtin::MUL), version, options)
}
