//! BATCH_MATMUL: `z[..,i,j] = sum over k of x[..,i,k] * y[..,k,j]`; leading dimensions are broadcast.

use smidgen_kernels::ops::batch_matmul;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType, activation_type};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::{per_tensor, symmetric, tensor_multiplier, wide_multiplier};
use crate::tensor::{DType, Tensor};

/// Attributes of BATCH_MATMUL. Inputs: x and y, both of 2 to 6 dimensions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BatchMatmul {
    /// Whether x holds the transposes of its matrices.
    pub adj_x: bool,
    /// Whether y holds the transposes of its matrices.
    pub adj_y: bool,
}

/// Extents of the product.
struct Product {
    x_batch: [usize; 4],
    y_batch: [usize; 4],
    rows: usize,
    depth: usize,
    columns: usize,
}

/// Batch extents with leading ones, then rows and columns.
fn matrices(name: &str, tensor: &Tensor) -> Result<([usize; 4], usize, usize), String> {
    let (leading, &[rows, columns]) = tensor.shape.split_last_chunk::<2>().ok_or_else(|| {
        format!("its {name} must have at least 2 dimensions, found shape {:?}", tensor.shape)
    })?;
    let mut batch = [1; 4];
    let Some(start) = batch.len().checked_sub(leading.len()) else {
        return Err(format!("its {name} has {} dimensions, at most 6 are supported", tensor.shape.len()));
    };
    for (to, &from) in batch.iter_mut().skip(start).zip(leading) {
        *to = from;
    }
    Ok((batch, rows, columns))
}

impl BatchMatmul {
    fn product(&self, operands: &Operands<'_>) -> Result<Product, String> {
        let (x, y) = (operands.get(0)?, operands.get(1)?);
        let (x_batch, x_rows, x_columns) = matrices("x", x)?;
        let (y_batch, y_rows, y_columns) = matrices("y", y)?;
        let (rows, depth) = if self.adj_x { (x_columns, x_rows) } else { (x_rows, x_columns) };
        let (y_depth, columns) = if self.adj_y { (y_columns, y_rows) } else { (y_rows, y_columns) };
        if depth != y_depth {
            return Err(format!(
                "its x {:?} has rows of {depth}, its y {:?} has columns of {y_depth}: they must agree",
                x.shape, y.shape
            ));
        }
        if x_batch.iter().zip(y_batch).any(|(&x, y)| x != y && x != 1 && y != 1) {
            return Err(format!(
                "the leading dimensions of its x {:?} and y {:?} must agree or be 1",
                x.shape, y.shape
            ));
        }
        Ok(Product { x_batch, y_batch, rows, depth, columns })
    }
}

impl Operator for BatchMatmul {
    fn name() -> &'static str {
        "BATCH_MATMUL"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(BatchMatmul { adj_x: attributes.take("adj_x")?, adj_y: attributes.take("adj_y")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("adj_x", self.adj_x).with("adj_y", self.adj_y)
    }

    fn operands(&self) -> &'static [&'static str] {
        &["x", "y"]
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let Product { x_batch, y_batch, rows, columns, .. } = self.product(operands)?;
        let (x, y) = (operands.get(0)?, operands.get(1)?);
        let dtype = activation_type("x", x)?;
        if y.dtype != dtype {
            return Err(format!("its x is {} and its y {}: they must agree", dtype.name(), y.dtype.name()));
        }
        let n_batch = x.shape.len().max(y.shape.len()) - 2;
        let batch = x_batch.iter().zip(y_batch).map(|(&x, y)| if x == 1 { y } else { x });
        let shape = batch.skip(4 - n_batch).chain([rows, columns]).collect();
        Ok(TensorType::one(dtype, shape))
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        let (x, y, output) = (operands.get(0)?, operands.get(1)?, results.get(0)?);
        for (name, tensor) in [("x", x), ("y", y), ("output", output)] {
            match output.dtype {
                DType::I8 => per_tensor(name, tensor).map(|_| ())?,
                DType::I16 => symmetric(name, tensor).map(|_| ())?,
                _ => {}
            }
        }
        Ok(())
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::Calibrated
    }

    fn macs(&self, operands: &Operands<'_>, results: &Results<'_>) -> u64 {
        let (Ok(product), Ok(output)) = (self.product(operands), results.get(0)) else { return 0 };
        output.n_elements() as u64 * product.depth as u64
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let Product { x_batch, y_batch, rows, depth, columns } = self.product(operands)?;
        let BatchMatmul { adj_x, adj_y } = *self;
        let (x, y, output) = (operands.get(0)?, operands.get(1)?, results.get(0)?);
        let arguments = vec![to.operand(0), to.operand(1)];
        if output.dtype == DType::F32 {
            let spec = batch_matmul::Float32Spec { x_batch, y_batch, rows, depth, columns, adj_x, adj_y };
            return to.call(Kernel::BatchMatmulFloat32(spec), arguments);
        }
        let (x_scale, x_zero_point) = per_tensor("x", x)?;
        let (y_scale, y_zero_point) = per_tensor("y", y)?;
        let (output_scale, output_zero_point) = per_tensor("output", output)?;
        let quantized = tensor_multiplier(x_scale, y_scale, output_scale)?;
        if output.dtype == DType::I16 {
            let quantized = wide_multiplier(quantized)?;
            let (multiplier, shift) = (quantized.multiplier, quantized.shift);
            let spec = batch_matmul::Int16Spec {
                x_batch,
                y_batch,
                rows,
                depth,
                columns,
                adj_x,
                adj_y,
                multiplier,
                shift,
            };
            return to.call(Kernel::BatchMatmulInt16(spec), arguments);
        }
        let spec = batch_matmul::Int8Spec {
            x_batch,
            y_batch,
            rows,
            depth,
            columns,
            adj_x,
            adj_y,
            x_zero_point,
            y_zero_point,
            output_zero_point,
            multiplier: quantized.multiplier,
            shift: quantized.shift,
        };
        to.call(Kernel::BatchMatmulInt8(spec), arguments)
    }
}
