//! Every int8 value through random rectifiers, and floats by hand.

use std::vec::Vec;

use super::super::naive::{Random, quantize};
use super::*;

#[test]
fn every_value_equals_the_definition() {
    let input: Vec<i8> = (i8::MIN..=i8::MAX).collect();
    for seed in 0..200 {
        let random = &mut Random::new(seed);
        let (act_min, act_max) = random.bounds();
        let spec = Int8Spec {
            len: 256,
            input_zero_point: random.within(-128, 127) as i32,
            output_zero_point: random.within(-128, 127) as i32,
            multiplier: random.within(1 << 30, i32::MAX.into()) as i32,
            shift: random.within(-4, 4) as i32,
            act_min,
            act_max,
        };
        let mut output = [0; 256];
        assert_eq!(Int8::new(spec).unwrap().run(&input, &mut output), Ok(()));
        for (&x, y) in input.iter().zip(output) {
            let value = i64::from(x) - i64::from(spec.input_zero_point);
            let zero_point = spec.output_zero_point;
            let expected = quantize(value, spec.multiplier, spec.shift, zero_point, (act_min, act_max));
            assert_eq!(y, expected, "{x} through {spec:?}");
        }
    }
}

#[test]
fn floats_by_hand() {
    let mut output = [9.0; 4];
    let kernel = Float32::new(Float32Spec { len: 4 }).unwrap();
    assert_eq!(kernel.run(&[-1.0, 0.0, 2.5, f32::INFINITY], &mut output), Ok(()));
    assert_eq!(output, [0.0, 0.0, 2.5, f32::INFINITY]);
}

#[test]
fn senseless_specifications_and_wrong_lengths_fail() {
    let spec = Int8Spec {
        len: 3,
        input_zero_point: 0,
        output_zero_point: 0,
        multiplier: 1 << 30,
        shift: 1,
        act_min: 0,
        act_max: 127,
    };
    for wrong in [
        Int8Spec { len: 0, ..spec },
        Int8Spec { multiplier: -1, ..spec },
        Int8Spec { shift: 31, ..spec },
        Int8Spec { shift: -32, ..spec },
        Int8Spec { act_min: 127, act_max: 0, ..spec },
    ] {
        assert!(Int8::new(wrong).is_err(), "{wrong:?}");
    }
    let wrong = WrongLength { operand: "input", expected: 3, found: 4 };
    assert_eq!(Int8::new(spec).unwrap().run(&[0; 4], &mut [0; 3]), Err(wrong));
}

#[test]
fn int16_is_rescaled_and_clamped() {
    // Halved: 2^30 / 2^31.
    let kernel = Int16::new(Int16Spec { len: 4, multiplier: 1 << 30, shift: 0 }).unwrap();
    let mut output = [0; 4];
    assert_eq!(kernel.run(&[-500, 500, 501, 32_767], &mut output), Ok(()));
    assert_eq!(output, [0, 250, 251, 16_384]);
    let kernel = Int16::new(Int16Spec { len: 1, multiplier: 1 << 30, shift: 3 }).unwrap();
    assert_eq!(kernel.run(&[32_767], &mut output[..1]), Ok(()));
    assert_eq!(output[0], 32_767);
    assert!(Int16::new(Int16Spec { len: 1, multiplier: -1, shift: 0 }).is_err());
}
