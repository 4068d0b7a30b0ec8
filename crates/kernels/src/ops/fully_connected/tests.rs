//! Hand cases and random layers against the definition.

use std::vec::Vec;
use std::{format, vec};

use super::super::naive::{Random, quantize, quantize_wide};
use super::*;

const SPEC: Int8Spec = Int8Spec {
    batches: 2,
    in_c: 2,
    out_c: 1,
    input_zero_point: -1,
    filter_zero_point: 0,
    output_zero_point: 10,
    act_min: 10,
    act_max: 127,
};

#[test]
fn two_rows_by_hand() {
    // (1, 2) and (3, -4) times (5, 6), plus 1, times 1/4: 4.5 and -2, plus 10, at least 10.
    let mut output = [0; 2];
    let kernel = Int8::new(SPEC).unwrap();
    assert_eq!(kernel.run(&[0, 1, 2, -5], &[5, 6], &[1], &[1 << 30], &[-1], &mut output), Ok(()));
    assert_eq!(output, [15, 10]);
}

#[test]
fn two_float_rows_by_hand() {
    let spec = Float32Spec { batches: 2, in_c: 2, out_c: 1, act_min: 0.0, act_max: f32::MAX };
    let mut output = [0.0; 2];
    let kernel = Float32::new(spec).unwrap();
    assert_eq!(kernel.run(&[1.0, 2.0, 3.0, -4.0], &[5.0, 6.0], &[0.5], &mut output), Ok(()));
    assert_eq!(output, [17.5, 0.0]);
}

#[test]
fn random_int8_layers_equal_the_definition() {
    for seed in 0..400 {
        let random = &mut Random::new(seed);
        let in_c = if seed % 10 == 0 { random.size(600, 1500) } else { random.size(1, 60) };
        let (batches, out_c) = (random.size(1, 3), random.size(1, if seed % 7 == 0 { 140 } else { 9 }));
        let (input, filter) = (random.int8s(batches * in_c), random.int8s(out_c * in_c));
        let (bias, mut multiplier, mut shift) = random.channels(out_c);
        let mut filter_zero_point = 0;
        if seed % 2 == 0 {
            multiplier.truncate(1);
            shift.truncate(1);
            filter_zero_point = random.within(-128, 127) as i32;
        }
        let (act_min, act_max) = random.bounds();
        let input_zero_point = random.within(-128, 127) as i32;
        let output_zero_point = random.within(-128, 127) as i32;
        let spec = Int8Spec {
            batches,
            in_c,
            out_c,
            input_zero_point,
            filter_zero_point,
            output_zero_point,
            act_min,
            act_max,
        };
        let mut output = vec![0; batches * out_c];
        let kernel = Int8::new(spec).unwrap();
        assert_eq!(kernel.run(&input, &filter, &bias, &multiplier, &shift, &mut output), Ok(()));
        for (at, &y) in output.iter().enumerate() {
            let (row, channel) = (at / out_c, at % out_c);
            let product = |i: usize| {
                (i64::from(input[row * in_c + i]) - i64::from(input_zero_point))
                    * (i64::from(filter[channel * in_c + i]) - i64::from(filter_zero_point))
            };
            let sum = (0..in_c).map(product).sum::<i64>() + bias.get(channel).map_or(0, |&b| i64::from(b));
            let scale = channel.min(multiplier.len() - 1);
            let (multiplier, shift) = (multiplier[scale], shift[scale].into());
            let expected = quantize(sum, multiplier, shift, output_zero_point, (act_min, act_max));
            assert_eq!(y, expected, "seed {seed}: output {at} of {spec:?}");
        }
    }
}

#[test]
fn random_int4_layers_are_those_of_the_same_weights_unpacked() {
    for seed in 0..300 {
        let random = &mut Random::new(seed);
        let in_c = if seed % 10 == 0 { random.size(600, 1500) } else { random.size(1, 60) };
        let (batches, out_c) = (random.size(1, 3), random.size(1, if seed % 7 == 0 { 140 } else { 9 }));
        let input = random.int8s(batches * in_c);
        let (packed, filter) = random.int4s(out_c * in_c);
        let (bias, multiplier, shift) = random.channels(out_c);
        let filter_zero_point = if seed % 2 == 0 { 0 } else { random.within(-8, 7) as i32 };
        let spec = Int8Spec { batches, in_c, out_c, filter_zero_point, act_min: -128, ..SPEC };
        let (mut output, mut expected) = (vec![0; batches * out_c], vec![1; batches * out_c]);
        let kernel = Int4::new(spec).unwrap();
        assert_eq!(kernel.run(&input, &packed, &bias, &multiplier, &shift, &mut output), Ok(()));
        let kernel = Int8::new(spec).unwrap();
        assert_eq!(kernel.run(&input, &filter, &bias, &multiplier, &shift, &mut expected), Ok(()));
        assert_eq!(output, expected, "seed {seed}: {spec:?}");
    }
}

#[test]
fn random_int16_layers_equal_the_definition() {
    for seed in 0..400 {
        let random = &mut Random::new(seed);
        let in_c = if seed % 10 == 0 { random.size(450, 1500) } else { random.size(1, 60) };
        let (batches, out_c) = (random.size(1, 3), random.size(1, if seed % 7 == 0 { 140 } else { 9 }));
        let (input, filter) = (random.int16s(batches * in_c), random.int8s(out_c * in_c));
        let (bias, mut multiplier, mut shift) = random.wide_channels(out_c);
        if seed % 2 == 0 {
            multiplier.truncate(1);
            shift.truncate(1);
        }
        let (act_min, act_max) = random.wide_bounds();
        let narrow = seed % 3 == 0;
        let spec = Int16Spec { batches, in_c, out_c, narrow, act_min, act_max };
        let mut output = vec![0; batches * out_c];
        let kernel = Int16::new(spec).unwrap();
        assert_eq!(kernel.run(&input, &filter, &bias, &multiplier, &shift, &mut output), Ok(()));
        for (at, &y) in output.iter().enumerate() {
            let (row, channel) = (at / out_c, at % out_c);
            let product = |i: usize| i64::from(input[row * in_c + i]) * i64::from(filter[channel * in_c + i]);
            let sum = (0..in_c).map(product).sum::<i64>() + bias.get(channel).copied().unwrap_or(0);
            let scale = channel.min(multiplier.len() - 1);
            let (multiplier, shift) = (multiplier[scale], shift[scale].into());
            let expected = quantize_wide(sum, multiplier, shift, narrow, (act_min, act_max));
            assert_eq!(y, expected, "seed {seed}: output {at} of {spec:?}");
        }
    }
}

#[test]
fn sums_of_the_largest_int16_products_do_not_overflow() {
    let spec = Int16Spec { batches: 1, in_c: 1100, out_c: 1, narrow: false, act_min: -32768, act_max: 32767 };
    let mut output = [0];
    let kernel = Int16::new(spec).unwrap();
    // 1100 * 2^22 scaled by 2^-18.
    assert_eq!(kernel.run(&[-32768; 1100], &[-128; 1100], &[], &[1 << 30], &[-17], &mut output), Ok(()));
    assert_eq!(output, [17600]);
}

#[test]
fn random_float_layers_add_in_order() {
    for seed in 0..200 {
        let random = &mut Random::new(seed);
        let (batches, in_c, out_c) = (random.size(1, 3), random.size(1, 50), random.size(1, 9));
        let (input, filter) = (random.floats(batches * in_c), random.floats(out_c * in_c));
        let bias = if seed % 3 == 0 { Vec::new() } else { random.floats(out_c) };
        let spec = Float32Spec { batches, in_c, out_c, act_min: -30.0, act_max: 40.0 };
        let mut output = vec![0.0; batches * out_c];
        assert_eq!(Float32::new(spec).unwrap().run(&input, &filter, &bias, &mut output), Ok(()));
        for (at, &y) in output.iter().enumerate() {
            let (row, channel) = (at / out_c, at % out_c);
            let mut sum = 0.0;
            for i in 0..in_c {
                sum += input[row * in_c + i] * filter[channel * in_c + i];
            }
            let sum = sum + bias.get(channel).copied().unwrap_or(0.0);
            assert_eq!(y, sum.clamp(-30.0, 40.0), "seed {seed}: output {at} of {spec:?}");
        }
    }
}

#[test]
fn senseless_specifications_and_wrong_lengths_fail() {
    for wrong in [
        Int8Spec { batches: 0, ..SPEC },
        Int8Spec { in_c: 1 << 20, out_c: 1 << 20, ..SPEC },
        Int8Spec { filter_zero_point: 128, ..SPEC },
        Int8Spec { act_min: -129, ..SPEC },
    ] {
        assert!(Int8::new(wrong).is_err(), "{wrong:?}");
    }
    let kernel = Int8::new(Int8Spec { out_c: 3, ..SPEC }).unwrap();
    let run = |multiplier: &[i32], shift: &[i8]| {
        kernel.run(&[0; 4], &[0; 6], &[], multiplier, shift, &mut [0; 6]).map_err(|error| error.operand)
    };
    assert_eq!(run(&[1], &[0]), Ok(()));
    assert_eq!(run(&[1; 3], &[0; 3]), Ok(()));
    assert_eq!(run(&[1; 2], &[0; 2]), Err("multiplier"));
    assert_eq!(run(&[1; 3], &[0; 1]), Err("shift"));
    assert_eq!(run(&[1; 1], &[0; 3]), Err("shift"));
}

#[test]
fn specifications_print_as_rust_source() {
    let spec = Float32Spec { batches: 1, in_c: 2, out_c: 3, act_min: f32::MIN, act_max: 6.0 };
    let text = "Float32Spec { batches: 1, in_c: 2, out_c: 3, act_min: -3.4028235e38, act_max: 6.0 }";
    assert_eq!(format!("{spec:?}"), text);
    assert_eq!(-3.4028235e38, f32::MIN);
}

#[test]
fn a_filter_of_instructions_computes_what_the_filter_does() {
    // Rows of 3 0 0 -3, of nothing, and of -128 1 2 127; the bias is less the input's zero point times the sum of the row.
    crate::unrolled! { code(4) { [{ 7 3[0; 3] } { -4 }] [{ 1102 1[1;] 2[2;] 127[3;] 128[; 0] }] } }
    let filter = [3, 0, 0, -3, 0, 0, 0, 0, -128, 1, 2, 127];
    let spec = Int8Spec { batches: 3, in_c: 4, out_c: 3, input_zero_point: -1, act_min: -100, ..SPEC };
    let kernel = Unrolled::new(spec).unwrap();
    let input: Vec<i8> = [4, -9, 100, 7, -128, -128, -128, -128, 127, -5, 0, -128].to_vec();
    let bias = [7, -4, 1100];
    let (multiplier, shift) = ([1 << 30, 1 << 30, 1_932_735_283], [0, 1, -9]);
    let (mut expected, mut found) = ([0; 9], [1; 9]);
    assert_eq!(kernel.run(&input, &filter, &bias, &multiplier, &shift, &mut expected), Ok(()));
    assert_eq!(kernel.run_code(&input, code, &multiplier, &shift, &mut found), Ok(()));
    assert_eq!(found, expected);
    assert!(found.iter().any(|y| *y > -100) && found[0] != found[3]);

    let wrong = Unrolled::new(Int8Spec { in_c: 3, batches: 4, ..spec }).unwrap();
    assert!(
        wrong.run_code(&input, code, &multiplier, &shift, &mut [0; 12]).is_err(),
        "rows of another length"
    );
    let wrong = Unrolled::new(Int8Spec { out_c: 4, ..spec }).unwrap();
    assert!(wrong.run_code(&input, code, &[1], &[0], &mut [0; 12]).is_err(), "code of fewer outputs");
    assert!(Unrolled::new(Int8Spec { filter_zero_point: 1, ..spec }).is_err());
}
