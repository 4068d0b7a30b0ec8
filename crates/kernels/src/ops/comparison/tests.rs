//! The six comparisons, plain and quantised, against their definitions.

use super::super::naive::{Random, scale};
use super::super::{equal, greater, greater_equal, less, less_equal, not_equal};
use super::*;

const SHAPE: [usize; 6] = [1, 1, 1, 1, 1, 4];

#[test]
fn numbers_compare_by_hand() {
    let spec = equal::Spec { a_shape: SHAPE, b_shape: SHAPE };
    let (a, b) = ([1.0, 2.0, 3.0, f32::NAN], [2.0, 2.0, 2.0, f32::NAN]);
    let mut output = [9; 4];
    macro_rules! check {
        ($module:ident, $expected:expr) => {
            assert_eq!($module::Any::new(spec).unwrap().run(&a, &b, &mut output), Ok(()));
            assert_eq!(output, $expected, stringify!($module));
        };
    }
    check!(equal, [0, 1, 0, 0]);
    check!(not_equal, [1, 0, 1, 1]);
    check!(greater, [0, 0, 1, 0]);
    check!(greater_equal, [0, 1, 1, 0]);
    check!(less, [1, 0, 0, 0]);
    check!(less_equal, [1, 1, 0, 0]);
    let kernel = less::Any::new(less::Spec { a_shape: SHAPE, b_shape: [1; 6] }).unwrap();
    assert_eq!(kernel.run(&[-1_i64, 5, i64::MAX, i64::MIN], &[5], &mut output), Ok(()));
    assert_eq!(output, [1, 0, 0, 1]);
}

#[test]
fn quantised_operands_are_scaled_before_they_compare() {
    for seed in 0..500 {
        let random = &mut Random::new(seed);
        let spec = QuantizedSpec {
            a_shape: [1, 1, 1, 1, 1, 64],
            b_shape: [1, 1, 1, 1, 1, 64],
            a_zero_point: random.within(-128, 127) as i32,
            b_zero_point: random.within(-128, 127) as i32,
            left_shift: 8,
            a_multiplier: random.within(1 << 30, i32::MAX.into()) as i32,
            a_shift: random.within(-6, 0) as i32,
            b_multiplier: random.within(1 << 30, i32::MAX.into()) as i32,
            b_shift: random.within(-6, 0) as i32,
        };
        let (a, b) = (random.int8s(64), random.int8s(64));
        let scaled = |x: i8, zero_point: i32, multiplier, shift| {
            scale((i128::from(x) - i128::from(zero_point)) << 8, multiplier, shift)
        };
        macro_rules! check {
            ($module:ident, $compare:tt) => {
                let mut output = [9; 64];
                assert_eq!($module::Int8::new(spec).unwrap().run(&a, &b, &mut output), Ok(()));
                for (at, y) in output.into_iter().enumerate() {
                    let a = scaled(a[at], spec.a_zero_point, spec.a_multiplier, spec.a_shift);
                    let b = scaled(b[at], spec.b_zero_point, spec.b_multiplier, spec.b_shift);
                    assert_eq!(y, u8::from(a $compare b), "{} of seed {seed}", stringify!($module));
                }
            };
        }
        check!(equal, ==);
        check!(not_equal, !=);
        check!(greater, >);
        check!(greater_equal, >=);
        check!(less, <);
        check!(less_equal, <=);
    }
}

#[test]
fn senseless_specifications_fail() {
    let spec = QuantizedSpec {
        a_shape: SHAPE,
        b_shape: SHAPE,
        a_zero_point: 0,
        b_zero_point: 0,
        left_shift: 8,
        a_multiplier: 1 << 30,
        a_shift: 0,
        b_multiplier: 1 << 30,
        b_shift: 0,
    };
    assert!(greater::Int8::new(spec).is_ok() && greater::Int16::new(spec).is_ok());
    for wrong in [
        QuantizedSpec { a_shape: [1, 1, 1, 1, 1, 3], ..spec },
        QuantizedSpec { a_zero_point: 128, ..spec },
        QuantizedSpec { left_shift: 24, ..spec },
        QuantizedSpec { left_shift: -1, ..spec },
        QuantizedSpec { b_shift: 1, ..spec },
        QuantizedSpec { b_multiplier: -1, ..spec },
    ] {
        assert!(greater::Int8::new(wrong).is_err(), "{wrong:?}");
    }
}
