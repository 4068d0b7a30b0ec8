//! ADD: `AddOptions`.

use smidgen_ir::{Graph, Node, Op, ops::add::Add};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{add_options as field, builtin, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let activation = match source.optional_options(options::ADD)? {
        Some(fields) => fields.activation(field::ACTIVATION)?,
        None => Default::default(),
    };
    Ok(Op::Add(Add { activation }))
}

pub(super) fn write(op: &Add, graph: &Graph, node: &Node) -> Encoded {
    Encoded::new(
        Code::Builtin(builtin::ADD),
        Version::two_for_int8(graph, node),
        Options::new(options::ADD).activation(field::ACTIVATION, op.activation),
    )
}
