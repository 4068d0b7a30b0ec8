//! The int8 rectifier against TFLM's clamp, and floats by hand.

use std::vec::Vec;

use super::*;

#[test]
fn equal_quantisation_is_tflms_clamp_of_every_value() {
    let input: Vec<i8> = (i8::MIN..=i8::MAX).collect();
    for zero_point in [-128, -100, 0, 5] {
        for six in [zero_point + 1, zero_point + 60, 127] {
            // Input scale over output scale is 1: 2^30 / 2^31 * 2.
            let spec = Int8Spec {
                len: 256,
                input_zero_point: zero_point,
                output_zero_point: zero_point,
                multiplier: 1 << 30,
                shift: 1,
                act_min: zero_point,
                act_max: six,
            };
            let mut output = [0; 256];
            assert_eq!(Int8::new(spec).unwrap().run(&input, &mut output), Ok(()));
            for (&x, y) in input.iter().zip(output) {
                assert_eq!(i32::from(y), i32::from(x).clamp(zero_point, six), "{x} of {spec:?}");
            }
        }
    }
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
