//! Constants whose elements are moved, repeated, joined or taken apart, and never changed.

use super::shape::{broadcast, permutation, relabelled, reshaped, sizes, slices, split_sizes};
use super::{Folder, Operands};
use crate::constant::{Const, Data, count, strides};
use crate::findings::Fallible;
use crate::node::{Node, axis};

impl Folder {
    pub(super) fn transpose(&mut self, node: &Node<'_>, operands: &Operands<'_>) -> Fallible<Const> {
        let constant = self.copied(operands)?;
        constant.transposed(&permutation(node, constant.dims.len())?)
    }

    pub(super) fn slice(&mut self, node: &Node<'_>, operands: &Operands<'_>) -> Fallible<Const> {
        let constant = operands.get(0)?;
        let spans = slices(node, operands, &constant.dims)?;
        let own = strides(&constant.dims);
        let dims: Vec<usize> = spans.iter().map(|span| span.count).collect();
        self.charge(&dims)?;
        let offset = spans.iter().zip(&own).map(|(span, stride)| span.begin as i64 * stride).sum();
        let steps: Vec<i64> =
            spans.iter().zip(&own).map(|(span, stride)| span.step.saturating_mul(*stride)).collect();
        constant.strided(dims, &steps, offset, Some)
    }

    pub(super) fn expand(&mut self, operands: &Operands<'_>) -> Fallible<Const> {
        let constant = operands.get(0)?;
        let dims = broadcast(&constant.dims, &sizes(operands.get(1)?.as_ints()?)?)?;
        self.expanded(constant, dims)
    }

    /// `constant` repeated to `dims`, which it broadcasts to.
    pub(super) fn expanded(&mut self, constant: &Const, dims: Vec<usize>) -> Fallible<Const> {
        self.charge(&dims)?;
        let shift = dims.len().saturating_sub(constant.dims.len());
        let mut steps = vec![0; shift];
        steps.extend(
            strides(&constant.dims).iter().zip(&constant.dims).map(|(&by, &n)| if n == 1 { 0 } else { by }),
        );
        constant.strided(dims, &steps, 0, |axis| Some(axis + shift))
    }

    pub(super) fn tile(&mut self, operands: &Operands<'_>) -> Fallible<Const> {
        let constant = operands.get(0)?;
        let repeats = sizes(operands.get(1)?.as_ints()?)?;
        if repeats.len() != constant.dims.len() {
            return Err(format!("its repeats {repeats:?} must be one for each of {:?}", constant.dims));
        }
        let mut tiled = self.copied(operands)?.clone();
        for (axis, &n) in repeats.iter().enumerate() {
            // All that lies behind the axis, as a row that comes n times.
            let (outer, row) = (count(&tiled.dims[..axis])?, count(&tiled.dims[axis..])?);
            let mut dims = tiled.dims.clone();
            dims[axis] = dims[axis].saturating_mul(n);
            self.charge(&dims)?;
            tiled = tiled.strided(vec![outer, n, row], &[row as i64, 0, 1], 0, |_| None)?.with_dims(dims)?;
        }
        Ok(tiled)
    }

    pub(super) fn gather(&mut self, node: &Node<'_>, operands: &Operands<'_>) -> Fallible<Const> {
        let (constant, indices) = (operands.get(0)?, operands.get(1)?);
        let along = axis(node.int("axis", 0)?, constant.dims.len())?;
        let extent = constant.dims[along];
        let (before, behind) = (&constant.dims[..along], &constant.dims[along + 1..]);
        let dims = [before, &indices.dims, behind].concat();
        self.charge(&dims)?;
        let places = indices.as_ints()?.iter().map(|&index| {
            axis(index, extent).map_err(|_| format!("index {index} is outside of {extent} elements"))
        });
        let places = places.collect::<Fallible<Vec<_>>>()?;
        let (outer, inner) = (count(before)?, count(behind)?);
        let outer = if inner == 0 { 0 } else { outer };
        let rows = (0..outer).flat_map(|row| places.iter().map(move |at| (row * extent + at) * inner));
        let elements: Vec<i64> = rows.flat_map(|first| first..first + inner).map(|at| at as i64).collect();
        constant.picked(&elements, dims, |_| None)
    }

    pub(super) fn concat(&mut self, node: &Node<'_>, operands: &Operands<'_>) -> Fallible<Const> {
        let parts: Vec<&Const> = operands.0.iter().flatten().copied().collect();
        let rank = operands.get(0)?.dims.len();
        self.joined(&parts, axis(node.int("axis", 1)?, rank)?)
    }

    pub(super) fn split(&mut self, node: &Node<'_>, operands: &Operands<'_>) -> Fallible<Vec<Const>> {
        let constant = operands.get(0)?;
        let along = axis(node.int("axis", 0)?, constant.dims.len())?;
        let sizes = split_sizes(node, operands.optional(1), constant.dims[along])?;
        let mut begin = 0;
        let part = |size: usize| {
            let part = self.part(constant, along, begin, size);
            begin += size;
            part
        };
        sizes.into_iter().map(part).collect()
    }

    fn part(&mut self, constant: &Const, along: usize, begin: usize, size: usize) -> Fallible<Const> {
        let mut dims = constant.dims.clone();
        dims[along] = size;
        self.charge(&dims)?;
        let own = strides(&constant.dims);
        constant.strided(dims, &own, begin as i64 * own[along], Some)
    }

    /// Constants of one type, one behind the other along an axis.
    fn joined(&mut self, parts: &[&Const], along: usize) -> Fallible<Const> {
        let first = parts.first().ok_or("it joins nothing; export the model again")?;
        let mut dims = first.dims.clone();
        let extent = dims.get(along).copied().ok_or("it joins along an axis that does not exist")?;
        for part in &parts[1..] {
            let mut others = part.dims.clone();
            match others.get_mut(along) {
                Some(own) => {
                    dims[along] += *own;
                    *own = extent;
                }
                None => return Err("it joins constants of different ranks".to_owned()),
            }
            if others != first.dims {
                return Err(format!("it joins shapes {:?} and {:?}", first.dims, part.dims));
            }
        }
        self.charge(&dims)?;
        let outer = if count(&dims)? == 0 { 0 } else { count(&dims[..along])? };
        let inner = count(&dims[along + 1..])?;
        fn weave<T: Copy>(parts: &[(&[T], usize)], outer: usize) -> Vec<T> {
            let mut all = Vec::new();
            for row in 0..outer {
                for (values, width) in parts {
                    all.extend(values.iter().skip(row * width).take(*width).copied());
                }
            }
            all
        }
        let width = |part: &Const| part.dims[along] * inner;
        let all_int = parts.iter().all(|part| matches!(part.data, Data::Int(_)));
        if all_int {
            let rows = parts.iter().map(|part| Ok((part.as_ints()?, width(part))));
            return Const::integers(first.elem, dims, weave(&rows.collect::<Fallible<Vec<_>>>()?, outer));
        }
        let floats: Vec<Vec<f32>> = parts.iter().map(|part| part.to_floats()).collect();
        let rows: Vec<_> =
            floats.iter().zip(parts).map(|(values, part)| (values.as_slice(), width(part))).collect();
        Ok(Const::floats(dims, weave(&rows, outer)))
    }
}

pub(super) fn reshape(node: &Node<'_>, constant: &Const, shape: &Const) -> Fallible<Const> {
    constant.with_dims(reshaped(&constant.dims, shape.as_ints()?, node.flag("allowzero")?)?)
}

/// Flatten, Squeeze and Unsqueeze of a constant.
pub(super) fn relabel(node: &Node<'_>, constant: &Const, axes: Option<&Const>) -> Fallible<Const> {
    constant.with_dims(relabelled(node, axes, &constant.dims)?)
}
