//! GELU: `GeluOptions`.

use smidgen_ir::{Graph, Node, Op, ops::gelu::Gelu};

use super::{Code, Encoded, Options, Source, Value, Version};
use crate::findings::Fault;
use crate::schema::{builtin, gelu_options as field, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let options = source.optional_options(options::GELU)?;
    let approximate = options.map(|options| options.table().scalar(field::APPROXIMATE, 0i8)).transpose()?;
    Ok(Op::Gelu(Gelu { approximate: approximate.is_some_and(|approximate| approximate != 0) }))
}

pub(super) fn write(op: &Gelu, graph: &Graph, node: &Node) -> Encoded {
    Encoded::new(
        Code::Builtin(builtin::GELU),
        Version::two_for_int8(graph, node),
        Options::new(options::GELU).with(field::APPROXIMATE, Value::Bool(op.approximate)),
    )
}
