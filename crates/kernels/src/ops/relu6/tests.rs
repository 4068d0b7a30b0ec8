//! Every int8 value clamped, and floats by hand.

use std::vec::Vec;

use super::*;

#[test]
fn every_value_is_clamped() {
    let input: Vec<i8> = (i8::MIN..=i8::MAX).collect();
    for act_min in [-128, -100, 0, 5] {
        for act_max in [act_min, act_min + 60, 127] {
            let spec = Int8Spec { len: 256, act_min, act_max };
            let mut output = [0; 256];
            assert_eq!(Int8::new(spec).unwrap().run(&input, &mut output), Ok(()));
            for (&x, y) in input.iter().zip(output) {
                assert_eq!(i32::from(y), i32::from(x).clamp(act_min, act_max), "{x} of {spec:?}");
            }
        }
    }
}

#[test]
fn senseless_int8_specifications_and_wrong_lengths_fail() {
    let spec = Int8Spec { len: 3, act_min: -128, act_max: 20 };
    for wrong in [
        Int8Spec { len: 0, ..spec },
        Int8Spec { act_min: 21, ..spec },
        Int8Spec { act_min: -129, ..spec },
        Int8Spec { act_max: 128, ..spec },
    ] {
        assert!(Int8::new(wrong).is_err(), "{wrong:?}");
    }
    let wrong = WrongLength { operand: "input", expected: 3, found: 4 };
    assert_eq!(Int8::new(spec).unwrap().run(&[0; 4], &mut [0; 3]), Err(wrong));
}

#[test]
fn floats_by_hand() {
    let mut output = [9.0; 5];
    let kernel = Float32::new(Float32Spec { len: 5 }).unwrap();
    assert_eq!(kernel.run(&[-1.0, 0.0, 2.5, 6.5, f32::INFINITY], &mut output), Ok(()));
    assert_eq!(output, [0.0, 0.0, 2.5, 6.0, 6.0]);
    assert!(Float32::new(Float32Spec { len: 0 }).is_err());
    let wrong = WrongLength { operand: "output", expected: 5, found: 4 };
    assert_eq!(kernel.run(&[0.0; 5], &mut [0.0; 4]), Err(wrong));
}

#[test]
fn int16_is_clamped() {
    let kernel = Int16::new(Int16Spec { len: 4, act_min: 0, act_max: 600 }).unwrap();
    let mut output = [0; 4];
    assert_eq!(kernel.run(&[-5, 5, 600, 601], &mut output), Ok(()));
    assert_eq!(output, [0, 5, 600, 600]);
    assert!(Int16::new(Int16Spec { len: 4, act_min: 0, act_max: 32_768 }).is_err());
}
