//! SVDF: `y[u] = act(bias[u] + sum over filters f of u and t of time[f,t] * (feature[f] · x at step t))`, where the state
//! keeps the feature products of the last steps.

use smidgen_kernels::ops::svdf;

use super::Activation;
use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType, float_or_int8};
use super::reduction::one_of;
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::{Multiplier, filter_scales, float_activation_range, per_tensor, quantize_multiplier};
use crate::tensor::{DType, Tensor};

/// Attributes of SVDF. Inputs: x `[batch, I]`, feature weights `[units * rank, I]`, time weights
/// `[units * rank, memory]`, optional bias `[units]`, and the state `[batch, memory * units * rank]`, a variable.
#[derive(Debug, Clone, PartialEq)]
pub struct Svdf {
    /// Filters of each unit.
    pub rank: usize,
    /// Fused activation of float32 results. Int8 ones have none beyond their range, as in TFLM.
    pub activation: Activation,
}

struct Extents {
    batches: usize,
    in_c: usize,
    units: usize,
    memory: usize,
}

impl Svdf {
    fn extents(&self, operands: &Operands<'_>) -> Result<Extents, String> {
        let (input, feature, time) = (operands.get(0)?, operands.get(1)?, operands.get(2)?);
        let matrix = |name: &str, tensor: &Tensor| {
            <[usize; 2]>::try_from(tensor.shape.as_slice())
                .map_err(|_| format!("its {name} must have 2 dimensions, found shape {:?}", tensor.shape))
        };
        let [batches, in_c] = matrix(operands.name(0), input)?;
        let [filters, feature_c] = matrix(operands.name(1), feature)?;
        let [time_filters, memory] = matrix(operands.name(2), time)?;
        let units = filters.checked_div(self.rank).unwrap_or(0);
        if units * self.rank != filters || units == 0 {
            return Err(format!("its {filters} filters must be a multiple of its rank {}", self.rank));
        }
        if feature_c != in_c || time_filters != filters {
            return Err(format!(
                "its feature weights {:?} and time weights {:?} must be [filters, {in_c}] and [filters, memory]",
                feature.shape, time.shape
            ));
        }
        let fits = |at: usize, n: usize| match operands.optional(at) {
            Some(found) if found.shape.iter().product::<usize>() != n => Err(format!(
                "its {} must have {n} elements, found shape {:?}",
                operands.name(at),
                found.shape
            )),
            _ => Ok(()),
        };
        fits(3, units)?;
        fits(4, batches * filters * memory)?;
        Ok(Extents { batches, in_c, units, memory })
    }

    /// PrepareSvdf: the scales of feature products to the state and of sums to the output; all products are floats.
    fn multipliers(operands: &Operands<'_>, output: &Tensor) -> Result<[Multiplier; 2], String> {
        let scale = |at: usize| Ok::<_, String>(per_tensor(operands.name(at), operands.get(at)?)?.0);
        let (input, feature, time, state) = (scale(0)?, scale(1)?, scale(2)?, scale(4)?);
        if let Some((bias, _)) = operands.optional(3).and_then(|bias| per_tensor("bias", bias).ok()) {
            let wanted = f64::from(state * time);
            if (f64::from(bias) - wanted).abs() >= 1e-5 {
                return Err(format!(
                    "its bias must have the scale state * time weights = {wanted:e}, found {bias:e}"
                ));
            }
        }
        let (output, _) = per_tensor("output", output)?;
        Ok([
            quantize_multiplier(f64::from(input * feature / state))?,
            quantize_multiplier(f64::from(state * time / output))?,
        ])
    }
}

impl Operator for Svdf {
    fn name() -> &'static str {
        "SVDF"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Svdf { rank: attributes.take("rank")?, activation: attributes.take("activation")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("rank", self.rank).with("activation", self.activation)
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input", "feature weights", "time weights", "bias", "state"]
    }

    fn n_required(&self) -> usize {
        3
    }

    fn states(&self) -> &'static [usize] {
        &[4]
    }

    fn activation_mut(&mut self) -> Option<&mut Activation> {
        Some(&mut self.activation)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let dtype = float_or_int8("input", operands.get(0)?)?;
        let (time, state) = (operands.get(2)?, operands.get(4)?);
        let (steps, bias): (&[DType], DType) = match dtype {
            DType::I8 => (&[DType::I16, DType::I8], DType::I32),
            _ => (&[DType::F32], DType::F32),
        };
        one_of(operands.name(1), operands.get(1)?, &[dtype])?;
        one_of(operands.name(2), time, steps)?;
        one_of(operands.name(4), state, &[time.dtype])?;
        if let Some(found) = operands.optional(3) {
            one_of("bias", found, &[bias])?;
        }
        let Extents { batches, units, .. } = self.extents(operands)?;
        Ok(TensorType::one(dtype, vec![batches, units]))
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        for at in 1..3 {
            operands.constant(at)?;
        }
        if operands.optional(3).is_some() {
            operands.constant(3)?;
        }
        let output = results.get(0)?;
        if output.dtype != DType::I8 {
            return Ok(());
        }
        for at in 1..3 {
            filter_scales(operands.name(at), operands.get(at)?, 0, false)?;
        }
        let (_, zero_point) = per_tensor("state", operands.get(4)?)?;
        if operands.get(4)?.dtype == DType::I16 && zero_point != 0 {
            return Err(format!("its int16 state must have zero point 0, found {zero_point}"));
        }
        Svdf::multipliers(operands, output).map(|_| ())
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::Calibrated
    }

    fn macs(&self, operands: &Operands<'_>, _results: &Results<'_>) -> u64 {
        self.extents(operands)
            .map_or(0, |of| (of.batches * of.units * self.rank) as u64 * (of.in_c as u64 + of.memory as u64))
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let output = results.get(0)?;
        let Extents { batches, in_c, units, memory } = self.extents(operands)?;
        let rank = self.rank;
        let arguments = (0..4).map(|at| to.operand(at)).collect();
        let targets = vec![to.result(0)?, to.state(4)?];
        if output.dtype == DType::F32 {
            let [act_min, act_max] = float_activation_range(self.activation);
            let spec = svdf::Float32Spec { batches, in_c, units, rank, memory, act_min, act_max };
            return to.call_into(Kernel::SvdfFloat32(spec), arguments, targets);
        }
        let [state, sum] = Svdf::multipliers(operands, output)?;
        let spec = svdf::Int8Spec {
            batches,
            in_c,
            units,
            rank,
            memory,
            input_zero_point: per_tensor("input", operands.get(0)?)?.1,
            state_zero_point: per_tensor("state", operands.get(4)?)?.1,
            output_zero_point: per_tensor("output", output)?.1,
            state_multiplier: state.multiplier,
            state_shift: state.shift,
            output_multiplier: sum.multiplier,
            output_shift: sum.shift,
        };
        let narrow = operands.get(4)?.dtype == DType::I8;
        let kernel = if narrow { Kernel::SvdfInt8StateInt8(spec) } else { Kernel::SvdfInt8(spec) };
        to.call_into(kernel, arguments, targets)
    }
}
