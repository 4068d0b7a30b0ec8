//! LEAKY_RELU: `LeakyReluOptions`.

use smidgen_ir::{Graph, Node, Op, ops::leaky_relu::LeakyRelu};

use super::{Code, Encoded, Options, Source, Value, Version};
use crate::findings::Fault;
use crate::schema::{builtin, leaky_relu_options as field, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let alpha = source.options(options::LEAKY_RELU)?.table().scalar(field::ALPHA, 0f32)?;
    Ok(Op::LeakyRelu(LeakyRelu { alpha }))
}

pub(super) fn write(op: &LeakyRelu, graph: &Graph, node: &Node) -> Encoded {
    Encoded::new(
        Code::Builtin(builtin::LEAKY_RELU),
        Version::by_type(graph, node, 1, 2),
        Options::new(options::LEAKY_RELU).with(field::ALPHA, Value::Float(op.alpha)),
    )
}
