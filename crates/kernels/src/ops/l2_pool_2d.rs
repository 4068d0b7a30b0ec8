//! L2_POOL_2D: the root of the mean square over the part of each window that lies inside the input.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::L2Pool`.

use super::average_pool_2d::{check_pool, for_each_value};
use crate::error::{activation_f32, attempt, length};
use crate::shared::Input;
use crate::window::Window;
use crate::{InvalidSpec, WrongLength, float};

/// Everything about a float L2_POOL_2D that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32Spec {
    /// Shapes, strides and padding; `out_c` is `in_c` and the dilation 1.
    pub window: Window,
    /// Lowest output; `f32::MIN` for none.
    pub act_min: f32,
    /// Highest output; `f32::MAX` for none.
    pub act_max: f32,
}

/// Float L2_POOL_2D.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32 {
    spec: Float32Spec,
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        attempt!(check_pool(&spec.window));
        attempt!(activation_f32(spec.act_min, spec.act_max));
        Ok(Self { spec })
    }

    /// Input and output NHWC. Sums run in window order.
    #[inline(never)]
    pub fn run(&self, input: &[f32], output: &mut [f32]) -> Result<(), WrongLength> {
        let Float32Spec { window, act_min, act_max } = &self.spec;
        length("input", input.len(), window.in_len())?;
        length("output", output.len(), window.out_len())?;
        window.for_each_pixel(output, |pixel, output| {
            let count = (pixel.y.count * pixel.x.count) as f32;
            for (channel, output) in output.iter_mut().enumerate() {
                let mut sum = 0.0;
                for_each_value(window, pixel, Input::whole(input), channel, |x| sum += x * x);
                *output = float::clamp(float::sqrt(sum / count), *act_min, *act_max);
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::naive::{Random, windows};
    use std::vec;

    #[test]
    fn random_pools_equal_the_definition() {
        for seed in 0..300 {
            let random = &mut Random::new(seed);
            let channels = random.size(1, 6);
            let window = Window { out_c: channels, ..random.window(channels, 1) };
            let input = random.floats(window.in_len());
            let mut output = vec![0.0; window.out_len()];
            let kernel = Float32::new(Float32Spec { window, act_min: 0.0, act_max: 6.0 }).unwrap();
            assert_eq!(kernel.run(&input, &mut output), Ok(()));
            let sums = windows(&window, (0.0_f64, 0_u8), |(sum, count), tap| {
                let at = window.in_index(tap.batch, tap.y, tap.x) + tap.out_c;
                *sum += f64::from(input[at]) * f64::from(input[at]);
                *count += 1;
            });
            for (&y, (sum, count)) in output.iter().zip(sums) {
                let exact = (sum / f64::from(count)).sqrt().min(6.0);
                assert!((f64::from(y) - exact).abs() < 1e-5 * exact.max(0.1), "seed {seed}: {y} {exact}");
            }
        }
    }

    #[test]
    fn senseless_specifications_and_wrong_lengths_fail() {
        let random = &mut Random::new(1);
        let window = Window { out_c: 2, ..random.window(2, 1) };
        let spec = Float32Spec { window, act_min: 0.0, act_max: 6.0 };
        assert!(Float32::new(Float32Spec { act_min: 7.0, ..spec }).is_err());
        assert!(Float32::new(Float32Spec { window: Window { out_c: 3, ..window }, ..spec }).is_err());
        let wrong = Float32::new(spec).unwrap().run(&[], &mut []);
        assert_eq!(wrong.map_err(|error| error.operand), Err("input"));
    }
}
