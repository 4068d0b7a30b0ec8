//! BATCH_MATMUL: products of matrices, over leading dimensions that stretch to each other.

use smidgen_ir::ops::batch_matmul::BatchMatmul;

use crate::error::TrainError;
use crate::gemm::{Mat, gemm};
use crate::operands::Operands;
use crate::ops::Seen;
use crate::ops::broadcast::spread;
use crate::ops::rule::{Rule, examples, examples_mut};

/// An operand: its matrices and which one each product takes.
#[derive(Debug)]
struct Factor {
    rows: usize,
    columns: usize,
    /// Whether the matrices are transposed before they are multiplied.
    is_transposed: bool,
    of_product: Vec<usize>,
    constant: Option<Vec<f32>>,
}

impl Factor {
    fn of(operands: &Operands<'_>, operand: usize, is_transposed: bool) -> Result<Self, TrainError> {
        let misfit = || operands.refuse(format!("operand {operand} is no stack of matrices that fits"));
        let shape = operands.shape(operand)?;
        let (leading, &[rows, columns]) = shape.split_last_chunk::<2>().ok_or_else(misfit)?;
        let (batch, _) = operands.output().split_last_chunk::<2>().ok_or_else(misfit)?;
        let of_product = spread(leading, batch).ok_or_else(misfit)?;
        Ok(Factor { rows, columns, is_transposed, of_product, constant: operands.constant(operand)? })
    }

    fn len(&self) -> usize {
        self.rows * self.columns
    }

    /// The matrix that product `at` takes, as it is multiplied.
    fn matrix<'a>(&'a self, x: &'a [f32], at: usize) -> Mat<'a> {
        let values = self.constant.as_deref().unwrap_or(x);
        let start = self.of_product[at] * self.len();
        let stored =
            Mat::row_major(&values[start..start + self.len()], self.rows, self.columns, self.columns);
        if self.is_transposed { stored.transposed() } else { stored }
    }

    /// Adds `left * right`, the gradient of the matrix as it is multiplied, to that of product `at`'s matrix.
    fn add_gradient(&self, dx: &mut [f32], at: usize, left: Mat<'_>, right: Mat<'_>) {
        let start = self.of_product[at] * self.len();
        let dx = &mut dx[start..start + self.len()];
        if self.is_transposed {
            gemm(dx, self.columns, true, right.transposed(), left.transposed());
        } else {
            gemm(dx, self.columns, true, left, right);
        }
    }
}

/// A compiled BATCH_MATMUL.
#[derive(Debug)]
pub(crate) struct Layer {
    factors: [Factor; 2],
    rows: usize,
    columns: usize,
}

impl Layer {
    pub(crate) fn compile(op: &BatchMatmul, operands: &Operands<'_>) -> Result<Self, TrainError> {
        let factors = [Factor::of(operands, 0, op.adj_x)?, Factor::of(operands, 1, op.adj_y)?];
        match *operands.output() {
            [.., rows, columns] => Ok(Layer { factors, rows, columns }),
            _ => Err(operands.refuse("makes no matrices")),
        }
    }

    fn operand<'a>(x: &[&'a [f32]], operand: usize, example: usize, n: usize) -> &'a [f32] {
        let values = x.get(operand).copied().unwrap_or_default();
        let len = values.len() / n.max(1);
        &values[example * len..(example + 1) * len]
    }

    fn n_products(&self) -> usize {
        self.factors[0].of_product.len()
    }
}

impl Rule for Layer {
    fn forward(&self, _params: &[f32], x: &[&[f32]], y: &mut [f32], n: usize) {
        let [a, b] = &self.factors;
        for (example, y) in examples_mut(y, n).enumerate() {
            let [left, right] = [0, 1].map(|operand| Self::operand(x, operand, example, n));
            for (at, y) in y.chunks_exact_mut(self.rows * self.columns).enumerate() {
                gemm(y, self.columns, false, a.matrix(left, at), b.matrix(right, at));
            }
        }
    }

    fn input_gradient(&self, seen: Seen<'_>, operand: usize, dx: &mut [f32], n: usize) {
        let [a, b] = &self.factors;
        dx.fill(0.0);
        for (example, (dx, dy)) in examples_mut(dx, n).zip(examples(seen.dy, n)).enumerate() {
            let [left, right] = [0, 1].map(|operand| Self::operand(seen.x, operand, example, n));
            let product = self.rows * self.columns;
            for at in 0..self.n_products() {
                let dy = &dy[at * product..(at + 1) * product];
                let dy = Mat::row_major(dy, self.rows, self.columns, self.columns);
                match operand {
                    0 => a.add_gradient(dx, at, dy, b.matrix(right, at).transposed()),
                    _ => b.add_gradient(dx, at, a.matrix(left, at).transposed(), dy),
                }
            }
        }
    }
}
