//! What EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL, LESS and LESS_EQUAL share.
//!
//! Source: TensorFlow Lite Micro, `ComparisonFn` and `ComparisonWithScaling` of `reference/comparisons.h`: quantised
//! operands gain 8 bits and are multiplied by their scales before they are compared.

/// Everything about a comparison of quantised operands that is known when it is compiled.
///
/// Both operands are shifted left by `left_shift` (8 in TFLite) and multiplied by their scales, which are below 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuantizedSpec {
    /// Extents of `a` with leading ones.
    pub a_shape: [usize; 6],
    /// Extents of `b` with leading ones.
    pub b_shape: [usize; 6],
    /// The value of a real 0 in `a`.
    pub a_zero_point: i32,
    /// The value of a real 0 in `b`.
    pub b_zero_point: i32,
    /// Bits that both operands gain before they are scaled.
    pub left_shift: i32,
    /// Scale of `a`, a Q0.31.
    pub a_multiplier: i32,
    /// Its exponent, at most 0.
    pub a_shift: i32,
    /// Scale of `b`, a Q0.31.
    pub b_multiplier: i32,
    /// Its exponent, at most 0.
    pub b_shift: i32,
}

/// The kernels of one comparison: `Any` of plain numbers and `Int8` of quantised ones.
macro_rules! comparison {
    ($operator:literal, $compare:tt) => {
        #[doc = concat!($operator, " of plain numbers or truth values.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Any {
            broadcast: $crate::ops::broadcast::Broadcast,
        }

        impl Any {
            /// Checks the specification.
            pub const fn new(spec: Spec) -> Result<Self, $crate::InvalidSpec> {
                let broadcast = $crate::ops::broadcast::Broadcast::new(spec.a_shape, spec.b_shape);
                Ok(Self { broadcast: $crate::error::attempt!(broadcast) })
            }

            /// The output has the larger of the extents on each axis; 1 where the comparison holds, else 0.
            #[inline(never)]
            pub fn run<T: $crate::memory::Pod + PartialOrd>(
                &self,
                a: &[T],
                b: &[T],
                output: &mut [u8],
            ) -> Result<(), $crate::WrongLength> {
                self.broadcast.check(a.len(), b.len(), output.len())?;
                self.broadcast.apply(a, b, output, |a, b| u8::from(a $compare b));
                Ok(())
            }
        }

        $crate::ops::comparison::comparison!($operator, $compare, Int8, i8);
    };
    ($operator:literal, $compare:tt, $kernel:ident, $element:ident) => {
        #[doc = concat!($operator, " of quantised ", stringify!($element), ".")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $kernel {
            broadcast: $crate::ops::broadcast::Broadcast,
            a: $crate::ops::rescaled::Scale,
            b: $crate::ops::rescaled::Scale,
        }

        impl $kernel {
            /// Checks the specification.
            pub const fn new(spec: QuantizedSpec) -> Result<Self, $crate::InvalidSpec> {
                use $crate::error::attempt;
                use $crate::ops::rescaled::Scale;
                const LOW: i32 = $element::MIN as i32;
                const HIGH: i32 = $element::MAX as i32;
                let a = [spec.a_zero_point, spec.left_shift, spec.a_multiplier, spec.a_shift];
                let b = [spec.b_zero_point, spec.left_shift, spec.b_multiplier, spec.b_shift];
                Ok(Self {
                    broadcast: attempt!($crate::ops::broadcast::Broadcast::new(spec.a_shape, spec.b_shape)),
                    a: attempt!(Scale::new(a, LOW, HIGH)),
                    b: attempt!(Scale::new(b, LOW, HIGH)),
                })
            }

            /// The output has the larger of the extents on each axis; 1 where the comparison holds, else 0.
            #[inline(never)]
            pub fn run(
                &self,
                a: &[$element],
                b: &[$element],
                output: &mut [u8],
            ) -> Result<(), $crate::WrongLength> {
                self.broadcast.check(a.len(), b.len(), output.len())?;
                self.broadcast.apply(a, b, output, |a, b| {
                    u8::from(self.a.apply(a.into()) $compare self.b.apply(b.into()))
                });
                Ok(())
            }
        }
    };
}

pub(super) use comparison;

#[cfg(test)]
mod tests;
