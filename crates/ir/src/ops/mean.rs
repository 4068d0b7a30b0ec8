//! MEAN: `y = sum of x / their number` over the reduced axes.

use smidgen_kernels::ops::mean;

use super::reduction::{Reduced, reduced, reduction_operator, rescaled};
use crate::kernel::Kernel;
use crate::scales::Multiplier;
use crate::tensor::{DType, Tensor};

/// Element types of the input.
const TYPES: &[DType] = &[DType::F32, DType::I8, DType::I16];

/// Attributes of MEAN. Inputs: x; the axes operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Mean {
    /// The dimensions that are averaged; negative ones count from the last. None are reduced where it is empty.
    pub axes: Vec<i32>,
    /// Whether they stay with an extent of 1.
    pub keep_dims: bool,
}

/// QuantizedMeanOrSum: the multiplier of the scales, shifted left as far as its 32 bits allow and divided by `count`.
fn divided(Multiplier { multiplier, shift }: Multiplier, count: usize) -> Multiplier {
    let bits = i64::from(count.checked_ilog2().unwrap_or(0)).min(32).min(31 + i64::from(shift));
    // The divisor is at least 2^bits, so that the quotient is at most the multiplier.
    let divided = (i64::from(multiplier) << bits) / i64::try_from(count.max(1)).unwrap_or(i64::MAX);
    Multiplier { multiplier: divided as i32, shift: shift - bits as i32 }
}

impl Mean {
    fn kernel(&self, input: &Tensor, output: &Tensor) -> Result<Kernel, String> {
        let Reduced { shape, axes, count } = reduced(input, &self.axes)?;
        if output.dtype == DType::F32 {
            return Ok(Kernel::MeanFloat32(mean::Float32Spec { shape, axes }));
        }
        let ([input_zero_point, output_zero_point], multiplier) = rescaled(input, output)?;
        let Multiplier { multiplier, shift } = divided(multiplier, count);
        Ok(match output.dtype {
            DType::I16 => Kernel::MeanInt16(mean::Int16Spec { shape, axes, multiplier, shift }),
            _ => Kernel::MeanInt8(mean::Int8Spec {
                shape,
                axes,
                input_zero_point,
                output_zero_point,
                multiplier,
                shift,
            }),
        })
    }
}

reduction_operator!(Mean, "MEAN", TYPES, Calibrated);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scales::rescale_multiplier;

    #[test]
    fn the_count_divides_the_multiplier() {
        let check = |input, output, count, multiplier, shift| {
            let found = rescale_multiplier(input, output).map(|scales| divided(scales, count));
            assert_eq!(found, Ok(Multiplier { multiplier, shift }));
        };
        check(0.5, 0.5, 1, 1 << 30, 1);
        check(0.5, 0.5, 4, 1 << 30, -1);
        // 2^30 * 2 / 3, rounded down.
        check(0.5, 0.5, 3, 715_827_882, 0);
        // One bit is left to shift by: 2^31 / 6, rounded down.
        check(0.5, 2f32.powi(30), 6, 357_913_941, -31);
    }
}
