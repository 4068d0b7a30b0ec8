//! Random operands of ADD, SUB, SQUARED_DIFFERENCE and MUL against their definitions in wide integers.

use std::vec;
use std::vec::Vec;

use super::super::naive::{Random, scale};
use super::super::{add, mul, squared_difference, sub};
use crate::WrongLength;

/// A quantised binary operator: its steps on operands brought to the common scale, and what it needs of its scales.
macro_rules! property {
    ($test:ident, $module:ident, $kernel:ident($spec:ident), $element:ident, $left:literal, $output_shift:expr, $f:expr) => {
        #[test]
        fn $test() {
            let (low, high) = (i64::from($element::MIN), i64::from($element::MAX));
            for seed in 0..300 {
                let random = &mut Random::new(seed);
                let (a_shape, b_shape, indices) = random.broadcast();
                let multiplier = |random: &mut Random| random.within(1 << 30, i32::MAX.into()) as i32;
                let (x, y) = (random.within(low, high) as i32, random.within(low, high) as i32);
                let spec = $module::$spec {
                    a_shape,
                    b_shape,
                    a_zero_point: random.within(low, high) as i32,
                    b_zero_point: random.within(low, high) as i32,
                    output_zero_point: random.within(low, high) as i32,
                    left_shift: $left,
                    a_multiplier: multiplier(random),
                    a_shift: random.within(-8, 0) as i32,
                    b_multiplier: multiplier(random),
                    b_shift: random.within(-8, 0) as i32,
                    output_multiplier: multiplier(random),
                    output_shift: random.within($output_shift.0, $output_shift.1) as i32,
                    act_min: x.min(y),
                    act_max: x.max(y),
                };
                let a: Vec<$element> =
                    (0..a_shape.iter().product()).map(|_| random.bits() as $element).collect();
                let b: Vec<$element> =
                    (0..b_shape.iter().product()).map(|_| random.bits() as $element).collect();
                let mut output = vec![0; indices.len()];
                let kernel = $module::$kernel::new(spec).unwrap();
                assert_eq!(kernel.run(&a, &b, &mut output), Ok(()));
                let operand = |value: $element, zero_point: i32, multiplier, shift| {
                    scale((i128::from(value) - i128::from(zero_point)) << $left, multiplier, shift)
                };
                for (&result, &(i, j)) in output.iter().zip(&indices) {
                    let a = operand(a[i], spec.a_zero_point, spec.a_multiplier, spec.a_shift);
                    let b = operand(b[j], spec.b_zero_point, spec.b_multiplier, spec.b_shift);
                    let f: fn(i128, i128) -> i128 = $f;
                    let value = scale(f(a, b), spec.output_multiplier, spec.output_shift)
                        + i128::from(spec.output_zero_point);
                    let expected = value.max(spec.act_min.into()).min(spec.act_max.into());
                    assert_eq!(i128::from(result), expected, "seed {seed}: {spec:?}");
                }
            }
        }
    };
}

property!(int16_sums, add, Int16(Int16Spec), i16, 15, (-20, -10), |a, b| a + b);
property!(int8_differences, sub, Int8(Int8Spec), i8, 20, (-22, -15), |a, b| a - b);
property!(int16_differences, sub, Int16(Int16Spec), i16, 15, (-20, -10), |a, b| a - b);
// The operands of a square are halved at least, so that it fits 32 bits.
property!(int8_squares, squared_difference, Int8(Int8Spec), i8, 6, (-20, -8), |a, b| (a - b) * (a - b));

#[test]
fn int16_squares_by_hand() {
    // All scales 1: operands are halved on the common scale, their square gains two bits.
    let spec = squared_difference::Int16Spec {
        a_shape: [1, 1, 1, 1, 1, 2],
        b_shape: [1; 6],
        a_zero_point: 0,
        b_zero_point: 0,
        output_zero_point: 0,
        left_shift: 0,
        a_multiplier: 1 << 30,
        a_shift: 0,
        b_multiplier: 1 << 30,
        b_shift: 0,
        output_multiplier: 1 << 30,
        output_shift: 3,
        act_min: -32768,
        act_max: 32767,
    };
    let mut output = [0; 2];
    let kernel = squared_difference::Int16::new(spec).unwrap();
    assert_eq!(kernel.run(&[30, -900], &[-10], &mut output), Ok(()));
    assert_eq!(output, [1600, 32767]);
    let wrong = WrongLength { operand: "b", expected: 1, found: 2 };
    assert_eq!(kernel.run(&[0; 2], &[0; 2], &mut output), Err(wrong));
}

/// MUL of one type against its definition.
macro_rules! products {
    ($test:ident, $kernel:ident($spec:ident), $element:ident, $shift:expr) => {
        #[test]
        fn $test() {
            let (low, high) = (i64::from($element::MIN), i64::from($element::MAX));
            for seed in 0..300 {
                let random = &mut Random::new(seed);
                let (a_shape, b_shape, indices) = random.broadcast();
                let (x, y) = (random.within(low, high) as i32, random.within(low, high) as i32);
                let spec = mul::$spec {
                    a_shape,
                    b_shape,
                    // Differences of 16 bits at most, so that their product fits 32.
                    a_zero_point: random.within(low / 8, high / 8) as i32,
                    b_zero_point: random.within(low / 8, high / 8) as i32,
                    output_zero_point: random.within(low, high) as i32,
                    output_multiplier: random.within(1 << 30, i32::MAX.into()) as i32,
                    output_shift: random.within($shift.0, $shift.1) as i32,
                    act_min: x.min(y),
                    act_max: x.max(y),
                };
                let a: Vec<$element> =
                    (0..a_shape.iter().product()).map(|_| random.bits() as $element).collect();
                let b: Vec<$element> =
                    (0..b_shape.iter().product()).map(|_| random.bits() as $element).collect();
                let mut output = vec![0; indices.len()];
                assert_eq!(mul::$kernel::new(spec).unwrap().run(&a, &b, &mut output), Ok(()));
                for (&result, &(i, j)) in output.iter().zip(&indices) {
                    let a = i128::from(a[i]) - i128::from(spec.a_zero_point);
                    let b = i128::from(b[j]) - i128::from(spec.b_zero_point);
                    let value = scale(a * b, spec.output_multiplier, spec.output_shift)
                        + i128::from(spec.output_zero_point);
                    let expected = value.max(spec.act_min.into()).min(spec.act_max.into());
                    assert_eq!(i128::from(result), expected, "seed {seed}: {spec:?}");
                }
            }
        }
    };
}

products!(int8_products, Int8(Int8Spec), i8, (-9, 1));
products!(int16_products, Int16(Int16Spec), i16, (-18, -8));

#[test]
fn plain_integers_wrap_and_activations_bound_them() {
    let shape = [1, 1, 1, 1, 1, 3];
    let spec = add::Int32Spec { a_shape: shape, b_shape: [1; 6], act_min: 0, act_max: i32::MAX };
    let mut output = [0; 3];
    assert_eq!(add::Int32::new(spec).unwrap().run(&[1, -9, i32::MAX], &[2], &mut output), Ok(()));
    assert_eq!(output, [3, 0, 0]);
    let spec = mul::Int64Spec { a_shape: shape, b_shape: [1; 6], act_min: i64::MIN, act_max: i64::MAX };
    let mut output = [0; 3];
    assert_eq!(mul::Int64::new(spec).unwrap().run(&[1, -9, 1 << 62], &[4], &mut output), Ok(()));
    assert_eq!(output, [4, -36, 0]);
    let spec = sub::Float32Spec { a_shape: shape, b_shape: shape, act_min: 0.0, act_max: 6.0 };
    let mut output = [0.0; 3];
    let kernel = sub::Float32::new(spec).unwrap();
    assert_eq!(kernel.run(&[1.0, 9.0, 4.0], &[2.0, 1.0, 1.5], &mut output), Ok(()));
    assert_eq!(output, [0.0, 6.0, 2.5]);
    assert!(sub::Float32::new(sub::Float32Spec { act_min: 7.0, ..spec }).is_err());
}
