//! TRANSPOSE: `TransposeOptions`, which has no fields; the permutation is a constant operand in the file.

use smidgen_ir::{DType, Graph, Node, Op, ops::transpose::Transpose};

use super::attribute_operands as operand;
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let permutation = operand::sizes(source, 1, "permutation")?;
    Ok(Op::Transpose(Transpose { permutation }))
}

pub(super) fn write(op: &Transpose, graph: &Graph, node: &Node) -> Encoded {
    let version = match op.permutation.len() {
        6.. => Version(6),
        5 => Version::of_type(graph, node, &[(DType::I16, 5)]).max(Version(4)),
        _ => Version::of_type(graph, node, &[(DType::I8, 2), (DType::Bool, 3), (DType::I16, 5)]),
    };
    Encoded::new(Code::Builtin(builtin::TRANSPOSE), version, Options::new(options::TRANSPOSE))
        .and(1, operand::size_list("permutation", &op.permutation))
}
