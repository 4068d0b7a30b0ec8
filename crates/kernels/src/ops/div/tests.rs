//! Results of TensorFlow Lite Micro, and the edges by hand.

use super::*;
use crate::InvalidSpec;

const SHAPE: [usize; 6] = [1, 1, 1, 1, 1, 12];

/// Zero points of a, b and the output; multiplier and shift; operands; TFLM's result.
fn check(zero_points: [i32; 3], scale: [i32; 2], a: [i8; 12], b: [i8; 12], expected: [i8; 12]) {
    let [a_zero_point, b_zero_point, output_zero_point] = zero_points;
    let spec = Int8Spec {
        a_shape: SHAPE,
        b_shape: SHAPE,
        a_zero_point,
        b_zero_point,
        output_zero_point,
        output_multiplier: scale[0],
        output_shift: scale[1],
        act_min: -128,
        act_max: 127,
    };
    let mut output = [0; 12];
    assert_eq!(Int8::new(spec).unwrap().run(&a, &b, &mut output), Ok(()));
    assert_eq!(output, expected, "{spec:?}");
}

/// Made with TFLM's reference kernel for x86-64; some shift back by more than 31 bits.
#[test]
fn int8_quotients_are_those_of_the_reference() {
    check(
        [0, 0, 0],
        [1342177152, 4],
        [0, 78, -123, 78, -8, 3, 33, -55, 122, -115, -57, -30],
        [18, -24, -95, -117, -128, -116, -90, 127, -80, 39, 64, -68],
        [0, -32, 13, -7, 1, 0, -4, -4, -15, -29, -9, 4],
    );
    check(
        [3, -7, 11],
        [1342177280, 3],
        [3, -17, -61, 121, -83, 101, 76, 88, -99, -28, 32, -2],
        [42, 45, 41, -113, 117, 14, 103, -59, -36, 97, -81, -112],
        [12, 9, 4, 5, 8, 34, 14, 3, 29, 10, 9, 11],
    );
    check(
        [-128, 5, -3],
        [1242756736, 5],
        [-128, 45, -97, 94, -41, -70, 11, 101, 98, 95, -50, -124],
        [71, 53, 69, -128, -119, 0, -43, -17, 110, -76, 7, -45],
        [-2, 64, 6, -34, -16, -128, -57, -128, 37, -54, 127, -4],
    );
    check(
        [4, 127, 0],
        [1374389504, -5],
        [4, 78, -89, -47, -98, -90, -57, 50, 20, -14, -85, 76],
        [76, -68, -113, -47, -91, 76, 5, 1, -54, 1, 119, -68],
        [1, -128, 127, 127, 127, 127, 127, -128, -128, 127, 127, -128],
    );
}

#[test]
fn a_divisor_of_zero_saturates() {
    let scale = [1 << 30, 1];
    let a = [0, 1, -1, 127, -128, 0, 0, 0, 0, 0, 0, 0];
    check([0, 0, 5], scale, a, [0; 12], [5, 127, -128, 127, -128, 5, 5, 5, 5, 5, 5, 5]);
}

#[test]
fn plain_numbers_by_hand() -> Result<(), InvalidSpec> {
    let shape = [1, 1, 1, 1, 1, 4];
    let spec = Int32Spec { a_shape: shape, b_shape: shape, act_min: i32::MIN, act_max: i32::MAX };
    let mut output = [9; 4];
    assert_eq!(Int32::new(spec)?.run(&[7, -7, 3, i32::MIN], &[2, 2, 0, -1], &mut output), Ok(()));
    assert_eq!(output, [3, -3, 0, i32::MIN]);
    let spec = Float32Spec { a_shape: shape, b_shape: [1; 6], act_min: 0.0, act_max: 6.0 };
    let mut output = [9.0; 4];
    assert_eq!(Float32::new(spec)?.run(&[1.0, -2.0, 3.0, 80.0], &[4.0], &mut output), Ok(()));
    assert_eq!(output, [0.25, 0.0, 0.75, 6.0]);
    assert!(Float32::new(Float32Spec { act_max: f32::INFINITY, ..spec }).is_err());
    Ok(())
}
