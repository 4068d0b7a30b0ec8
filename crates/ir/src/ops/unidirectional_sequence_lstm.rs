//! UNIDIRECTIONAL_SEQUENCE_LSTM: at each step `i, f, o = logistic(W x + R h + b)`, `g = tanh(W x + R h + b)`,
//! `c = f * c + i * g` and `y = h = o * tanh(c)`.

use smidgen_kernels::ops::unidirectional_sequence_lstm as lstm;

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::reduction::one_of;
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::{
    Multiplier, filter_scales, per_tensor, quantize_multiplier, same_quant, tensor_multiplier,
};
use crate::tensor::DType;

/// Attributes of UNIDIRECTIONAL_SEQUENCE_LSTM without peepholes, projection and normalisation, with tanh for the cell.
///
/// Inputs: x `[batch, steps, I]`; weights of the input, forget, cell and output gate `[units, I]`; their recurrent weights
/// `[units, units]`; their optional biases `[units]`; hidden state and cell `[batch, units]`, variables. Quantised sums of
/// a gate have 12 fractional bits; the cell is int16 with a scale that is a power of two.
#[derive(Debug, Clone, PartialEq)]
pub struct UnidirectionalSequenceLstm {
    /// Whether the shapes are `[steps, batch, …]`.
    pub time_major: bool,
    /// Largest magnitude of the cell; 0 for none.
    pub cell_clip: f32,
    /// Whether both states start anew in every inference, as in ONNX. TFLite always goes on from the last inference; a
    /// file of it leaves resetting to the program that runs it.
    pub reset: bool,
}

/// Positions of the operands.
const INPUT_WEIGHTS: usize = 1;
const RECURRENT_WEIGHTS: usize = 5;
const BIASES: usize = 9;
const HIDDEN: usize = 13;
const CELL: usize = 14;

/// Fractional bits of a gate before and after its activation.
const GATE_SCALE: f32 = 1.0 / 4096.0;
const ACTIVATION_SCALE: f64 = 1.0 / 32768.0;

struct Extents {
    batches: usize,
    steps: usize,
    in_c: usize,
    units: usize,
}

impl UnidirectionalSequenceLstm {
    fn extents(&self, operands: &Operands<'_>) -> Result<Extents, String> {
        let shape = operands.get(0)?.shape.as_slice();
        let &[first, second, in_c] = shape else {
            return Err(format!("its input must have 3 dimensions, found shape {shape:?}"));
        };
        let (batches, steps) = if self.time_major { (second, first) } else { (first, second) };
        let units = operands.get(INPUT_WEIGHTS)?.shape.first().copied().unwrap_or(0);
        let fits = |at: usize, wanted: &[usize]| {
            let found = operands.get(at)?.shape.as_slice();
            if found == wanted {
                return Ok(());
            }
            Err(format!("its {} must have the shape {wanted:?}, found {found:?}", operands.name(at)))
        };
        for gate in 0..4 {
            fits(INPUT_WEIGHTS + gate, &[units, in_c])?;
            fits(RECURRENT_WEIGHTS + gate, &[units, units])?;
            if operands.optional(BIASES + gate).is_some() {
                fits(BIASES + gate, &[units])?;
            }
        }
        for at in [HIDDEN, CELL] {
            let found = operands.get(at)?;
            if found.shape.iter().product::<usize>() != batches * units {
                let name = operands.name(at);
                return Err(format!(
                    "its {name} must have {batches} times {units} elements, found shape {:?}",
                    found.shape
                ));
            }
        }
        Ok(Extents { batches, steps, in_c, units })
    }

    /// PrepareGateParametersInteger and CreateLstmCellStateInfo.
    fn quantized(&self, operands: &Operands<'_>) -> Result<lstm::Int8Spec, String> {
        let Extents { batches, steps, in_c, units } = self.extents(operands)?;
        let (input_scale, input_zero_point) = per_tensor("input", operands.get(0)?)?;
        let (hidden_scale, hidden_zero_point) = per_tensor("hidden state", operands.get(HIDDEN)?)?;
        let (cell_scale, cell_zero_point) = per_tensor("cell", operands.get(CELL)?)?;
        let power = cell_scale.log2().round();
        if (cell_scale.log2() - power).abs() >= 1e-3
            || !(-30.0..=0.0).contains(&power)
            || cell_zero_point != 0
        {
            return Err(format!(
                "its cell must have a scale of 2^-30 to 1 that is a power of two and zero point 0, found {cell_scale:?} \
                 and {cell_zero_point}"
            ));
        }
        let mut spec = lstm::Int8Spec {
            batches,
            steps,
            in_c,
            units,
            time_major: self.time_major,
            reset: self.reset,
            input_zero_point,
            hidden_zero_point,
            input_multiplier: [0; 4],
            input_shift: [0; 4],
            recurrent_multiplier: [0; 4],
            recurrent_shift: [0; 4],
            forget_multiplier: 0,
            forget_shift: 0,
            cell_multiplier: 0,
            cell_shift: 0,
            hidden_multiplier: 0,
            hidden_shift: 0,
            cell_fraction_bits: -(power as i32),
            cell_clip: self.quantized_clip(cell_scale)?,
        };
        for gate in 0..4 {
            let scale = |at: usize| Ok::<_, String>(per_tensor(operands.name(at), operands.get(at)?)?.0);
            let of_input = tensor_multiplier(input_scale, scale(INPUT_WEIGHTS + gate)?, GATE_SCALE)?;
            let of_state = tensor_multiplier(hidden_scale, scale(RECURRENT_WEIGHTS + gate)?, GATE_SCALE)?;
            (spec.input_multiplier[gate], spec.input_shift[gate]) = (of_input.multiplier, of_input.shift);
            (spec.recurrent_multiplier[gate], spec.recurrent_shift[gate]) =
                (of_state.multiplier, of_state.shift);
        }
        let cell = f64::from(cell_scale);
        let Multiplier { multiplier, shift } = quantize_multiplier(ACTIVATION_SCALE * cell / cell)?;
        (spec.forget_multiplier, spec.forget_shift) = (multiplier, shift);
        let Multiplier { multiplier, shift } =
            quantize_multiplier(ACTIVATION_SCALE * ACTIVATION_SCALE / cell)?;
        (spec.cell_multiplier, spec.cell_shift) = (multiplier, shift);
        let Multiplier { multiplier, shift } =
            quantize_multiplier(ACTIVATION_SCALE * ACTIVATION_SCALE / f64::from(hidden_scale))?;
        (spec.hidden_multiplier, spec.hidden_shift) = (multiplier, shift);
        Ok(spec)
    }

    /// The clip in steps of the cell, rounded down.
    fn quantized_clip(&self, cell_scale: f32) -> Result<i32, String> {
        let steps = (f64::from(self.cell_clip) / f64::from(cell_scale)).min(32_767.0) as i32;
        if self.cell_clip > 0.0 && steps == 0 {
            return Err(format!(
                "its cell clip {:?} is below a step {cell_scale:?} of its cell",
                self.cell_clip
            ));
        }
        Ok(steps)
    }
}

impl Operator for UnidirectionalSequenceLstm {
    fn name() -> &'static str {
        "UNIDIRECTIONAL_SEQUENCE_LSTM"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        let (time_major, cell_clip) = (attributes.take("time_major")?, attributes.take("cell_clip")?);
        Ok(UnidirectionalSequenceLstm { time_major, cell_clip, reset: attributes.take("reset")? })
    }

    fn attributes(&self) -> Attributes {
        let attributes = Attributes::default().with("time_major", self.time_major);
        attributes.with("cell_clip", format!("{:?}", self.cell_clip)).with("reset", self.reset)
    }

    fn operands(&self) -> &'static [&'static str] {
        &[
            "input",
            "input to input weights",
            "input to forget weights",
            "input to cell weights",
            "input to output weights",
            "recurrent to input weights",
            "recurrent to forget weights",
            "recurrent to cell weights",
            "recurrent to output weights",
            "input bias",
            "forget bias",
            "cell bias",
            "output bias",
            "hidden state",
            "cell",
        ]
    }

    fn n_required(&self) -> usize {
        BIASES
    }

    fn states(&self) -> &'static [usize] {
        &[HIDDEN, CELL]
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        one_of("input", input, &[DType::F32, DType::I8, DType::I16])?;
        let (weights, bias, cell) = match input.dtype {
            DType::I8 => (DType::I8, DType::I32, DType::I16),
            DType::I16 => (DType::I8, DType::I64, DType::I16),
            _ => (DType::F32, DType::F32, DType::F32),
        };
        for at in INPUT_WEIGHTS..BIASES {
            one_of(operands.name(at), operands.get(at)?, &[weights])?;
        }
        for at in BIASES..HIDDEN {
            operands.optional(at).map_or(Ok(()), |found| one_of(operands.name(at), found, &[bias]))?;
        }
        one_of("hidden state", operands.get(HIDDEN)?, &[input.dtype])?;
        one_of("cell", operands.get(CELL)?, &[cell])?;
        if !(self.cell_clip.is_finite() && self.cell_clip >= 0.0) {
            return Err(format!("its cell clip must be finite, 0 or above, found {:?}", self.cell_clip));
        }
        let Extents { units, .. } = self.extents(operands)?;
        let mut shape = input.shape.clone();
        shape.truncate(2);
        shape.push(units);
        Ok(TensorType::one(input.dtype, shape))
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        for at in INPUT_WEIGHTS..HIDDEN {
            if at < BIASES || operands.optional(at).is_some() {
                operands.constant(at)?;
            }
        }
        let output = results.get(0)?;
        if !output.dtype.is_quantized() {
            return Ok(());
        }
        for at in INPUT_WEIGHTS..BIASES {
            filter_scales(operands.name(at), operands.get(at)?, 0, false)?;
        }
        same_quant("hidden state", operands.get(HIDDEN)?, output)?;
        let spec = self.quantized(operands)?;
        if output.dtype == DType::I16 && (spec.input_zero_point, spec.hidden_zero_point) != (0, 0) {
            return Err(format!(
                "its int16 input and hidden state must have zero point 0, found {} and {}",
                spec.input_zero_point, spec.hidden_zero_point
            ));
        }
        Ok(())
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::Calibrated
    }

    fn macs(&self, operands: &Operands<'_>, _results: &Results<'_>) -> u64 {
        self.extents(operands).map_or(0, |of| {
            let products = 4 * of.units as u64 * (of.in_c + of.units) as u64;
            (of.batches * of.steps) as u64 * products
        })
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let arguments = (0..HIDDEN).map(|at| to.operand(at)).collect();
        let targets = vec![to.result(0)?, to.state(HIDDEN)?, to.state(CELL)?];
        let dtype = results.get(0)?.dtype;
        if dtype == DType::F32 {
            let Extents { batches, steps, in_c, units } = self.extents(operands)?;
            let UnidirectionalSequenceLstm { time_major, cell_clip, reset } = *self;
            let spec = lstm::Float32Spec { batches, steps, in_c, units, time_major, reset, cell_clip };
            return to.call_into(Kernel::UnidirectionalSequenceLstmFloat32(spec), arguments, targets);
        }
        let spec = self.quantized(operands)?;
        if dtype == DType::I8 {
            return to.call_into(Kernel::UnidirectionalSequenceLstmInt8(spec), arguments, targets);
        }
        let spec = lstm::Int16Spec {
            batches: spec.batches,
            steps: spec.steps,
            in_c: spec.in_c,
            units: spec.units,
            time_major: spec.time_major,
            reset: spec.reset,
            input_multiplier: spec.input_multiplier,
            input_shift: spec.input_shift,
            recurrent_multiplier: spec.recurrent_multiplier,
            recurrent_shift: spec.recurrent_shift,
            forget_multiplier: spec.forget_multiplier,
            forget_shift: spec.forget_shift,
            cell_multiplier: spec.cell_multiplier,
            cell_shift: spec.cell_shift,
            hidden_multiplier: spec.hidden_multiplier,
            hidden_shift: spec.hidden_shift,
            cell_fraction_bits: spec.cell_fraction_bits,
            cell_clip: spec.cell_clip,
        };
        to.call_into(Kernel::UnidirectionalSequenceLstmInt16(spec), arguments, targets)
    }
}
