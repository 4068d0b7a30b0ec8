//! Tables of quantised functions of one element, filled as TFLM and LiteRT fill theirs.
//!
//! The definitions are those of `LUTPopulate` in `tensorflow/lite/kernels/internal/common.h`: single precision throughout,
//! in that order of operations. Functions themselves are computed in double precision and rounded to single.

/// The table of an int8 function between quantisations: the results of 0 to 127, then those of -128 to -1.
pub(crate) fn int8(input: (f32, i32), output: (f32, i32), f: impl Fn(f32) -> f32) -> [i8; 256] {
    let inverse_scale = 1.0 / output.0;
    std::array::from_fn(|bits| {
        let x = i32::from((bits as u8).cast_signed());
        let real = input.0 * (x - input.1) as f32;
        let steps = (f(real) * inverse_scale).round();
        // The cast saturates; results that are further away do too.
        ((steps + output.1 as f32) as i32).clamp(-128, 127) as i8
    })
}

/// The table of an int16 function between scales, with zero points of 0.
pub(crate) fn int16(input: f32, output: f32, f: impl Fn(f32) -> f32) -> Vec<i16> {
    let range = |scale: f32| [scale * -32_768.0, scale * 32_767.0];
    interpolated(range(input), range(output), f)
}

/// 513 values over the range of an input, each moved by half of the error that interpolating would make in the middle of
/// its step.
pub(crate) fn interpolated(input: [f32; 2], output: [f32; 2], f: impl Fn(f32) -> f32) -> Vec<i16> {
    const STEPS: usize = 512;
    let step = (input[1] - input[0]) / STEPS as f32;
    let half_step = step / 2.0;
    let per_unit = 65_536.0 / (output[1] - output[0]);
    let entry = |value: f32| value.clamp(-32_768.0, 32_767.0) as i16;
    let mut table: Vec<i16> = (0..STEPS)
        .map(|at| {
            let x = input[0] + at as f32 * step;
            let value = (f(x) * per_unit).round();
            let middle = (f(x + half_step) * per_unit).round();
            let next = f(input[0] + (at + 1) as f32 * step) * per_unit;
            let interpolated = ((next + value) / 2.0).round();
            entry(value - ((interpolated - middle) / 2.0).round())
        })
        .collect();
    table.push(entry((f(input[1]) * per_unit).round()));
    table
}

/// e to the power of `x`.
pub(crate) fn exp(x: f32) -> f32 {
    f64::from(x).exp() as f32
}

/// The natural logarithm of `x`.
pub(crate) fn log(x: f32) -> f32 {
    f64::from(x).ln() as f32
}

/// The hyperbolic tangent of `x`.
pub(crate) fn tanh(x: f32) -> f32 {
    f64::from(x).tanh() as f32
}

/// `1 - erf(x)`.
pub(crate) fn erfc(x: f32) -> f32 {
    let x = f64::from(x);
    let magnitude = x.abs();
    let upper = if magnitude < 3.0 { 1.0 - erf_series(magnitude) } else { erfc_fraction(magnitude) };
    (if x < 0.0 { 2.0 - upper } else { upper }) as f32
}

/// `erf(x) = 2 / sqrt(pi) e^(-x²) (x + 2 x³ / 3 + 4 x⁵ / 15 + …)` of `x` from 0 to 3 (Abramowitz and Stegun, 7.1.6).
fn erf_series(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for odd in (3..150).step_by(2) {
        term *= 2.0 * x * x / f64::from(odd);
        sum += term;
    }
    std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum
}

/// `erfc(x) = e^(-x²) / sqrt(pi) / (x + (1/2) / (x + 1 / (x + (3/2) / …)))` of `x` from 3 (Abramowitz and Stegun, 7.1.14).
fn erfc_fraction(x: f64) -> f64 {
    let below = (1..=80).rev().fold(x, |below, at| x + f64::from(at) / 2.0 / below);
    (-x * x).exp() * std::f64::consts::FRAC_2_SQRT_PI / 2.0 / below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_int8_table_rounds_halves_away_from_zero_and_saturates() {
        let table = int8((0.5, 2), (1.0, -1), |x| x);
        let read = |x: i8| table[usize::from(x.cast_unsigned())];
        // 3 is 0.5, which rounds to 1; 1 is -0.5, which rounds to -1.
        assert_eq!([3, 1, 2, 127].map(read), [0, -2, -1, 62]);
        let steep = int8((1.0, 0), (1.0e-30, 0), |x| x);
        assert_eq!([steep[1], steep[255]], [127, -128]);
    }

    #[test]
    fn an_int16_table_of_a_line_is_the_line() {
        let table = int16(0.001, 0.002, |x| x);
        assert_eq!(table.len(), 513);
        assert_eq!([table[0], table[256], table[257], table[512]], [-16_384, 0, 64, 16_384]);
    }

    #[test]
    fn the_complementary_error_function_has_its_values() {
        // Abramowitz and Stegun, table 7.1, and the expansion 7.1.23.
        for (x, exact) in [(0.0, 1.0), (0.5, 0.479_500_1), (1.0, 0.157_299_2), (2.0, 4.677_735e-3)] {
            assert!((erfc(x) / exact - 1.0).abs() < 2.0e-7, "{x}: {}", erfc(x));
            assert!((erfc(-x) / (2.0 - exact) - 1.0).abs() < 2.0e-7, "{x}: {}", erfc(-x));
        }
        assert!((erfc(4.0) / 1.541_725_8e-8 - 1.0).abs() < 2.0e-7);
        assert!((erfc_fraction(3.0) / (1.0 - erf_series(3.0)) - 1.0).abs() < 1.0e-9);
    }
}
