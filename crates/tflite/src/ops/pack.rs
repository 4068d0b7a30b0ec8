//! PACK: `PackOptions`.

use smidgen_ir::{DType, Graph, Node, Op, ops::pack::Pack};

use super::{Code, Encoded, Options, Source, Value, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options, pack_options as field};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let axis = source.options(options::PACK)?.table().scalar(field::AXIS, 0)?;
    Ok(Op::Pack(Pack { axis }))
}

pub(super) fn write(op: &Pack, graph: &Graph, node: &Node) -> Encoded {
    let options = Options::new(options::PACK)
        .size(field::VALUES_COUNT, node.inputs.len())
        .with(field::AXIS, Value::Int(op.axis));
    Encoded::new(
        Code::Builtin(builtin::PACK),
        Version::of_type(graph, node, &[(DType::I8, 2), (DType::I16, 3)]),
        options,
    )
}
