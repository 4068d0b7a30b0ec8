//! RESHAPE: `ReshapeOptions`; the new shape is also a constant operand in the file, which goes before the options.

use smidgen_ir::{Graph, Node, Op, Tensor, ops::reshape::Reshape};

use super::{Code, Encoded, Options, Source, Value, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options, reshape_options as field};
use crate::tensors::MAX_RANK;

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    if source.is_computed(1)? {
        // Shapes in the file are fixed, so the result has the shape that the model would compute.
        return Ok(Op::Reshape(Reshape { shape: source.result_shape()? }));
    }
    let shape = match source.const_ints(1)? {
        Some(values) => narrow(&values)?,
        None => from_options(source)?,
    };
    Ok(Op::Reshape(Reshape { shape }))
}

fn narrow(values: &[i64]) -> Result<Vec<i32>, Fault> {
    let shape: Result<Vec<i32>, _> = values.iter().map(|&extent| i32::try_from(extent)).collect();
    shape.map_err(|_| Fault::message(format!("shape {values:?} is outside int32; convert the model again")))
}

fn from_options(source: &Source<'_>) -> Result<Vec<i32>, Fault> {
    let absent = || Fault::message("it has neither a shape operand nor options; convert the model again");
    let shape = source.optional_options(options::RESHAPE)?.ok_or_else(absent)?;
    let shape = shape.table().scalars::<i32>(field::NEW_SHAPE)?;
    if shape.len() > MAX_RANK {
        return Err(Fault::message(format!(
            "new_shape has {} extents, at most {MAX_RANK} are supported",
            shape.len()
        )));
    }
    let shape: Vec<i32> = shape.iter().collect();
    // Old converters wrote the shape of a scalar as [0].
    Ok(if shape == [0] { Vec::new() } else { shape })
}

pub(super) fn write(op: &Reshape, _: &Graph, _: &Node) -> Encoded {
    Encoded::new(
        Code::Builtin(builtin::RESHAPE),
        Version(1),
        Options::new(options::RESHAPE).with(field::NEW_SHAPE, Value::Ints(op.shape.clone())),
    )
    .and(1, Tensor::const_i32("shape", vec![op.shape.len()], &op.shape, None))
}
