//! FLOOR_MOD: `y = a - floor(a / b) * b`, with the sign of `b`; an extent of 1 stretches to the other operand's.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::FloorMod` (float) and its namesake in TensorFlow Lite (int32, int64). The
//! runtimes stop at a divisor of 0; here a float remainder is NaN then and an integer one is 0.

pub use super::broadcast::Spec;
use super::broadcast::plain_kernel;

plain_kernel!("FLOOR_MOD", Float32, f32, |a, b| {
    let rest = remainder(a, b);
    if rest != 0.0 && (b < 0.0) != (rest < 0.0) { rest + b } else { rest }
});
plain_kernel!("FLOOR_MOD", Int32, i32, |a: i32, b: i32| {
    let rest = if b == 0 { 0 } else { a.wrapping_rem(b) };
    if rest != 0 && (b < 0) != (rest < 0) { rest.wrapping_add(b) } else { rest }
});
plain_kernel!("FLOOR_MOD", Int64, i64, |a: i64, b: i64| {
    let rest = if b == 0 { 0 } else { a.wrapping_rem(b) };
    if rest != 0 && (b < 0) != (rest < 0) { rest.wrapping_add(b) } else { rest }
});

/// C's `fmod`: the exact remainder of a division that truncates, with the sign of `a`. Long division on the bits, because
/// a library's would not be there on every device.
fn remainder(a: f32, b: f32) -> f32 {
    if a.is_nan() || b.is_nan() || a.is_infinite() || b == 0.0 {
        return f32::NAN;
    }
    let (mut rest, exponent) = significand(a);
    let (divisor, lowest) = significand(b);
    if b.is_infinite() || exponent < lowest {
        return a;
    }
    for _ in lowest..exponent {
        rest %= divisor.max(1);
        rest <<= 1;
    }
    rest %= divisor.max(1);
    // Less than the divisor, so that it has its exponent or a smaller one: exact.
    (rest as f32 * unit(lowest)).copysign(a)
}

/// A finite number without its sign: 24 bits at most, and the exponent of the last one, from 0 for subnormal numbers.
fn significand(x: f32) -> (u32, u32) {
    let bits = x.to_bits() & 0x7fff_ffff;
    let (exponent, fraction) = (bits >> 23, bits & 0x7f_ffff);
    if exponent == 0 { (fraction, 0) } else { (fraction | 0x80_0000, exponent - 1) }
}

/// `2^(exponent - 149)`.
fn unit(exponent: u32) -> f32 {
    if exponent < 23 { f32::from_bits(1 << exponent) } else { f32::from_bits((exponent - 22) << 23) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::naive::Random;

    #[test]
    fn remainders_are_those_of_the_standard_library() {
        let random = &mut Random::new(1);
        for _ in 0..200_000 {
            let (a, b) = (f32::from_bits(random.bits()), f32::from_bits(random.bits()));
            let (result, expected) = (remainder(a, b), a % b);
            assert!(
                result.to_bits() == expected.to_bits() || result.is_nan() && expected.is_nan(),
                "{a} % {b}"
            );
        }
        for (a, b) in
            [(6.0, 4.0), (-6.5, 0.1), (1.0e-40, 3.0e-41), (5.0, f32::INFINITY), (-0.0, 2.0), (8.0, 2.0)]
        {
            assert_eq!(remainder(a, b).to_bits(), (a % b).to_bits(), "{a} % {b}");
        }
    }

    #[test]
    fn results_have_the_sign_of_the_divisor() {
        let spec = Spec { a_shape: [1, 1, 1, 1, 1, 5], b_shape: [1, 1, 1, 1, 1, 5] };
        let mut output = [0; 5];
        assert_eq!(
            Int32::new(spec).unwrap().run(&[7, -7, 7, -7, 3], &[3, 3, -3, -3, 0], &mut output),
            Ok(())
        );
        assert_eq!(output, [1, 2, -2, -1, 0]);
        let mut output = [0; 5];
        assert_eq!(
            Int64::new(spec).unwrap().run(&[7, -7, 7, -7, 3], &[3, 3, -3, -3, 0], &mut output),
            Ok(())
        );
        assert_eq!(output, [1, 2, -2, -1, 0]);
        let mut output = [0.0; 5];
        let kernel = Float32::new(spec).unwrap();
        assert_eq!(
            kernel.run(&[5.5, -5.5, 5.5, -5.5, 6.0], &[2.0, 2.0, -2.0, -2.0, 2.0], &mut output),
            Ok(())
        );
        assert_eq!(output, [1.5, 0.5, -0.5, -1.5, 0.0]);
    }
}
