//! BATCH_MATMUL: `z[b, i, j] = sum over k of x[b, i, k] * y[b, k, j]`, either operand transposed, batches broadcast.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::BatchMatMul`: int8 sums have 32 bits and are scaled as those of
//! FULLY_CONNECTED, int16 sums have 64.

use crate::error::{attempt, elements, ensure, length, multiplier, zero_point};
use crate::fixed::{self, requantize};
use crate::ops::channels::SUMS;
use crate::rows::rows_mut;
use crate::{InvalidSpec, WrongLength, wide};

/// Everything about an int8 BATCH_MATMUL that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
    /// Batch extents of x; leading ones where it has fewer.
    pub x_batch: [usize; 4],
    /// Batch extents of y, which are those of x or 1 where they differ, or those of x are 1.
    pub y_batch: [usize; 4],
    /// Rows of the result.
    pub rows: usize,
    /// Products in each sum.
    pub depth: usize,
    /// Columns of the result.
    pub columns: usize,
    /// Whether x is stored as `[depth, rows]` instead of `[rows, depth]`.
    pub adj_x: bool,
    /// Whether y is stored as `[columns, depth]` instead of `[depth, columns]`.
    pub adj_y: bool,
    /// The int8 value of a real 0 in x.
    pub x_zero_point: i32,
    /// The int8 value of a real 0 in y.
    pub y_zero_point: i32,
    /// The int8 value of a real 0 in the output.
    pub output_zero_point: i32,
    /// Multiplier from the product of the scales of x and y to that of the output.
    pub multiplier: i32,
    /// Its shift, `-31..=30`, left above 0.
    pub shift: i32,
}

/// Everything about an int16 BATCH_MATMUL that is known when it is compiled. Zero points are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Batch extents of x; leading ones where it has fewer.
    pub x_batch: [usize; 4],
    /// Batch extents of y, which are those of x or 1 where they differ, or those of x are 1.
    pub y_batch: [usize; 4],
    /// Rows of the result.
    pub rows: usize,
    /// Products in each sum.
    pub depth: usize,
    /// Columns of the result.
    pub columns: usize,
    /// Whether x is stored as `[depth, rows]` instead of `[rows, depth]`.
    pub adj_x: bool,
    /// Whether y is stored as `[columns, depth]` instead of `[depth, columns]`.
    pub adj_y: bool,
    /// Multiplier from the product of the scales of x and y to that of the output.
    pub multiplier: i32,
    /// Its shift, `-31..=14`, left above 0.
    pub shift: i32,
}

/// Everything about a float BATCH_MATMUL that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32Spec {
    /// Batch extents of x; leading ones where it has fewer.
    pub x_batch: [usize; 4],
    /// Batch extents of y, which are those of x or 1 where they differ, or those of x are 1.
    pub y_batch: [usize; 4],
    /// Rows of the result.
    pub rows: usize,
    /// Products in each sum.
    pub depth: usize,
    /// Columns of the result.
    pub columns: usize,
    /// Whether x is stored as `[depth, rows]` instead of `[rows, depth]`.
    pub adj_x: bool,
    /// Whether y is stored as `[columns, depth]` instead of `[depth, columns]`.
    pub adj_y: bool,
}

/// Int8 BATCH_MATMUL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    shape: Shape,
    x_zero_point: i32,
    y_zero_point: i32,
    multiplier: i32,
    shift: i32,
    output: fixed::Output,
}

/// Int16 BATCH_MATMUL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    shape: Shape,
    multiplier: i32,
    shift: i32,
    output: wide::Output,
}

/// Float BATCH_MATMUL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32 {
    shape: Shape,
}

/// Extents, of all element types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    x_batch: [usize; 4],
    y_batch: [usize; 4],
    rows: usize,
    depth: usize,
    columns: usize,
    adj_x: bool,
    adj_y: bool,
}

/// The extents of a specification.
macro_rules! shape {
    ($spec:expr) => {
        Shape {
            x_batch: $spec.x_batch,
            y_batch: $spec.y_batch,
            rows: $spec.rows,
            depth: $spec.depth,
            columns: $spec.columns,
            adj_x: $spec.adj_x,
            adj_y: $spec.adj_y,
        }
    };
}

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        let shape = shape!(spec);
        attempt!(shape.check());
        attempt!(zero_point(spec.x_zero_point));
        attempt!(zero_point(spec.y_zero_point));
        attempt!(multiplier(spec.multiplier, spec.shift));
        Ok(Self {
            shape,
            x_zero_point: spec.x_zero_point,
            y_zero_point: spec.y_zero_point,
            multiplier: spec.multiplier,
            shift: spec.shift,
            output: attempt!(fixed::Output::new(spec.output_zero_point, -128, 127)),
        })
    }

    /// Row-major operands and output.
    #[inline(never)]
    pub fn run(&self, x: &[i8], y: &[i8], output: &mut [i8]) -> Result<(), WrongLength> {
        let Self { shape, x_zero_point, y_zero_point, multiplier, shift, output: to } = self;
        shape.check_lengths(x.len(), y.len(), output.len())?;
        let add = |sum: i32, x: i8, y: i8| {
            sum.wrapping_add((i32::from(x) - x_zero_point) * (i32::from(y) - y_zero_point))
        };
        let finish = |sum| requantize(sum, *multiplier, *shift, *to);
        multiply(shape, x, y, output, 0, add, finish);
        Ok(())
    }
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        let shape = shape!(spec);
        attempt!(shape.check());
        attempt!(multiplier(spec.multiplier, spec.shift));
        ensure!(spec.shift <= 14, "the shift of 64-bit sums must be at most 14");
        let output = attempt!(wide::Output::new(-32768, 32767, false));
        Ok(Self { shape, multiplier: spec.multiplier, shift: spec.shift, output })
    }

    /// Row-major operands and output.
    #[inline(never)]
    pub fn run(&self, x: &[i16], y: &[i16], output: &mut [i16]) -> Result<(), WrongLength> {
        let Self { shape, multiplier, shift, output: to } = self;
        shape.check_lengths(x.len(), y.len(), output.len())?;
        let add = |sum: i64, x: i16, y: i16| sum.wrapping_add(i64::from(i32::from(x) * i32::from(y)));
        let finish = |sum| to.requantize(sum, *multiplier, *shift);
        multiply(shape, x, y, output, 0, add, finish);
        Ok(())
    }
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        let shape = shape!(spec);
        attempt!(shape.check());
        Ok(Self { shape })
    }

    /// Row-major operands and output. Products are added in order.
    #[inline(never)]
    pub fn run(&self, x: &[f32], y: &[f32], output: &mut [f32]) -> Result<(), WrongLength> {
        self.shape.check_lengths(x.len(), y.len(), output.len())?;
        multiply(&self.shape, x, y, output, 0.0, |sum, x, y| sum + x * y, |sum| sum);
        Ok(())
    }
}

/// Computes all matrices, a chunk of a row at a time.
#[inline(always)]
fn multiply<T: Copy, S: Copy>(
    shape: &Shape,
    x: &[T],
    y: &[T],
    output: &mut [T],
    zero: S,
    add: impl Fn(S, T, T) -> S,
    finish: impl Fn(S) -> T,
) {
    let Shape { rows, depth, columns, adj_x, adj_y, .. } = *shape;
    let (x_row_step, x_step) = if adj_x { (1, rows) } else { (depth, 1) };
    let (y_column_step, y_step) = if adj_y { (depth, 1) } else { (1, columns) };
    let mut sums = [zero; SUMS];
    let mut output_rows = rows_mut(output, columns);
    shape.for_each_batch(|x_batch, y_batch| {
        for row in 0..rows {
            let Some(output) = output_rows.next() else { return };
            let mut column = 0;
            for output in output.chunks_mut(SUMS) {
                let sums = sums.get_mut(..output.len()).unwrap_or(&mut []);
                sums.fill(zero);
                let mut x_at = x_batch + row * x_row_step;
                let mut y_at = y_batch + column * y_column_step;
                for _ in 0..depth {
                    if let Some(&x) = x.get(x_at) {
                        let y = y.get(y_at..).unwrap_or(&[]).iter().step_by(y_column_step.max(1));
                        for (sum, &y) in sums.iter_mut().zip(y) {
                            *sum = add(*sum, x, y);
                        }
                    }
                    x_at += x_step;
                    y_at += y_step;
                }
                for (output, &sum) in output.iter_mut().zip(sums.iter()) {
                    *output = finish(sum);
                }
                column += SUMS;
            }
        }
    });
}

impl Shape {
    const fn check(&self) -> Result<(), InvalidSpec> {
        let ([x0, x1, x2, x3], [y0, y1, y2, y3]) = (self.x_batch, self.y_batch);
        attempt!(elements(&[x0, x1, x2, x3, self.rows, self.depth]));
        attempt!(elements(&[y0, y1, y2, y3, self.depth, self.columns]));
        let mut axis = 0;
        while axis < 4 {
            let (x, y) = (self.x_batch[axis], self.y_batch[axis]);
            ensure!(x == y || x == 1 || y == 1, "batch extents must agree or be 1");
            axis += 1;
        }
        let [b0, b1, b2, b3] = self.batch();
        attempt!(elements(&[b0, b1, b2, b3, self.rows, self.columns]));
        Ok(())
    }

    /// Batch extents of the output.
    const fn batch(&self) -> [usize; 4] {
        let mut batch = self.x_batch;
        let mut axis = 0;
        while axis < 4 {
            if batch[axis] == 1 {
                batch[axis] = self.y_batch[axis];
            }
            axis += 1;
        }
        batch
    }

    fn check_lengths(&self, x: usize, y: usize, output: usize) -> Result<(), WrongLength> {
        let product = |extents: [usize; 4]| extents.iter().product::<usize>();
        length("x", x, product(self.x_batch) * self.rows * self.depth)?;
        length("y", y, product(self.y_batch) * self.depth * self.columns)?;
        length("output", output, product(self.batch()) * self.rows * self.columns)
    }

    /// Calls `f` with where the matrices of x and y begin, for each matrix of the output in order.
    #[inline(always)]
    fn for_each_batch(&self, mut f: impl FnMut(usize, usize)) {
        let [n0, n1, n2, n3] = self.batch();
        let [x0, x1, x2, x3] = steps(self.x_batch, self.rows * self.depth);
        let [y0, y1, y2, y3] = steps(self.y_batch, self.depth * self.columns);
        for b0 in 0..n0 {
            for b1 in 0..n1 {
                for b2 in 0..n2 {
                    for b3 in 0..n3 {
                        f(b0 * x0 + b1 * x1 + b2 * x2 + b3 * x3, b0 * y0 + b1 * y1 + b2 * y2 + b3 * y3);
                    }
                }
            }
        }
    }
}

/// Elements from one index of a batch axis to the next; 0 where the extent is 1.
const fn steps([n0, n1, n2, n3]: [usize; 4], matrix: usize) -> [usize; 4] {
    [step(n0, matrix * n3 * n2 * n1), step(n1, matrix * n3 * n2), step(n2, matrix * n3), step(n3, matrix)]
}

const fn step(extent: usize, below: usize) -> usize {
    if extent == 1 { 0 } else { below }
}

#[cfg(test)]
mod tests;
