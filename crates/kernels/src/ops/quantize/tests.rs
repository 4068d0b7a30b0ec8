//! Halves, extremes and every int8 value against the definition.

use std::vec::Vec;

use super::super::naive::{Random, quantize};
use super::*;

#[test]
fn floats_round_halves_away_from_zero_and_saturate() {
    let spec = Float32ToInt8Spec { len: 9, scale: 0.5, zero_point: -3 };
    let input = [0.0, 0.25, -0.25, 0.24, 1.75, -100.0, 1.0e30, f32::NEG_INFINITY, f32::NAN];
    let mut output = [0; 9];
    assert_eq!(Float32ToInt8::new(spec).unwrap().run(&input, &mut output), Ok(()));
    assert_eq!(output, [-3, -2, -4, -3, 1, -128, 127, -128, -3]);
}

#[test]
fn random_floats_equal_the_definition() {
    let random = &mut Random::new(7);
    for _ in 0..200 {
        let spec = Float32ToInt8Spec {
            len: 64,
            scale: random.within(1, 1 << 20) as f32 * 1.0e-6,
            zero_point: random.within(-128, 127) as i32,
        };
        let input = random.floats(64);
        let mut output = [0; 64];
        assert_eq!(Float32ToInt8::new(spec).unwrap().run(&input, &mut output), Ok(()));
        for (&x, y) in input.iter().zip(output) {
            let steps = f64::from((x / spec.scale).round());
            let expected = (steps + f64::from(spec.zero_point)).clamp(-128.0, 127.0);
            assert_eq!(f64::from(y), expected, "{x} by {spec:?}");
        }
    }
}

#[test]
fn every_int8_value_is_rescaled_by_the_definition() {
    let input: Vec<i8> = (i8::MIN..=i8::MAX).collect();
    for seed in 0..200 {
        let random = &mut Random::new(seed);
        let spec = Int8Spec {
            len: 256,
            input_zero_point: random.within(-128, 127) as i32,
            output_zero_point: random.within(-128, 127) as i32,
            multiplier: random.within(1 << 30, i32::MAX.into()) as i32,
            shift: random.within(-4, 4) as i32,
        };
        let mut output = [0; 256];
        assert_eq!(Int8::new(spec).unwrap().run(&input, &mut output), Ok(()));
        for (&x, y) in input.iter().zip(output) {
            let value = i64::from(x) - i64::from(spec.input_zero_point);
            let expected = quantize(value, spec.multiplier, spec.shift, spec.output_zero_point, (-128, 127));
            assert_eq!(y, expected, "{x} through {spec:?}");
        }
    }
}

#[test]
fn other_types_are_rescaled_by_hand() {
    // A quarter of a step of the input is a step of the output.
    macro_rules! check {
        ($kernel:ident($spec:ident), $zero_points:expr, $input:expr, $expected:expr) => {
            let (input_zero_point, output_zero_point) = $zero_points;
            let spec = $spec { len: 3, input_zero_point, output_zero_point, multiplier: 1 << 30, shift: 3 };
            let mut output = [0; 3];
            assert_eq!($kernel::new(spec).unwrap().run(&$input, &mut output), Ok(()));
            assert_eq!(output, $expected, stringify!($kernel));
        };
    }
    check!(Int8ToInt16(Int8ToInt16Spec), (-1, 3), [-128, 0, 127], [-505, 7, 515]);
    check!(Int8ToInt32(Int8ToInt32Spec), (-1, 3), [-128, 0, 127], [-505, 7, 515]);
    check!(Int8ToUint8(Int8ToUint8Spec), (0, 128), [-128, 1, 127], [0, 132, 255]);
    check!(Int16(Int16Spec), (0, 0), [-32768, 3, 30_000], [-32768, 12, 32767]);
    check!(Int16ToInt8(Int16ToInt8Spec), (0, 1), [-32768, 3, 30], [-128, 13, 121]);
    check!(Int16ToInt32(Int16ToInt32Spec), (0, 0), [-32768, 3, 30_000], [-131_072, 12, 120_000]);
    check!(Int32ToInt8(Int32ToInt8Spec), (0, 0), [-40, 3, 30], [-128, 12, 120]);
    check!(Int32ToInt16(Int32ToInt16Spec), (0, 0), [-40_000, 3, 30], [-32768, 12, 120]);
    check!(Uint8ToInt8(Uint8ToInt8Spec), (128, -1), [100, 130, 255], [-113, 7, 127]);
    let mut output = [0; 2];
    let spec = Float32ToInt16Spec { len: 2, scale: 0.5, zero_point: 0 };
    assert_eq!(Float32ToInt16::new(spec).unwrap().run(&[0.75, -1.0e9], &mut output), Ok(()));
    assert_eq!(output, [2, -32768]);
    let mut output = [0; 2];
    let spec = Float32ToUint8Spec { len: 2, scale: 0.5, zero_point: 128 };
    assert_eq!(Float32ToUint8::new(spec).unwrap().run(&[0.75, -1.0e9], &mut output), Ok(()));
    assert_eq!(output, [130, 0]);
}

#[test]
fn senseless_specifications_and_wrong_lengths_fail() {
    let spec = Float32ToInt8Spec { len: 2, scale: 1.0, zero_point: 0 };
    for wrong in [
        Float32ToInt8Spec { len: 0, ..spec },
        Float32ToInt8Spec { scale: -1.0, ..spec },
        Float32ToInt8Spec { scale: f32::NAN, ..spec },
        Float32ToInt8Spec { zero_point: -129, ..spec },
    ] {
        assert!(Float32ToInt8::new(wrong).is_err(), "{wrong:?}");
    }
    let wrong = WrongLength { operand: "output", expected: 2, found: 1 };
    assert_eq!(Float32ToInt8::new(spec).unwrap().run(&[0.0; 2], &mut [0]), Err(wrong));
    let spec = Int8Spec { len: 2, input_zero_point: 0, output_zero_point: 0, multiplier: 1, shift: 31 };
    assert!(Int8::new(spec).is_err());
}
