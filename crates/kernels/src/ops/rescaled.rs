//! Two quantised operands brought to a common scale: ADD, SUB, SQUARED_DIFFERENCE and the comparisons.
//!
//! Source: TensorFlow Lite Micro. An operand moves by its zero point, gains bits on the left and is multiplied by its
//! scale over the common one (`MultiplyByQuantizedMultiplierSmallerThanOneExp`).

use crate::InvalidSpec;
use crate::error::{attempt, ensure, multiplier, within};
use crate::fixed::multiply_by_quantized_multiplier;

/// How an operand is brought to the common scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale {
    zero_point: i32,
    left_shift: u32,
    multiplier: i32,
    shift: i32,
}

impl Scale {
    /// `low` and `high` bound the elements; the shifted difference of two of them must fit 32 bits.
    pub(super) const fn new(
        [zero_point, left_shift, scale_multiplier, shift]: [i32; 4],
        low: i32,
        high: i32,
    ) -> Result<Self, InvalidSpec> {
        attempt!(within(zero_point, low, high));
        attempt!(multiplier(scale_multiplier, shift));
        ensure!(shift <= 0, "an operand must not be shifted left by its scale");
        ensure!(
            0 <= left_shift && left_shift < 32 && ((high - low) as i64) << left_shift <= i32::MAX as i64,
            "the left shift must keep differences of elements within 32 bits"
        );
        Ok(Self { zero_point, left_shift: left_shift as u32, multiplier: scale_multiplier, shift })
    }

    #[inline(always)]
    pub(super) fn apply(&self, value: i32) -> i32 {
        let shifted = value.wrapping_sub(self.zero_point).wrapping_shl(self.left_shift);
        multiply_by_quantized_multiplier(shifted, self.multiplier, self.shift)
    }
}

/// Where quantised results of any integer type go: the scale of the output, its zero point and the activation's bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rescale {
    pub(super) multiplier: i32,
    pub(super) shift: i32,
    zero_point: i32,
    act_min: i32,
    act_max: i32,
}

impl Rescale {
    /// `low` and `high` bound the elements.
    pub(super) const fn new(
        [scale_multiplier, shift]: [i32; 2],
        zero_point: i32,
        [act_min, act_max]: [i32; 2],
        low: i32,
        high: i32,
    ) -> Result<Self, InvalidSpec> {
        attempt!(multiplier(scale_multiplier, shift));
        attempt!(within(zero_point, low, high));
        ensure!(
            low <= act_min && act_min <= act_max && act_max <= high,
            "activation bounds must be ordered and in the range of the output"
        );
        Ok(Self { multiplier: scale_multiplier, shift, zero_point, act_min, act_max })
    }

    #[inline(always)]
    pub(super) fn apply(&self, value: i32) -> i32 {
        let scaled = multiply_by_quantized_multiplier(value, self.multiplier, self.shift);
        self.clamp(scaled)
    }

    /// A value of the output's scale, moved by the zero point and kept between the bounds.
    #[inline(always)]
    pub(super) fn clamp(&self, value: i32) -> i32 {
        bounded(value.wrapping_add(self.zero_point), self.act_min, self.act_max)
    }
}

/// A value between bounds. Unlike `Ord::clamp` it has no panic path.
#[inline(always)]
pub(super) fn bounded<T: Copy + PartialOrd>(value: T, min: T, max: T) -> T {
    let value = if value < min { min } else { value };
    if value > max { max } else { value }
}

/// A kernel of two operands on a common scale whose result goes to the output's scale.
///
/// `$most` is the largest shift of the output's multiplier.
macro_rules! rescaled_kernel {
    ($operator:literal, $kernel:ident($spec:ident), $element:ident, $most:literal, $function:expr) => {
        #[doc = concat!("Everything about an ", stringify!($element), " ", $operator)]
        /// that is known when it is compiled.
        ///
        /// Both operands are shifted left by `left_shift` and scaled to twice the larger input scale; the result is
        /// scaled to the output.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $spec {
            /// Extents of `a` with leading ones.
            pub a_shape: [usize; 6],
            /// Extents of `b` with leading ones.
            pub b_shape: [usize; 6],
            /// The value of a real 0 in `a`.
            pub a_zero_point: i32,
            /// The value of a real 0 in `b`.
            pub b_zero_point: i32,
            /// The value of a real 0 in the output.
            pub output_zero_point: i32,
            /// Bits that both operands gain before they are scaled.
            pub left_shift: i32,
            /// Scale of `a` to the common scale, a Q0.31.
            pub a_multiplier: i32,
            /// Its exponent, at most 0.
            pub a_shift: i32,
            /// Scale of `b` to the common scale, a Q0.31.
            pub b_multiplier: i32,
            /// Its exponent, at most 0.
            pub b_shift: i32,
            /// Scale of the result to the output, a Q0.31.
            pub output_multiplier: i32,
            /// Its exponent.
            pub output_shift: i32,
            /// Lowest output.
            pub act_min: i32,
            /// Highest output.
            pub act_max: i32,
        }

        #[doc = concat!($operator, " of ", stringify!($element), ".")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $kernel {
            broadcast: $crate::ops::broadcast::Broadcast,
            a: $crate::ops::rescaled::Scale,
            b: $crate::ops::rescaled::Scale,
            output: $crate::ops::rescaled::Rescale,
        }

        impl $kernel {
            /// Checks the specification.
            pub const fn new(spec: $spec) -> Result<Self, $crate::InvalidSpec> {
                use $crate::error::{attempt, ensure};
                use $crate::ops::rescaled::{Rescale, Scale};
                const LOW: i32 = $element::MIN as i32;
                const HIGH: i32 = $element::MAX as i32;
                ensure!(
                    spec.output_shift <= $most,
                    concat!("the result of ", $operator, " must not be shifted left further by its scale")
                );
                let a = [spec.a_zero_point, spec.left_shift, spec.a_multiplier, spec.a_shift];
                let b = [spec.b_zero_point, spec.left_shift, spec.b_multiplier, spec.b_shift];
                let scale = [spec.output_multiplier, spec.output_shift];
                let bounds = [spec.act_min, spec.act_max];
                Ok(Self {
                    broadcast: attempt!($crate::ops::broadcast::Broadcast::new(spec.a_shape, spec.b_shape)),
                    a: attempt!(Scale::new(a, LOW, HIGH)),
                    b: attempt!(Scale::new(b, LOW, HIGH)),
                    output: attempt!(Rescale::new(scale, spec.output_zero_point, bounds, LOW, HIGH)),
                })
            }

            /// The output has the larger of the extents on each axis.
            #[inline(never)]
            pub fn run(
                &self,
                a: &[$element],
                b: &[$element],
                output: &mut [$element],
            ) -> Result<(), $crate::WrongLength> {
                self.broadcast.check(a.len(), b.len(), output.len())?;
                self.broadcast.apply(a, b, output, |a, b| self.of(a, b));
                Ok(())
            }

            /// As [`Self::run`] for operands of one shape, with `a` and the output in one piece of memory.
            #[inline(never)]
            pub fn run_shared(
                &self,
                b: &[$element],
                shared: $crate::Shared<'_, $element>,
            ) -> Result<(), $crate::WrongLength> {
                self.broadcast.check(b.len(), b.len(), b.len())?;
                shared.for_each_element(b, |a, b| self.of(a, b))
            }

            #[inline(always)]
            fn of(&self, a: $element, b: $element) -> $element {
                let f = $function;
                let result: i32 = f(self.a.apply(a.into()), self.b.apply(b.into()));
                self.output.apply(result) as $element
            }
        }
    };
}

/// A kernel of two quantised operands relative to their zero points: MUL and DIV.
///
/// `$function` takes both and gives the element of the output.
macro_rules! relative_kernel {
    ($operator:literal, $kernel:ident($spec:ident), $element:ident, $function:expr) => {
        #[doc = concat!("Everything about an ", stringify!($element), " ", $operator)]
        /// that is known when it is compiled.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $spec {
            /// Extents of `a` with leading ones.
            pub a_shape: [usize; 6],
            /// Extents of `b` with leading ones.
            pub b_shape: [usize; 6],
            /// The value of a real 0 in `a`.
            pub a_zero_point: i32,
            /// The value of a real 0 in `b`.
            pub b_zero_point: i32,
            /// The value of a real 0 in the output.
            pub output_zero_point: i32,
            /// Product or quotient of the input scales over the output scale, a Q0.31.
            pub output_multiplier: i32,
            /// Its exponent in `-31..=30`.
            pub output_shift: i32,
            /// Lowest output.
            pub act_min: i32,
            /// Highest output.
            pub act_max: i32,
        }

        #[doc = concat!($operator, " of ", stringify!($element), ".")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $kernel {
            broadcast: $crate::ops::broadcast::Broadcast,
            a_zero_point: i32,
            b_zero_point: i32,
            output: $crate::ops::rescaled::Rescale,
        }

        impl $kernel {
            /// Checks the specification.
            pub const fn new(spec: $spec) -> Result<Self, $crate::InvalidSpec> {
                use $crate::error::{attempt, within};
                use $crate::ops::rescaled::Rescale;
                const LOW: i32 = $element::MIN as i32;
                const HIGH: i32 = $element::MAX as i32;
                attempt!(within(spec.a_zero_point, LOW, HIGH));
                attempt!(within(spec.b_zero_point, LOW, HIGH));
                let scale = [spec.output_multiplier, spec.output_shift];
                let bounds = [spec.act_min, spec.act_max];
                Ok(Self {
                    broadcast: attempt!($crate::ops::broadcast::Broadcast::new(spec.a_shape, spec.b_shape)),
                    a_zero_point: spec.a_zero_point,
                    b_zero_point: spec.b_zero_point,
                    output: attempt!(Rescale::new(scale, spec.output_zero_point, bounds, LOW, HIGH)),
                })
            }

            /// The output has the larger of the extents on each axis.
            #[inline(never)]
            pub fn run(
                &self,
                a: &[$element],
                b: &[$element],
                output: &mut [$element],
            ) -> Result<(), $crate::WrongLength> {
                self.broadcast.check(a.len(), b.len(), output.len())?;
                self.broadcast.apply(a, b, output, |a, b| {
                    let (a, b) = (i32::from(a) - self.a_zero_point, i32::from(b) - self.b_zero_point);
                    $function(a, b, &self.output) as $element
                });
                Ok(())
            }
        }
    };
}

/// A kernel of two operands of plain numbers, clamped by a fused activation.
macro_rules! clamped_kernel {
    ($operator:literal, $kernel:ident($spec:ident), $element:ident, $check:path, $clamp:path, $function:expr) => {
        #[doc = concat!("Everything about an ", stringify!($element), " ", $operator)]
        /// that is known when it is compiled.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $spec {
            /// Extents of `a` with leading ones.
            pub a_shape: [usize; 6],
            /// Extents of `b` with leading ones.
            pub b_shape: [usize; 6],
            #[doc = concat!("Lowest output; `", stringify!($element), "::MIN` for none.")]
            pub act_min: $element,
            #[doc = concat!("Highest output; `", stringify!($element), "::MAX` for none.")]
            pub act_max: $element,
        }

        #[doc = concat!($operator, " of ", stringify!($element), ".")]
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $kernel {
            broadcast: $crate::ops::broadcast::Broadcast,
            act_min: $element,
            act_max: $element,
        }

        impl $kernel {
            /// Checks the specification.
            pub const fn new(spec: $spec) -> Result<Self, $crate::InvalidSpec> {
                use $crate::error::attempt;
                let $spec { a_shape, b_shape, act_min, act_max } = spec;
                attempt!($check(act_min, act_max));
                let broadcast = attempt!($crate::ops::broadcast::Broadcast::new(a_shape, b_shape));
                Ok(Self { broadcast, act_min, act_max })
            }

            /// The output has the larger of the extents on each axis.
            #[inline(never)]
            pub fn run(
                &self,
                a: &[$element],
                b: &[$element],
                output: &mut [$element],
            ) -> Result<(), $crate::WrongLength> {
                self.broadcast.check(a.len(), b.len(), output.len())?;
                let f = $function;
                self.broadcast.apply(a, b, output, |a, b| $clamp(f(a, b), self.act_min, self.act_max));
                Ok(())
            }
        }
    };
}

/// The bounds of an activation on plain 32-bit integers.
pub(super) const fn ordered_i32(min: i32, max: i32) -> Result<(), InvalidSpec> {
    ensure!(min <= max, "activation bounds must be ordered");
    Ok(())
}

/// The bounds of an activation on plain 64-bit integers.
pub(super) const fn ordered_i64(min: i64, max: i64) -> Result<(), InvalidSpec> {
    ensure!(min <= max, "activation bounds must be ordered");
    Ok(())
}

/// Kernels of float32, int32 and int64 that a fused activation clamps.
macro_rules! clamped_kernels {
    ($operator:literal, $float:expr, $int32:expr, $int64:expr) => {
        $crate::ops::rescaled::clamped_kernel!(
            $operator,
            Float32(Float32Spec),
            f32,
            $crate::error::activation_f32,
            $crate::float::clamp,
            $float
        );
        $crate::ops::rescaled::clamped_kernel!(
            $operator,
            Int32(Int32Spec),
            i32,
            $crate::ops::rescaled::ordered_i32,
            $crate::ops::rescaled::bounded,
            $int32
        );
        $crate::ops::rescaled::clamped_kernel!(
            $operator,
            Int64(Int64Spec),
            i64,
            $crate::ops::rescaled::ordered_i64,
            $crate::ops::rescaled::bounded,
            $int64
        );
    };
}

pub(super) use {clamped_kernel, clamped_kernels, relative_kernel, rescaled_kernel};

#[cfg(test)]
mod tests;
