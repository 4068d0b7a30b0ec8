//! UNPACK: `UnpackOptions`.

use smidgen_ir::{DType, Graph, Node, Op, ops::unpack::Unpack};

use super::{Code, Encoded, Options, Source, Value, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options, unpack_options as field};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let axis = source.options(options::UNPACK)?.table().scalar(field::AXIS, 0)?;
    Ok(Op::Unpack(Unpack { axis }))
}

pub(super) fn write(op: &Unpack, graph: &Graph, node: &Node) -> Encoded {
    let options = Options::new(options::UNPACK)
        .size(field::NUM, node.outputs.len())
        .with(field::AXIS, Value::Int(op.axis));
    let types = [(DType::I8, 2), (DType::U8, 2), (DType::Bool, 3), (DType::I16, 4)];
    Encoded::new(Code::Builtin(builtin::UNPACK), Version::of_type(graph, node, &types), options)
}
