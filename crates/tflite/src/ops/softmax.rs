//! SOFTMAX: `SoftmaxOptions`.

use smidgen_ir::{DType, Graph, Node, Op, ops::softmax::Softmax};

use super::{Code, Encoded, Options, Source, Value, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options, softmax_options as field};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let beta = source.options(options::SOFTMAX)?.table().scalar(field::BETA, 0f32)?;
    let wide = source.is_int8(0)? && source.result_type(0)? == DType::I16;
    Ok(Op::Softmax(Softmax { beta, wide }))
}

pub(super) fn write(op: &Softmax, graph: &Graph, node: &Node) -> Encoded {
    Encoded::new(
        Code::Builtin(builtin::SOFTMAX),
        Version::by_type(graph, node, 2, 3),
        Options::new(options::SOFTMAX).with(field::BETA, Value::Float(op.beta)),
    )
}
