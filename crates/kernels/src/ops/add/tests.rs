//! Hand cases and random sums against the definition.

use std::vec;

use super::super::naive::{Random, quantize, scale};
use super::*;
use crate::WrongLength;

/// Equal scales of 1 everywhere: the operands are halved to twice the larger scale, the sum doubled and shifted back.
const SPEC: Int8Spec = Int8Spec {
    a_shape: [1, 1, 1, 1, 2, 2],
    b_shape: [1, 1, 1, 1, 1, 2],
    a_zero_point: 1,
    b_zero_point: -2,
    output_zero_point: 3,
    left_shift: 20,
    a_multiplier: 1 << 30,
    a_shift: 0,
    b_multiplier: 1 << 30,
    b_shift: 0,
    output_multiplier: 1 << 30,
    output_shift: -18,
    act_min: -128,
    act_max: 40,
};

#[test]
fn a_row_is_added_to_two_by_hand() {
    // a is 0 1 / 2 100 and b is 7 -8 after their zero points.
    let mut output = [0; 4];
    let kernel = Int8::new(SPEC).unwrap();
    assert_eq!(kernel.run(&[1, 2, 3, 101], &[5, -10], &mut output), Ok(()));
    assert_eq!(output, [10, -4, 12, 40]);
    let spec = Float32Spec { a_shape: SPEC.b_shape, b_shape: SPEC.a_shape, act_min: 0.0, act_max: f32::MAX };
    let mut output = [0.0; 4];
    assert_eq!(Float32::new(spec).unwrap().run(&[7.0, -8.0], &[0.0, 1.0, 2.0, 100.0], &mut output), Ok(()));
    assert_eq!(output, [7.0, 0.0, 9.0, 92.0]);
}

#[test]
fn random_sums_equal_the_definition() {
    for seed in 0..600 {
        let random = &mut Random::new(seed);
        let (a_shape, b_shape, indices) = random.broadcast();
        let (act_min, act_max) = random.bounds();
        let multiplier = |random: &mut Random| random.within(1 << 30, i32::MAX.into()) as i32;
        let spec = Int8Spec {
            a_shape,
            b_shape,
            a_zero_point: random.within(-128, 127) as i32,
            b_zero_point: random.within(-128, 127) as i32,
            output_zero_point: random.within(-128, 127) as i32,
            left_shift: 20,
            a_multiplier: multiplier(random),
            a_shift: random.within(-8, 0) as i32,
            b_multiplier: multiplier(random),
            b_shift: random.within(-8, 0) as i32,
            output_multiplier: multiplier(random),
            output_shift: random.within(-22, -15) as i32,
            act_min,
            act_max,
        };
        let (a, b) = (random.int8s(a_shape.iter().product()), random.int8s(b_shape.iter().product()));
        let mut output = vec![0; indices.len()];
        assert_eq!(Int8::new(spec).unwrap().run(&a, &b, &mut output), Ok(()));
        let operand = |value: i8, zero_point: i32, multiplier, shift| {
            scale((i128::from(value) - i128::from(zero_point)) << 20, multiplier, shift)
        };
        for (&y, &(i, j)) in output.iter().zip(&indices) {
            let sum = operand(a[i], spec.a_zero_point, spec.a_multiplier, spec.a_shift)
                + operand(b[j], spec.b_zero_point, spec.b_multiplier, spec.b_shift);
            let (multiplier, shift) = (spec.output_multiplier, spec.output_shift);
            let expected =
                quantize(sum as i64, multiplier, shift, spec.output_zero_point, (act_min, act_max));
            assert_eq!(y, expected, "seed {seed}: {spec:?}");
        }

        let (a, b) = (random.floats(a.len()), random.floats(b.len()));
        let spec = Float32Spec { a_shape, b_shape, act_min: -5.0, act_max: 6.0 };
        let mut output = vec![0.0; indices.len()];
        assert_eq!(Float32::new(spec).unwrap().run(&a, &b, &mut output), Ok(()));
        for (&y, &(i, j)) in output.iter().zip(&indices) {
            assert_eq!(y, (a[i] + b[j]).clamp(-5.0, 6.0), "seed {seed}");
        }
    }
}

#[test]
fn senseless_specifications_and_wrong_lengths_fail() {
    for wrong in [
        Int8Spec { a_shape: [1, 1, 1, 1, 2, 3], ..SPEC },
        Int8Spec { b_shape: [1, 1, 1, 1, 0, 2], ..SPEC },
        Int8Spec { left_shift: 24, ..SPEC },
        Int8Spec { a_shift: 1, ..SPEC },
        Int8Spec { b_multiplier: -1, ..SPEC },
        Int8Spec { output_shift: -32, ..SPEC },
        Int8Spec { output_shift: 1, ..SPEC },
        Int8Spec { b_zero_point: 128, ..SPEC },
    ] {
        assert!(Int8::new(wrong).is_err(), "{wrong:?}");
    }
    let kernel = Int8::new(SPEC).unwrap();
    let wrong = WrongLength { operand: "b", expected: 2, found: 4 };
    assert_eq!(kernel.run(&[0; 4], &[0; 4], &mut [0; 4]), Err(wrong));
}
