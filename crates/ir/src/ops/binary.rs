//! What operators on two operands that stretch to each other share: types, shapes, scales, and [`Operator`] itself.
//!
//! The multipliers follow TFLM's Prepare functions; see [`crate::scales`].

use super::Activation;
use super::operator::{Operands, rank_6};
use crate::scales::{Multiplier, per_tensor, quantize_multiplier_below_one, quantized_activation_range};
use crate::tensor::{DType, Tensor};

/// Names of the operands.
pub(super) const OPERANDS: &[&str] = &["first operand", "second operand"];

/// The element type of both operands, which must be one of `allowed`.
pub(super) fn one_type(operands: &Operands<'_>, allowed: &[DType]) -> Result<DType, String> {
    let (a, b) = (operands.get(0)?.dtype, operands.get(1)?.dtype);
    if a != b {
        let (a, b) = (a.name(), b.name());
        return Err(format!("its operands must have one element type, found {a} and {b}"));
    }
    if allowed.contains(&a) {
        return Ok(a);
    }
    let allowed: Vec<&str> = allowed.iter().map(|dtype| dtype.name()).collect();
    Err(format!("its operands must be {}, found {}", allowed.join(" or "), a.name()))
}

/// The extents of both operands with leading ones.
pub(super) fn shapes(operands: &Operands<'_>) -> Result<[[usize; 6]; 2], String> {
    let shape = |at| rank_6(operands.name(at), &operands.get(at)?.shape);
    Ok([shape(0)?, shape(1)?])
}

/// The extents of a result whose operands stretch to each other from the last dimension on.
pub(super) fn stretched(a: &[usize], b: &[usize]) -> Result<Vec<usize>, String> {
    let rank = a.len().max(b.len());
    let (a_padded, b_padded) = (rank_6("first operand", a)?, rank_6("second operand", b)?);
    let pairs = a_padded.iter().zip(&b_padded).skip(a_padded.len() - rank);
    let extents = pairs.map(|pair| match pair {
        (&x, &y) if x == y || y == 1 => Ok(x),
        (1, &y) => Ok(y),
        _ => Err(format!("its operands {a:?} and {b:?} do not broadcast: extents must be equal or 1")),
    });
    extents.collect()
}

/// The scales of both operands and the result.
pub(super) fn scales(operands: &Operands<'_>, output: &Tensor) -> Result<[f32; 3], String> {
    let scale = |at| per_tensor(operands.name(at), operands.get(at)?).map(|(scale, _)| scale);
    Ok([scale(0)?, scale(1)?, per_tensor("output", output)?.0])
}

/// The zero points of both operands and the result.
pub(super) fn zero_points(operands: &Operands<'_>, output: &Tensor) -> Result<[i32; 3], String> {
    let zero_point = |at| per_tensor(operands.name(at), operands.get(at)?).map(|(_, zero_point)| zero_point);
    Ok([zero_point(0)?, zero_point(1)?, per_tensor("output", output)?.1])
}

/// What the kernels of ADD, SUB and SQUARED_DIFFERENCE take besides the shapes.
#[derive(Debug)]
pub(super) struct Rescaled {
    pub(super) zero_points: [i32; 3],
    pub(super) left_shift: i32,
    pub(super) a: Multiplier,
    pub(super) b: Multiplier,
    pub(super) output: Multiplier,
    pub(super) bounds: [i32; 2],
}

impl Rescaled {
    /// From the real multipliers of the operands to the common scale, and of the result to the output.
    pub(super) fn new(
        operands: &Operands<'_>,
        output: &Tensor,
        left_shift: i32,
        [a, b]: [f64; 2],
        output_multiplier: Multiplier,
        activation: Activation,
    ) -> Result<Self, String> {
        let ([.., output_scale], zero_points) = (scales(operands, output)?, zero_points(operands, output)?);
        Ok(Rescaled {
            zero_points,
            left_shift,
            a: quantize_multiplier_below_one(a)?,
            b: quantize_multiplier_below_one(b)?,
            output: output_multiplier,
            bounds: quantized_activation_range(output.dtype, activation, output_scale, zero_points[2])?,
        })
    }

    /// CalculateOpDataAdd, and CalculateOpDataSub of the TFLM that makes the goldens: all in double.
    pub(super) fn of_sum(
        operands: &Operands<'_>,
        output: &Tensor,
        left_shift: i32,
        activation: Activation,
    ) -> Result<Self, String> {
        let [a, b, to] = scales(operands, output)?;
        let twice_max = 2.0 * f64::from(a.max(b));
        let reals = [f64::from(a) / twice_max, f64::from(b) / twice_max];
        let real = twice_max / (f64::from(1 << left_shift) * f64::from(to));
        Self::new(operands, output, left_shift, reals, quantize_multiplier_below_one(real)?, activation)
    }
}

/// The specification of a kernel of operands on a common scale, from the shapes and a [`Rescaled`].
macro_rules! rescaled_spec {
    ($module:ident::$spec:ident, $shapes:expr, $rescaled:expr) => {{
        let ([a_shape, b_shape], rescaled) = ($shapes, $rescaled);
        $module::$spec {
            a_shape,
            b_shape,
            a_zero_point: rescaled.zero_points[0],
            b_zero_point: rescaled.zero_points[1],
            output_zero_point: rescaled.zero_points[2],
            left_shift: rescaled.left_shift,
            a_multiplier: rescaled.a.multiplier,
            a_shift: rescaled.a.shift,
            b_multiplier: rescaled.b.multiplier,
            b_shift: rescaled.b.shift,
            output_multiplier: rescaled.output.multiplier,
            output_shift: rescaled.output.shift,
            act_min: rescaled.bounds[0],
            act_max: rescaled.bounds[1],
        }
    }};
}

/// What the kernels of MUL and DIV take besides the shapes: zero points, multiplier and bounds.
pub(super) fn relative(
    operands: &Operands<'_>,
    output: &Tensor,
    activation: Activation,
) -> Result<([i32; 3], [i32; 2]), String> {
    let ([.., output_scale], zero_points) = (scales(operands, output)?, zero_points(operands, output)?);
    let bounds = quantized_activation_range(output.dtype, activation, output_scale, zero_points[2])?;
    Ok((zero_points, bounds))
}

/// The specification of a kernel of operands relative to their zero points.
macro_rules! relative_spec {
    ($module:ident::$spec:ident, $shapes:expr, $multiplier:expr, $relative:expr) => {{
        let ([a_shape, b_shape], multiplier) = ($shapes, $multiplier);
        let ([a_zero_point, b_zero_point, output_zero_point], [act_min, act_max]) = $relative;
        $module::$spec {
            a_shape,
            b_shape,
            a_zero_point,
            b_zero_point,
            output_zero_point,
            output_multiplier: multiplier.multiplier,
            output_shift: multiplier.shift,
            act_min,
            act_max,
        }
    }};
}

/// The specification of a kernel of plain numbers that a fused activation clamps.
macro_rules! clamped_spec {
    ($module:ident::$spec:ident, $shapes:expr, $bounds:expr) => {{
        let ([a_shape, b_shape], [act_min, act_max]) = ($shapes, $bounds);
        $module::$spec { a_shape, b_shape, act_min, act_max }
    }};
}

/// The kernel of ADD or SUB: one for each element type.
macro_rules! sum_kernel {
    (
        $module:ident, $operands:expr, $output:expr, $activation:expr,
        $float32:ident, $int8:ident, $int16:ident, $int32:ident, $int64:ident
    ) => {{
        use $crate::kernel::Kernel;
        use $crate::ops::binary::{
            Rescaled, clamped_spec, integer_activation_range, no_kernel, rescaled_spec, shapes,
        };
        let (shapes, activation) = (shapes($operands)?, $activation);
        let rescaled = |left_shift| Rescaled::of_sum($operands, $output, left_shift, activation);
        Ok(match $output.dtype {
            DType::F32 => {
                let bounds = $crate::scales::float_activation_range(activation);
                Kernel::$float32(clamped_spec!($module::Float32Spec, shapes, bounds))
            }
            DType::I8 => Kernel::$int8(rescaled_spec!($module::Int8Spec, shapes, rescaled(20)?)),
            DType::I16 => Kernel::$int16(rescaled_spec!($module::Int16Spec, shapes, rescaled(15)?)),
            DType::I32 => {
                let bounds = integer_activation_range(activation, i32::MIN, i32::MAX);
                Kernel::$int32(clamped_spec!($module::Int32Spec, shapes, bounds))
            }
            DType::I64 => {
                let bounds = integer_activation_range(activation, i64::MIN, i64::MAX);
                Kernel::$int64(clamped_spec!($module::Int64Spec, shapes, bounds))
            }
            other => return Err(no_kernel(other)),
        })
    }};
}

/// The specification of a kernel that needs nothing but the shapes.
macro_rules! plain_spec {
    ($module:ident, $shapes:expr) => {{
        let [a_shape, b_shape] = $shapes;
        $module::Spec { a_shape, b_shape }
    }};
}

/// The range that a fused activation clamps a plain integer result to.
pub(super) fn integer_activation_range<T: From<i8>>(activation: Activation, low: T, high: T) -> [T; 2] {
    match activation {
        Activation::None => [low, high],
        Activation::Relu => [T::from(0), high],
        Activation::Relu6 => [T::from(0), T::from(6)],
        Activation::ReluN1To1 => [T::from(-1), T::from(1)],
    }
}

/// Implements [`super::operator::Operator`] for an operator on two operands of one type, whose method `kernel` gives
/// the kernel. `$types` are the element types that it takes, `$result` makes that of the result of it.
macro_rules! binary_operator {
    ($operator:ident, $name:literal, $types:expr, $result:expr, $quant:ident $(, $activation:ident)?) => {
        impl $crate::ops::operator::Operator for $operator {
            fn name() -> &'static str {
                $name
            }

            fn read(_attributes: &mut $crate::ops::attributes::Attributes) -> Result<Self, String> {
                Ok($operator { $($activation: _attributes.take(stringify!($activation))?)? })
            }

            fn attributes(&self) -> $crate::ops::attributes::Attributes {
                let attributes = $crate::ops::attributes::Attributes::default();
                $(let attributes = attributes.with(stringify!($activation), self.$activation);)?
                attributes
            }

            fn operands(&self) -> &'static [&'static str] {
                $crate::ops::binary::OPERANDS
            }

            $(fn activation_mut(&mut self) -> Option<&mut $crate::ops::Activation> {
                Some(&mut self.$activation)
            })?

            fn infer(
                &self,
                operands: &$crate::ops::operator::Operands<'_>,
            ) -> Result<Vec<$crate::ops::operator::TensorType>, String> {
                let dtype = $crate::ops::binary::one_type(operands, $types)?;
                let shape =
                    $crate::ops::binary::stretched(&operands.get(0)?.shape, &operands.get(1)?.shape)?;
                let result: fn(DType) -> DType = $result;
                Ok($crate::ops::operator::TensorType::one(result(dtype), shape))
            }

            fn quant(
                &self,
                operands: &$crate::ops::operator::Operands<'_>,
                results: &$crate::ops::operator::Results<'_>,
            ) -> Result<(), String> {
                self.kernel(operands, results.get(0)?).map(|_| ())
            }

            fn output_quant(&self) -> $crate::ops::operator::OutputQuant {
                $crate::ops::operator::OutputQuant::$quant
            }

            fn lower(
                &self,
                operands: &$crate::ops::operator::Operands<'_>,
                results: &$crate::ops::operator::Results<'_>,
                to: &mut $crate::lower::NodeLowering<'_>,
            ) -> Result<(), String> {
                let kernel = self.kernel(operands, results.get(0)?)?;
                let arguments = vec![to.operand(0), to.operand(1)];
                to.call(kernel, arguments)
            }
        }
    };
}

/// A message that no kernel takes this element type; [`one_type`] has refused all others.
pub(super) fn no_kernel(dtype: DType) -> String {
    format!("bug in Smidgen: it has no kernel for {}", dtype.name())
}

pub(super) use {binary_operator, clamped_spec, plain_spec, relative_spec, rescaled_spec, sum_kernel};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_broadcast_from_the_right() {
        assert_eq!(stretched(&[1, 4, 4, 8], &[8]), Ok(vec![1, 4, 4, 8]));
        assert_eq!(stretched(&[3, 1], &[2, 1, 5]), Ok(vec![2, 3, 5]));
        assert_eq!(stretched(&[], &[2]), Ok(vec![2]));
        assert!(stretched(&[3], &[2]).is_err());
        assert!(stretched(&[1; 7], &[2]).is_err());
    }
}
