//! CONV_2D with the ADD behind it: every output meets the other operand of the sum in the place where the sum will be.

use super::{Int8, Int8Spec};
use crate::error::{attempt, ensure, length};
use crate::ops::channels::{Channels, Finish};
use crate::ops::rescaled::{Rescale, Scale};
use crate::window::Window;
use crate::{InvalidSpec, Shared, WrongLength};

/// Everything about an int8 CONV_2D and the int8 ADD of its output and a residual that is known when it is compiled.
///
/// The sum is that of [`crate::ops::add::Int8`]: both operands are shifted left by `left_shift` and scaled to twice the larger
/// scale; the result is scaled to the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8AddedSpec {
    /// Shapes, strides, dilation and padding of the convolution.
    pub window: Window,
    /// Groups of channels that are convolved on their own; 1 for a plain convolution.
    pub groups: usize,
    /// The int8 value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The int8 value of a real 0 in what the convolution gives.
    pub conv_zero_point: i32,
    /// Lowest int8 value that the convolution gives.
    pub conv_act_min: i32,
    /// Highest int8 value that the convolution gives.
    pub conv_act_max: i32,
    /// The int8 value of a real 0 in the residual.
    pub residual_zero_point: i32,
    /// Bits that both operands of the sum gain before they are scaled.
    pub left_shift: i32,
    /// Scale of what the convolution gives to the common scale, a Q0.31.
    pub conv_multiplier: i32,
    /// Its exponent, at most 0.
    pub conv_shift: i32,
    /// Scale of the residual to the common scale, a Q0.31.
    pub residual_multiplier: i32,
    /// Its exponent, at most 0.
    pub residual_shift: i32,
    /// Scale of the sum to the output, a Q0.31.
    pub output_multiplier: i32,
    /// Its exponent, at most 0.
    pub output_shift: i32,
    /// The int8 value of a real 0 in the output.
    pub output_zero_point: i32,
    /// Lowest int8 output.
    pub act_min: i32,
    /// Highest int8 output.
    pub act_max: i32,
}

/// Int8 CONV_2D with one scale per output channel, and the ADD behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Added {
    conv: Int8,
    sum: Sum,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sum {
    conv: Scale,
    residual: Scale,
    output: Rescale,
}

impl Finish for &Sum {
    const SHARES: bool = false;

    #[inline(always)]
    fn finish(self, output: i8, place: &mut i8) {
        let sum = self.conv.apply(output.into()).wrapping_add(self.residual.apply((*place).into()));
        *place = self.output.apply(sum) as i8;
    }
}

impl Int8Added {
    #[inline(always)]
    fn channels<'a>(
        &'a self,
        bias: &'a [i32],
        multiplier: &'a [i32],
        shift: &'a [i8],
    ) -> Result<Channels<'a, &'a Sum>, WrongLength> {
        length("multiplier", multiplier.len(), self.conv.layout.window.out_c)?;
        Ok(self.conv.channels(bias, multiplier, shift)?.finished_by(&self.sum))
    }

    /// Checks the specification.
    pub const fn new(spec: Int8AddedSpec) -> Result<Self, InvalidSpec> {
        const LOW: i32 = i8::MIN as i32;
        const HIGH: i32 = i8::MAX as i32;
        ensure!(spec.output_shift <= 0, "the result of ADD must not be shifted left further by its scale");
        let conv = Int8Spec {
            window: spec.window,
            groups: spec.groups,
            input_zero_point: spec.input_zero_point,
            output_zero_point: spec.conv_zero_point,
            act_min: spec.conv_act_min,
            act_max: spec.conv_act_max,
        };
        let left = [spec.conv_zero_point, spec.left_shift, spec.conv_multiplier, spec.conv_shift];
        let right =
            [spec.residual_zero_point, spec.left_shift, spec.residual_multiplier, spec.residual_shift];
        let scale = [spec.output_multiplier, spec.output_shift];
        let bounds = [spec.act_min, spec.act_max];
        Ok(Self {
            conv: attempt!(Int8::new(conv)),
            sum: Sum {
                conv: attempt!(Scale::new(left, LOW, HIGH)),
                residual: attempt!(Scale::new(right, LOW, HIGH)),
                output: attempt!(Rescale::new(scale, spec.output_zero_point, bounds, LOW, HIGH)),
            },
        })
    }

    /// As [`Int8::run`], with a residual of the output's shape, and one multiplier and shift for each channel.
    #[expect(clippy::too_many_arguments, reason = "kernels take slices, one for each constant")]
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub fn run(
        &self,
        residual: &[i8],
        input: &[i8],
        filter: &[i8],
        bias: &[i32],
        multiplier: &[i32],
        shift: &[i8],
        output: &mut [i8],
    ) -> Result<(), WrongLength> {
        let channels = self.channels(bias, multiplier, shift)?;
        length("residual", residual.len(), output.len())?;
        self.conv.check(input, filter, output)?;
        for (place, &value) in output.iter_mut().zip(residual) {
            *place = value;
        }
        self.conv.compute(input, filter, channels, output)
    }

    /// As [`Int8Added::run`], with residual and output in one piece of memory.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub fn run_shared(
        &self,
        input: &[i8],
        filter: &[i8],
        bias: &[i32],
        multiplier: &[i32],
        shift: &[i8],
        shared: Shared<'_, i8>,
    ) -> Result<(), WrongLength> {
        let channels = self.channels(bias, multiplier, shift)?;
        let output = shared.moved(self.conv.layout.window.out_len())?;
        self.conv.compute(input, filter, channels, output)
    }
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::*;
    use crate::ops::add;
    use crate::ops::naive::Random;

    fn random_spec(random: &mut Random, window: Window) -> Int8AddedSpec {
        let mut zero_point = || random.within(-128, 127) as i32;
        let (input_zero_point, conv_zero_point) = (zero_point(), zero_point());
        let (residual_zero_point, output_zero_point) = (zero_point(), zero_point());
        let ((conv_act_min, conv_act_max), (act_min, act_max)) = (random.bounds(), random.bounds());
        let mut scale = || random.within(1 << 30, i32::MAX.into()) as i32;
        Int8AddedSpec {
            window,
            groups: 1,
            input_zero_point,
            conv_zero_point,
            conv_act_min,
            conv_act_max,
            residual_zero_point,
            left_shift: 20,
            conv_multiplier: scale(),
            conv_shift: 0,
            residual_multiplier: scale(),
            residual_shift: -3,
            output_multiplier: scale(),
            output_shift: -18,
            output_zero_point,
            act_min,
            act_max,
        }
    }

    /// The convolution and the sum that a kernel does in one.
    fn apart(spec: &Int8AddedSpec) -> (Int8, add::Int8) {
        let conv = Int8Spec {
            window: spec.window,
            groups: spec.groups,
            input_zero_point: spec.input_zero_point,
            output_zero_point: spec.conv_zero_point,
            act_min: spec.conv_act_min,
            act_max: spec.conv_act_max,
        };
        let shape = [1, 1, 1, 1, 1, spec.window.out_len()];
        let sum = add::Int8Spec {
            a_shape: shape,
            b_shape: shape,
            a_zero_point: spec.residual_zero_point,
            b_zero_point: spec.conv_zero_point,
            output_zero_point: spec.output_zero_point,
            left_shift: spec.left_shift,
            a_multiplier: spec.residual_multiplier,
            a_shift: spec.residual_shift,
            b_multiplier: spec.conv_multiplier,
            b_shift: spec.conv_shift,
            output_multiplier: spec.output_multiplier,
            output_shift: spec.output_shift,
            act_min: spec.act_min,
            act_max: spec.act_max,
        };
        (Int8::new(conv).unwrap(), add::Int8::new(sum).unwrap())
    }

    #[test]
    fn a_convolution_and_a_sum_in_one_are_one_after_the_other() {
        for seed in 0..500 {
            let random = &mut Random::new(seed);
            let in_c = random.size(1, 5);
            let window = Window { out_c: random.size(1, 70), ..random.window(in_c, 2) };
            let spec = random_spec(random, window);
            let input = random.int8s(window.in_len());
            let residual = random.int8s(window.out_len());
            let filter = random.int8s(window.out_c * window.k_h * window.k_w * in_c);
            let (bias, multiplier, shift) = random.channels(window.out_c);
            let (mut made, mut expected) = (vec![0; residual.len()], vec![0; residual.len()]);
            let (conv, sum) = apart(&spec);
            conv.run(&input, &filter, &bias, &multiplier, &shift, &mut made).unwrap();
            sum.run(&residual, &made, &mut expected).unwrap();

            let kernel = Int8Added::new(spec).unwrap();
            let mut output = vec![0; residual.len()];
            kernel.run(&residual, &input, &filter, &bias, &multiplier, &shift, &mut output).unwrap();
            assert_eq!(output, expected, "{spec:?}");
            for (from, to) in [(0, 0), (3, 0), (0, 5), (residual.len(), 0), (0, residual.len())] {
                let mut memory = vec![77; from.max(to) + residual.len()];
                memory[from..from + residual.len()].copy_from_slice(&residual);
                let shared = Shared { memory: &mut memory, input: from, output: to };
                kernel.run_shared(&input, &filter, &bias, &multiplier, &shift, shared).unwrap();
                assert_eq!(memory[to..to + residual.len()], expected, "{spec:?} from {from} to {to}");
            }
            // What has a wrong length leaves the output as it was.
            let before = output.clone();
            let short = &input[1..];
            assert!(kernel.run(&residual, short, &filter, &bias, &multiplier, &shift, &mut output).is_err());
            assert_eq!(output, before);
        }
    }
}
