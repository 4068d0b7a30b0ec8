//! SHAPE: `ShapeOptions`.

use smidgen_ir::{Graph, Node, Op, ops::shape::Shape};

use super::{Code, Encoded, Options, Source, Value, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options, shape_options as field, tensor_type};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let kind = match source.optional_options(options::SHAPE)? {
        Some(fields) => fields.table().scalar(field::OUT_TYPE, tensor_type::FLOAT32)?,
        None => tensor_type::FLOAT32,
    };
    match kind {
        // Zero, which is float32, stands for the default.
        tensor_type::FLOAT32 | tensor_type::INT32 => Ok(Op::Shape(Shape { wide: false })),
        tensor_type::INT64 => Ok(Op::Shape(Shape { wide: true })),
        other => {
            let name = tensor_type::name(other).unwrap_or("an unknown type");
            Err(Fault::message(format!(
                "out_type is {name}, expected int32 or int64; convert the model again"
            )))
        }
    }
}

pub(super) fn write(op: &Shape, _graph: &Graph, _node: &Node) -> Encoded {
    let kind = if op.wide { tensor_type::INT64 } else { tensor_type::INT32 };
    let options = Options::new(options::SHAPE).with(field::OUT_TYPE, Value::Byte(kind));
    Encoded::new(Code::Builtin(builtin::SHAPE), Version(1), options)
}
