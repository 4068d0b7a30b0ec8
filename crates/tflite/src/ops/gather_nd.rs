//! GATHER_ND: `GatherNdOptions`, which has no fields.

use smidgen_ir::{DType, Graph, Node, Op, ops::gather_nd::GatherNd};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_source: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::GatherNd(GatherNd {}))
}

pub(super) fn write(_op: &GatherNd, graph: &Graph, node: &Node) -> Encoded {
    Encoded::new(
        Code::Builtin(builtin::GATHER_ND),
        Version::of_type(graph, node, &[(DType::I16, 3), (DType::Bool, 5)]),
        Options::new(options::GATHER_ND),
    )
}
