//! SHAPE: the extents of the input, which are known before it runs.

use smidgen_kernels::ops::reshape::Spec;

use super::attributes::Attributes;
use super::movers::{elem_by_width, kernel_by_width};
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use crate::lower::NodeLowering;
use crate::tensor::DType;

/// Attributes of SHAPE. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shape {
    /// Whether the extents are int64; else int32.
    pub wide: bool,
}

impl Operator for Shape {
    fn name() -> &'static str {
        "SHAPE"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Shape { wide: attributes.take("wide")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("wide", self.wide)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        if input.shape.is_empty() {
            return Err("its input must have at least 1 dimension: the shape of a scalar is empty".into());
        }
        let dtype = if self.wide { DType::I64 } else { DType::I32 };
        Ok(TensorType::one(dtype, vec![input.shape.len()]))
    }

    fn quant(&self, _operands: &Operands<'_>, _results: &Results<'_>) -> Result<(), String> {
        Ok(())
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::NotQuantized
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let (input, output) = (operands.get(0)?, results.get(0)?);
        let n_bytes = output.dtype.bits() / 8;
        let extent = |&extent: &usize| (extent as u64).to_le_bytes().into_iter().take(n_bytes);
        let bytes = input.shape.iter().flat_map(extent).collect();
        let spec = Spec { len: input.shape.len() };
        let kernel = kernel_by_width!(output.dtype, spec, Reshape8, Reshape16, Reshape32, Reshape64)?;
        let arguments = vec![to.constant("shape", elem_by_width(output.dtype), bytes)];
        to.call(kernel, arguments)
    }
}
