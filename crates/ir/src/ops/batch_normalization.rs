//! BATCH_NORMALIZATION: `y = gamma * (x - mean) / sqrt(variance + epsilon) + beta` over the last axis.
//!
//! It exists while a network trains; `passes::fold_batch_norm` folds it into the layer before it.

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use crate::lower::NodeLowering;
use crate::tensor::DType;

/// Attributes of BATCH_NORMALIZATION. Inputs: x, gamma, beta, mean, variance; the last four have one element a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchNormalization {
    /// Added to the variance.
    pub epsilon: f32,
}

impl Operator for BatchNormalization {
    fn name() -> &'static str {
        "BATCH_NORMALIZATION"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(BatchNormalization { epsilon: attributes.take("epsilon")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("epsilon", format!("{:?}", self.epsilon))
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input", "gamma", "beta", "mean", "variance"]
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        let channels =
            input.shape.last().ok_or("its input must have at least 1 dimension, found a scalar")?;
        if !self.epsilon.is_finite() || self.epsilon < 0.0 {
            return Err(format!("its epsilon must be finite and not negative, found {:?}", self.epsilon));
        }
        for at in 0..self.operands().len() {
            let (tensor, name) = (operands.get(at)?, operands.name(at));
            if tensor.dtype != DType::F32 {
                return Err(format!("its {name} must be float32, found {}", tensor.dtype.name()));
            }
            if at > 0 && tensor.shape != [*channels] {
                return Err(format!("its {name} must have the shape [{channels}], found {:?}", tensor.shape));
            }
        }
        Ok(vec![TensorType::of(input)])
    }

    fn quant(&self, operands: &Operands<'_>, _results: &Results<'_>) -> Result<(), String> {
        (1..self.operands().len()).try_for_each(|at| operands.constant(at).map(|_| ()))
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::NotQuantized
    }

    fn lower(
        &self,
        _operands: &Operands<'_>,
        _results: &Results<'_>,
        _to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        Err("batch normalization has no kernel: fold it into the layer before it first (fold_batch_norm)"
            .into())
    }
}
