//! `ArgMaxOptions` and `ArgMinOptions`, which are alike, and the operand of the axis, for ARG_MAX and ARG_MIN.

use smidgen_ir::{Graph, Node, Tensor};

use super::{Code, Encoded, Options, Source, Value, Version, reducer};
use crate::findings::Fault;
use crate::schema::{arg_max_options as field, tensor_type};

/// The axis, and whether indices are int64.
pub(super) fn read(source: &Source<'_>, options: u8) -> Result<(i32, bool), Fault> {
    let output = match source.optional_options(options)? {
        Some(fields) => fields.table().scalar(field::OUTPUT_TYPE, tensor_type::FLOAT32)?,
        None => tensor_type::INT32,
    };
    let int64 = match output {
        // Zero, which is float32, stands for the default.
        tensor_type::FLOAT32 | tensor_type::INT32 => false,
        tensor_type::INT64 => true,
        other => {
            let name = tensor_type::name(other).unwrap_or("an unknown type");
            return Err(Fault::message(format!("its output_type is {name}; expected int32 or int64")));
        }
    };
    Ok((reducer::axis(source)?, int64))
}

pub(super) fn write(
    code: i32,
    options: u8,
    (axis, int64): (i32, bool),
    graph: &Graph,
    node: &Node,
) -> Encoded {
    let output = if int64 { tensor_type::INT64 } else { tensor_type::INT32 };
    let options = Options::new(options).with(field::OUTPUT_TYPE, Value::Byte(output));
    Encoded::new(Code::Builtin(code), Version::two_for_int8(graph, node), options)
        .and(1, Tensor::const_i32("axis", vec![], &[axis], None))
}
