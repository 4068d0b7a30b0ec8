//! The scales of quantised operands of EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL, LESS and LESS_EQUAL.

use smidgen_kernels::ops::equal::QuantizedSpec;

use super::binary::shapes;
use super::operator::Operands;
use crate::scales::{per_tensor, quantize_multiplier_below_one};

/// Bits by which TFLM widens the operands before it multiplies them by their scales.
const LEFT_SHIFT: i32 = 8;

/// ComparisonsPrepare: the multipliers are the scales themselves, which must be below 1.
pub(super) fn quantized_spec(operands: &Operands<'_>) -> Result<QuantizedSpec, String> {
    let [a_shape, b_shape] = shapes(operands)?;
    let (a_scale, a_zero_point) = per_tensor(operands.name(0), operands.get(0)?)?;
    let (b_scale, b_zero_point) = per_tensor(operands.name(1), operands.get(1)?)?;
    let a = quantize_multiplier_below_one(f64::from(a_scale))?;
    let b = quantize_multiplier_below_one(f64::from(b_scale))?;
    Ok(QuantizedSpec {
        a_shape,
        b_shape,
        a_zero_point,
        b_zero_point,
        left_shift: LEFT_SHIFT,
        a_multiplier: a.multiplier,
        a_shift: a.shift,
        b_multiplier: b.multiplier,
        b_shift: b.shift,
    })
}
