//! FILL: one value in every element.

use smidgen_kernels::ops::fill::Spec;

use super::attributes::Attributes;
use super::movers::{keeps_quant, kernel_by_width, movable};
use super::operator::{Operands, Operator, Results, TensorType, checked_elements};
use crate::lower::NodeLowering;

/// Attributes of FILL. Inputs: value (one element); the shape operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Fill {
    /// Extents of the result.
    pub shape: Vec<usize>,
}

impl Operator for Fill {
    keeps_quant!();

    fn name() -> &'static str {
        "FILL"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Fill { shape: attributes.take_list("shape")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with_list("shape", &self.shape)
    }

    fn operands(&self) -> &'static [&'static str] {
        &["value"]
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let value = operands.get(0)?;
        if value.n_elements() != 1 {
            return Err(format!("its value must be one element, found shape {:?}", value.shape));
        }
        checked_elements(&self.shape)?;
        Ok(TensorType::one(movable("value", value)?, self.shape.clone()))
    }

    fn lower(
        &self,
        _operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let output = results.get(0)?;
        let spec = Spec { len: output.n_elements() };
        let kernel = kernel_by_width!(output.dtype, spec, Fill8, Fill16, Fill32, Fill64)?;
        let arguments = vec![to.operand(0)];
        to.call(kernel, arguments)
    }
}
