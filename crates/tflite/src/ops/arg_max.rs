//! ARG_MAX: `ArgMaxOptions`; the axis is a constant operand in the file.

use smidgen_ir::{Graph, Node, Op, Tensor, ops::arg_max::ArgMax};

use super::{Code, Encoded, Options, Source, Value, Version, reducer};
use crate::findings::Fault;
use crate::schema::{arg_max_options as field, builtin, options, tensor_type};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let output = match source.optional_options(options::ARG_MAX)? {
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
    Ok(Op::ArgMax(ArgMax { axis: reducer::axis(source)?, int64 }))
}

pub(super) fn write(op: &ArgMax, graph: &Graph, node: &Node) -> Encoded {
    let output = if op.int64 { tensor_type::INT64 } else { tensor_type::INT32 };
    let options = Options::new(options::ARG_MAX).with(field::OUTPUT_TYPE, Value::Byte(output));
    Encoded::new(Code::Builtin(builtin::ARG_MAX), Version::two_for_int8(graph, node), options)
        .and(1, Tensor::const_i32("axis", vec![], &[op.axis], None))
}
