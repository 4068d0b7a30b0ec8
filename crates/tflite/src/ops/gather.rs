//! GATHER: `GatherOptions`.

use smidgen_ir::{DType, Graph, Node, Op, ops::gather::Gather};

use super::{Code, Encoded, Options, Source, Value, Version};
use crate::findings::Fault;
use crate::schema::{builtin, gather_options as field, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let (axis, batch_dims) = match source.optional_options(options::GATHER)? {
        Some(fields) => {
            (fields.table().scalar(field::AXIS, 0)?, fields.table().scalar(field::BATCH_DIMS, 0)?)
        }
        None => (0, 0),
    };
    Ok(Op::Gather(Gather { axis, batch_dims }))
}

pub(super) fn write(op: &Gather, graph: &Graph, node: &Node) -> Encoded {
    let options = Options::new(options::GATHER)
        .with(field::AXIS, Value::Int(op.axis))
        .with(field::BATCH_DIMS, Value::Int(op.batch_dims));
    let version = match op.batch_dims {
        0 => Version::of_type(graph, node, &[(DType::I8, 2), (DType::Bool, 3), (DType::I16, 4)]),
        _ => Version(5),
    };
    Encoded::new(Code::Builtin(builtin::GATHER), version, options)
}
