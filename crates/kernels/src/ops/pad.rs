//! PAD, PADV2: the input surrounded by a constant, on up to six axes.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::Pad`. The constant of a quantised PAD is the
//! output's zero point, that of PADV2 is an operand.

use super::broadcast::{advance, at};
use crate::error::{attempt, elements, ensure, length};
use crate::memory::Pod;
use crate::rows::rows;
use crate::{InvalidSpec, WrongLength};

/// Everything about a PAD that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Extents of the input with leading ones.
    pub in_shape: [usize; 6],
    /// Elements added before the input on each axis.
    pub before: [usize; 6],
    /// Elements added after the input on each axis.
    pub after: [usize; 6],
}

/// PAD of elements of any type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Any {
    frame: Frame,
}

impl Any {
    /// Checks the specification.
    pub const fn new(spec: Spec) -> Result<Self, InvalidSpec> {
        Ok(Self { frame: attempt!(Frame::new(spec.in_shape, spec.before, spec.after)) })
    }

    /// Row-major input and output; `value` is one element, the constant.
    #[inline(never)]
    pub fn run<T: Pod>(&self, input: &[T], value: &[T], output: &mut [T]) -> Result<(), WrongLength> {
        let &[value] = value else { return length("value", value.len(), 1) };
        self.frame.apply(input, value, output)
    }
}

/// Where the input lies in the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Frame {
    /// Extents of the input with 1 for the last axis: its rows are copied whole.
    rows_shape: [usize; 6],
    /// Elements of an input row.
    row: usize,
    /// Steps in the output on each axis.
    out_strides: [usize; 6],
    /// Index of the first input element in the output.
    start: usize,
    in_len: usize,
    out_len: usize,
}

impl Frame {
    const fn new(in_shape: [usize; 6], before: [usize; 6], after: [usize; 6]) -> Result<Self, InvalidSpec> {
        const LIMIT: usize = i32::MAX as usize;
        let in_len = attempt!(elements(&in_shape));
        let mut out_shape = in_shape;
        let mut axis = 0;
        while axis < 6 {
            ensure!(before[axis] <= LIMIT && after[axis] <= LIMIT, "padding must be below 2^31");
            out_shape[axis] = match in_shape[axis].checked_add(before[axis] + after[axis]) {
                Some(extent) => extent,
                None => return Err(InvalidSpec { reason: "padding must be below 2^31" }),
            };
            axis += 1;
        }
        let out_len = attempt!(elements(&out_shape));
        let mut out_strides = [1; 6];
        let mut start = before[5];
        let mut axis = 5;
        while axis > 0 {
            out_strides[axis - 1] = out_strides[axis] * out_shape[axis];
            axis -= 1;
            start += before[axis] * out_strides[axis];
        }
        let mut rows_shape = in_shape;
        rows_shape[5] = 1;
        Ok(Self { rows_shape, row: in_shape[5], out_strides, start, in_len, out_len })
    }

    #[inline(always)]
    fn apply<T: Copy>(&self, input: &[T], value: T, output: &mut [T]) -> Result<(), WrongLength> {
        length("input", input.len(), self.in_len)?;
        length("output", output.len(), self.out_len)?;
        for output in output.iter_mut() {
            *output = value;
        }
        let mut index = [0; 6];
        for row in rows(input, self.row) {
            let start = self.start + at(&index, &self.out_strides);
            for (output, &input) in output.get_mut(start..).unwrap_or(&mut []).iter_mut().zip(row) {
                *output = input;
            }
            advance(&mut index, &self.rows_shape);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
