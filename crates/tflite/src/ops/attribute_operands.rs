//! Operands that the file has and the graph does not: constants that say what an operator does, such as an axis.

use smidgen_ir::Tensor;

use super::Source;
use crate::findings::Fault;

/// The integers of constant operand `at`, which must be there. `what` names it in messages: `paddings`.
pub(super) fn ints(source: &Source<'_>, at: usize, what: &str) -> Result<Vec<i32>, Fault> {
    let values = source.const_ints(at)?;
    let values = values.ok_or_else(|| {
        Fault::message(format!("its operand {at}, the {what}, is absent; convert the model again"))
    })?;
    // What does not fit is a position far outside every tensor, as the nearest that fits is too.
    Ok(values.iter().map(|&value| value.clamp(i32::MIN.into(), i32::MAX.into()) as i32).collect())
}

/// The only integer of constant operand `at`.
pub(super) fn int(source: &Source<'_>, at: usize, what: &str) -> Result<i32, Fault> {
    match ints(source, at, what)?.as_slice() {
        &[value] => Ok(value),
        values => Err(Fault::message(format!(
            "its {what} must be one integer, found {}; convert the model again",
            values.len()
        ))),
    }
}

/// The sizes in constant operand `at`, none negative.
pub(super) fn sizes(source: &Source<'_>, at: usize, what: &str) -> Result<Vec<usize>, Fault> {
    let values = ints(source, at, what)?;
    let sizes = values.iter().map(|&value| usize::try_from(value).ok()).collect::<Option<_>>();
    sizes.ok_or_else(|| {
        Fault::message(format!("its {what} {values:?} must not be negative; convert the model again"))
    })
}

/// The shape of the result: the sizes in constant operand `at`, or what the file says of the result where the model
/// computes the operand. Shapes in the file are fixed, so both are the same.
pub(super) fn shape(source: &Source<'_>, at: usize) -> Result<Vec<usize>, Fault> {
    if !source.is_computed(at)? {
        return sizes(source, at, "shape");
    }
    let shape = source.result_shape()?;
    let extents = shape.iter().map(|&extent| usize::try_from(extent).ok()).collect::<Option<_>>();
    extents.ok_or_else(|| {
        Fault::message(format!("its result has shape {shape:?}; convert the model with a fixed input shape"))
    })
}

/// The pairs of sizes in constant operand `at`: before and after, for each dimension.
pub(super) fn pairs(source: &Source<'_>, at: usize, what: &str) -> Result<Vec<[usize; 2]>, Fault> {
    let values = sizes(source, at, what)?;
    match values.as_chunks() {
        (pairs, []) => Ok(pairs.to_vec()),
        _ => Err(Fault::message(format!("its {what} {values:?} must be pairs; convert the model again"))),
    }
}

/// Rows and columns from constant operand `at`.
pub(super) fn height_and_width(source: &Source<'_>, at: usize) -> Result<[usize; 2], Fault> {
    let size = match shape(source, at)?.as_slice() {
        // The shape of a result whose size the model computes.
        &[_, height, width, _] => vec![height, width],
        size => size.to_vec(),
    };
    <[usize; 2]>::try_from(size).map_err(|size| {
        Fault::message(format!("its size must be rows and columns, found {size:?}; convert the model again"))
    })
}

/// A list as an operand of the file.
pub(super) fn list(name: &str, values: &[i32]) -> Tensor {
    Tensor::const_i32(name, vec![values.len()], values, None)
}

/// One integer as an operand of the file.
pub(super) fn scalar(name: &str, value: i32) -> Tensor {
    Tensor::const_i32(name, Vec::new(), &[value], None)
}

/// Sizes as an operand of the file. Extents of a verified graph fit.
pub(super) fn size_list(name: &str, sizes: &[usize]) -> Tensor {
    list(name, &sizes.iter().map(|&size| size_value(size)).collect::<Vec<_>>())
}

/// Pairs of sizes as an operand of the file.
pub(super) fn pair_list(name: &str, pairs: &[[usize; 2]]) -> Tensor {
    let values: Vec<i32> = pairs.iter().flatten().map(|&size| size_value(size)).collect();
    Tensor::const_i32(name, vec![pairs.len(), 2], &values, None)
}

fn size_value(size: usize) -> i32 {
    i32::try_from(size).unwrap_or(i32::MAX)
}
