//! CONCATENATION: `ConcatenationOptions`.

use smidgen_ir::{Activation, DType, Graph, Node, Op, ops::concatenation::Concatenation};

use super::{Code, Encoded, Options, Source, Value, Version};
use crate::findings::Fault;
use crate::schema::{builtin, concatenation_options as field, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let fields = source.options(options::CONCATENATION)?;
    if fields.activation(field::ACTIVATION)? != Activation::None {
        return Err(Fault::message(
            "a fused activation is not supported, neither here nor in LiteRT; put it behind the operator",
        ));
    }
    Ok(Op::Concatenation(Concatenation { axis: fields.table().scalar(field::AXIS, 0)? }))
}

pub(super) fn write(op: &Concatenation, graph: &Graph, node: &Node) -> Encoded {
    let options = Options::new(options::CONCATENATION).with(field::AXIS, Value::Int(op.axis));
    Encoded::new(
        Code::Builtin(builtin::CONCATENATION),
        Version::of_type(graph, node, &[(DType::I8, 2), (DType::I16, 3)]),
        options,
    )
}
