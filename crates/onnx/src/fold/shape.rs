//! The shapes that operators ask for, checked against what they work on: for constants and for activations.

use super::Operands;
use crate::constant::{Const, count, rank_fits};
use crate::findings::Fallible;
use crate::node::{Node, axes, axis};

/// What Slice takes along one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) begin: usize,
    pub(crate) count: usize,
    pub(crate) step: i64,
}

/// The shape that Reshape makes of `dims`: 0 keeps an extent, -1 takes what is left.
pub(crate) fn reshaped(dims: &[usize], wanted: &[i64], allow_zero: bool) -> Fallible<Vec<usize>> {
    let mut shape = Vec::with_capacity(wanted.len());
    for (at, &extent) in wanted.iter().enumerate() {
        shape.push(match extent {
            0 if !allow_zero => dims.get(at).copied().ok_or_else(|| {
                format!("its shape {wanted:?} keeps extent {at}, which {dims:?} does not have")
            })?,
            -1 => 1,
            _ => {
                usize::try_from(extent).map_err(|_| format!("its shape {wanted:?} has a negative extent"))?
            }
        });
    }
    let n = count(dims)?;
    if let Some(free) = wanted.iter().position(|&extent| extent == -1) {
        let others = count(&shape)?;
        if others == 0 || !n.is_multiple_of(others) {
            return Err(format!("its shape {wanted:?} does not divide the {n} elements of {dims:?}"));
        }
        shape[free] = n / others;
    }
    if count(&shape)? != n {
        return Err(format!(
            "its shape {wanted:?} does not hold the {n} elements of {dims:?}; if the model was exported with a free \
             batch, export it with a batch of 1"
        ));
    }
    Ok(shape)
}

/// The shape that Flatten, Squeeze or Unsqueeze makes of `dims`; axes are an operand since opset 13.
pub(crate) fn relabelled(node: &Node<'_>, operand: Option<&Const>, dims: &[usize]) -> Fallible<Vec<usize>> {
    let list = match (operand, node.ints("axes")?) {
        (Some(axes), _) => Some(axes.as_ints()?),
        (None, attribute) => attribute,
    };
    match node.op() {
        "Flatten" => {
            let at = node.int("axis", 1)?;
            let at = if at == dims.len() as i64 { dims.len() } else { axis(at, dims.len())? };
            Ok(vec![count(&dims[..at])?, count(&dims[at..])?])
        }
        "Squeeze" => {
            let gone = match list {
                Some(list) => axes(list, dims.len())?,
                None => (0..dims.len()).filter(|&axis| dims[axis] == 1).collect(),
            };
            if let Some(&axis) = gone.iter().find(|&&axis| dims[axis] != 1) {
                return Err(format!("axis {axis} of {dims:?} is longer than 1 and cannot be taken away"));
            }
            Ok((0..dims.len()).filter(|axis| !gone.contains(axis)).map(|axis| dims[axis]).collect())
        }
        _ => {
            let list = list.ok_or("it has no axes; export the model again")?;
            let rank = dims.len() + list.len();
            rank_fits(rank)?;
            let new = axes(list, rank)?;
            let mut old = dims.iter().copied();
            Ok((0..rank).map(|axis| if new.contains(&axis) { 1 } else { old.next().unwrap_or(1) }).collect())
        }
    }
}

/// The order of axes of a Transpose.
pub(crate) fn permutation(node: &Node<'_>, rank: usize) -> Fallible<Vec<usize>> {
    let Some(list) = node.ints("perm")? else { return Ok((0..rank).rev().collect()) };
    let perm = list.iter().map(|&at| axis(at, rank)).collect::<Fallible<Vec<_>>>()?;
    if axes(list, rank)?.len() == rank {
        Ok(perm)
    } else {
        Err(format!("perm {list:?} must name each of {rank} axes once; export the model again"))
    }
}

/// What Slice takes along each axis; operands since opset 10, attributes before.
pub(crate) fn slices(node: &Node<'_>, operands: &Operands<'_>, dims: &[usize]) -> Fallible<Vec<Span>> {
    let list = |at: usize, name: &str| -> Fallible<Option<Vec<i64>>> {
        match (operands.optional(at), node.ints(name)?) {
            (Some(operand), _) => Ok(Some(operand.as_ints()?.to_vec())),
            (None, attribute) => Ok(attribute.map(<[i64]>::to_vec)),
        }
    };
    let absent = || "its starts or ends are missing; export the model again".to_owned();
    let (starts, ends) = (list(1, "starts")?.ok_or_else(absent)?, list(2, "ends")?.ok_or_else(absent)?);
    let along = list(3, "axes")?.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = list(4, "steps")?.unwrap_or_else(|| vec![1; starts.len()]);
    if ends.len() != starts.len() || along.len() != starts.len() || steps.len() != starts.len() {
        return Err("its starts, ends, axes and steps differ in number; export the model again".to_owned());
    }
    let mut spans: Vec<Span> = dims.iter().map(|&count| Span { begin: 0, count, step: 1 }).collect();
    for (at, &along) in along.iter().enumerate() {
        let along = axis(along, dims.len())?;
        spans[along] = span(starts[at], ends[at], steps[at], dims[along])?;
    }
    Ok(spans)
}

/// `start:end:step` of `extent` elements, as numpy counts.
fn span(start: i64, end: i64, step: i64, extent: usize) -> Fallible<Span> {
    let n = extent as i64;
    let from_start = |at: i64| if at < 0 { at.saturating_add(n) } else { at };
    let (begin, end) = match step {
        0 => return Err("a step must not be 0; export the model again".to_owned()),
        _ if extent == 0 => return Ok(Span { begin: 0, count: 0, step }),
        1.. => (from_start(start).clamp(0, n), from_start(end).clamp(0, n)),
        _ => (from_start(start).clamp(0, n - 1), from_start(end).clamp(-1, n - 1)),
    };
    let distance = if step > 0 { end - begin } else { begin - end };
    let count = if distance <= 0 { 0 } else { (distance as u64).div_ceil(step.unsigned_abs()) };
    Ok(Span { begin: begin.max(0) as usize, count: count as usize, step })
}

/// Extents of the parts of a Split; an operand since opset 13, an attribute before, else equal parts.
pub(crate) fn split_sizes(node: &Node<'_>, operand: Option<&Const>, extent: usize) -> Fallible<Vec<usize>> {
    let n = node.proto.output.len();
    let list = match (operand, node.ints("split")?) {
        (Some(sizes), _) => Some(sizes.as_ints()?),
        (None, attribute) => attribute,
    };
    let parts = match list {
        Some(list) => sizes(list)?,
        None if n == 0 || n > extent => {
            return Err(format!("{extent} elements cannot be split into {n} parts"));
        }
        None => {
            let size = extent.div_ceil(n);
            (0..n).map(|at| size.min(extent.saturating_sub(at * size))).collect()
        }
    };
    let sum = parts.iter().try_fold(0usize, |sum, &part| sum.checked_add(part));
    if sum != Some(extent) || parts.len() != n {
        return Err(format!(
            "parts {parts:?} of {n} results do not make up {extent} elements; export the model again"
        ));
    }
    Ok(parts)
}

/// The shape that two shapes broadcast to, as numpy defines it.
pub(crate) fn broadcast(a: &[usize], b: &[usize]) -> Fallible<Vec<usize>> {
    let rank = a.len().max(b.len());
    let extent =
        |dims: &[usize], axis: usize| (axis + dims.len()).checked_sub(rank).map_or(1, |axis| dims[axis]);
    let joint = |axis: usize| match (extent(a, axis), extent(b, axis)) {
        (a, b) if a == b => Ok(a),
        (1, n) | (n, 1) => Ok(n),
        _ => Err(format!("shapes {a:?} and {b:?} do not broadcast")),
    };
    let dims = (0..rank).map(joint).collect::<Fallible<Vec<_>>>()?;
    count(&dims)?;
    Ok(dims)
}

/// Extents as sizes.
pub(crate) fn sizes(values: &[i64]) -> Fallible<Vec<usize>> {
    let sizes: Option<Vec<usize>> = values.iter().map(|&value| usize::try_from(value).ok()).collect();
    sizes.ok_or_else(|| format!("sizes {values:?} must not be negative; export the model again"))
}
