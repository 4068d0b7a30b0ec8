//! `ReducerOptions` and the operand of axes, which MEAN, SUM, REDUCE_MAX and REDUCE_MIN share.

use smidgen_ir::{DType, Graph, Node, Tensor};

use super::encode::operand_type;
use super::{Code, Encoded, Options, Source, Value, Version};
use crate::findings::Fault;
use crate::schema::{options, reducer_options as field};

/// The axes, negative ones as they are, and whether they stay with an extent of 1.
pub(super) fn read(source: &Source<'_>) -> Result<(Vec<i32>, bool), Fault> {
    let keep_dims = match source.optional_options(options::REDUCER)? {
        Some(fields) => fields.table().flag(field::KEEP_DIMS)?,
        None => false,
    };
    Ok((axes(source)?, keep_dims))
}

/// The second operand, a constant list of axes.
pub(super) fn axes(source: &Source<'_>) -> Result<Vec<i32>, Fault> {
    let absent = || Fault::message("its second operand, the axes, is absent; convert the model again");
    let values = source.const_ints(1)?.ok_or_else(absent)?;
    let axes = values.iter().map(|&axis| i32::try_from(axis).ok()).collect::<Option<_>>();
    axes.ok_or_else(|| {
        Fault::message(format!("its axes {values:?} are out of range; convert the model again"))
    })
}

/// The second operand, a constant axis.
pub(super) fn axis(source: &Source<'_>) -> Result<i32, Fault> {
    match axes(source)?.as_slice() {
        &[axis] => Ok(axis),
        other => {
            Err(Fault::message(format!("it must have one axis, found {other:?}; convert the model again")))
        }
    }
}

/// Version 3 for int16, 2 for int8.
pub(super) fn version(graph: &Graph, node: &Node) -> Version {
    match operand_type(graph, node, 0) {
        Some(DType::I16) => Version(3),
        _ => Version::two_for_int8(graph, node),
    }
}

pub(super) fn write(code: i32, version: Version, axes: &[i32], keep_dims: bool) -> Encoded {
    let options = Options::new(options::REDUCER).with(field::KEEP_DIMS, Value::Bool(keep_dims));
    let constant = Tensor::const_i32("axes", vec![axes.len()], axes, None);
    Encoded::new(Code::Builtin(code), version, options).and(1, constant)
}
