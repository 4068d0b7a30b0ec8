//! The copy that operators which only move elements have in common: `y[b + sum of i_k * t_k] = x[a + sum of i_k * s_k]`
//! for every index `i` of up to six axes, with a step `s_k` in the input and `t_k` in the output on each.
//!
//! TRANSPOSE, SLICE, CONCATENATION and the like differ in starts and steps only, so firmware has one kernel for all of
//! them. The caller joins axes that are neighbours in both tensors; the last axis is copied as runs where it is dense.

use crate::error::{attempt, elements, ensure, length};
use crate::memory::Pod;
use crate::{InvalidSpec, WrongLength};

/// Everything about a copy that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Elements to move along each axis, outermost first; 1 for an axis that is not needed.
    pub shape: [usize; 6],
    /// Elements of the input.
    pub in_len: usize,
    /// The first element to read.
    pub in_start: usize,
    /// Elements from a read to the next on each axis; negative backwards, 0 repeats.
    pub in_strides: [isize; 6],
    /// Elements of the output.
    pub out_len: usize,
    /// The first element to write.
    pub out_start: usize,
    /// Elements from a write to the next on each axis.
    pub out_strides: [isize; 6],
}

/// A copy of elements of any type. Elements of the output that it does not name stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Any {
    spec: Spec,
    /// Runs along the last axis.
    rows: usize,
    /// Whether a run is consecutive elements in both tensors.
    dense: bool,
}

impl Any {
    /// Checks that every element is inside both tensors.
    pub const fn new(spec: Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.in_len]));
        attempt!(elements(&[spec.out_len]));
        let count = attempt!(elements(&spec.shape));
        attempt!(inside(spec.in_start, &spec.in_strides, &spec.shape, spec.in_len));
        attempt!(inside(spec.out_start, &spec.out_strides, &spec.shape, spec.out_len));
        let dense = spec.in_strides[5] == 1 && spec.out_strides[5] == 1;
        Ok(Self { spec, rows: count / spec.shape[5], dense })
    }

    /// Copies the elements.
    #[inline(never)]
    pub fn run<T: Pod>(&self, input: &[T], output: &mut [T]) -> Result<(), WrongLength> {
        let Spec { shape, in_strides, out_strides, .. } = &self.spec;
        length("input", input.len(), self.spec.in_len)?;
        length("output", output.len(), self.spec.out_len)?;
        let [.., run] = *shape;
        let ([.., in_stride], [.., out_stride]) = (*in_strides, *out_strides);
        let (mut from, mut to) = (self.spec.in_start, self.spec.out_start);
        let mut index = [0; 6];
        for _ in 0..self.rows {
            if self.dense {
                let input = input.get(from..from.wrapping_add(run)).unwrap_or(&[]);
                let output = output.get_mut(to..to.wrapping_add(run)).unwrap_or(&mut []);
                for (output, &input) in output.iter_mut().zip(input) {
                    *output = input;
                }
            } else {
                let (mut from, mut to) = (from, to);
                for _ in 0..run {
                    if let (Some(&input), Some(output)) = (input.get(from), output.get_mut(to)) {
                        *output = input;
                    }
                    from = from.wrapping_add_signed(in_stride);
                    to = to.wrapping_add_signed(out_stride);
                }
            }
            let steps = in_strides.iter().zip(out_strides);
            for ((index, &extent), (&in_stride, &out_stride)) in
                index.iter_mut().zip(shape).zip(steps).rev().skip(1)
            {
                *index += 1;
                from = from.wrapping_add_signed(in_stride);
                to = to.wrapping_add_signed(out_stride);
                if *index < extent {
                    break;
                }
                *index = 0;
                let back = (extent as isize).wrapping_neg();
                from = from.wrapping_add_signed(in_stride.wrapping_mul(back));
                to = to.wrapping_add_signed(out_stride.wrapping_mul(back));
            }
        }
        Ok(())
    }
}

/// Fails unless all elements that the steps reach are inside a tensor.
const fn inside(
    start: usize,
    strides: &[isize; 6],
    shape: &[usize; 6],
    len: usize,
) -> Result<(), InvalidSpec> {
    const OUTSIDE: InvalidSpec = InvalidSpec { reason: "a copy must stay inside its tensors" };
    let (mut lowest, mut highest) = (start as i128, start as i128);
    let mut axis = 0;
    while axis < 6 {
        let reach = strides[axis] as i128 * (shape[axis] as i128 - 1);
        if reach < 0 {
            lowest += reach;
        } else {
            highest += reach;
        }
        axis += 1;
    }
    ensure!(lowest >= 0 && highest < len as i128, OUTSIDE.reason);
    Ok(())
}

#[cfg(test)]
mod tests;
