//! Hand cases and random depthwise convolutions against the definition.

use std::vec;
use std::vec::Vec;

use super::super::naive::{Random, Tap, quantize, quantize_wide, windows};
use super::*;

const IMAGE: Window = Window {
    batches: 1,
    in_h: 1,
    in_w: 3,
    in_c: 2,
    out_h: 1,
    out_w: 3,
    out_c: 4,
    k_h: 1,
    k_w: 3,
    stride_h: 1,
    stride_w: 1,
    dilation_h: 1,
    dilation_w: 1,
    pad_top: 0,
    pad_left: 1,
};

const SPEC: Int8Spec = Int8Spec {
    window: IMAGE,
    depth_multiplier: 2,
    input_zero_point: 1,
    output_zero_point: -3,
    act_min: -128,
    act_max: 127,
};

/// Per tap and output channel: left neighbour, itself twice, right neighbour; each input channel feeds two outputs.
const FILTER: [i8; 12] = [1, 0, 1, 0, 0, 2, 0, 2, 0, 0, 0, 1];

#[test]
fn neighbours_by_hand() {
    // Inputs minus zero point: channel 0 is 1 2 3, channel 1 is 10 20 30.
    let input = [2, 11, 3, 21, 4, 31];
    let mut output = [0; 12];
    let kernel = Int8::new(SPEC).unwrap();
    assert_eq!(kernel.run(&input, &FILTER, &[0, 0, 0, 5], &[1 << 30; 4], &[1; 4], &mut output), Ok(()));
    assert_eq!(output, [-3, -1, -3, 42, -2, 1, 7, 72, -1, 3, 17, 62]);
}

#[test]
fn float_neighbours_by_hand() {
    let spec = Float32Spec { window: IMAGE, depth_multiplier: 2, act_min: f32::MIN, act_max: 60.0 };
    let filter = FILTER.map(f32::from);
    let mut output = [0.0; 12];
    let input = [1.0, 10.0, 2.0, 20.0, 3.0, 30.0];
    assert_eq!(Float32::new(spec).unwrap().run(&input, &filter, &[], &mut output), Ok(()));
    assert_eq!(output, [0.0, 2.0, 0.0, 40.0, 1.0, 4.0, 10.0, 60.0, 2.0, 6.0, 20.0, 60.0]);
}

fn random_shape(random: &mut Random) -> (Window, usize, usize) {
    let (in_c, depth_multiplier) = match random.size(0, 9) {
        0 => (1, random.size(60, 140)),
        1 => (random.size(60, 140), 1),
        2..=5 => (random.size(1, 6), random.size(2, 9)),
        _ => (random.size(1, 9), 1),
    };
    let window = Window { out_c: in_c * depth_multiplier, ..random.window(in_c, 3) };
    (window, depth_multiplier, window.k_h * window.k_w * window.out_c)
}

/// Indices of the input and filter element of a tap.
fn product(window: &Window, depth_multiplier: usize, tap: &Tap) -> (usize, usize) {
    let x = ((tap.batch * window.in_h + tap.y) * window.in_w + tap.x) * window.in_c;
    let w = (tap.k_y * window.k_w + tap.k_x) * window.out_c;
    (x + tap.out_c / depth_multiplier, w + tap.out_c)
}

#[test]
fn random_int8_convolutions_equal_the_definition() {
    for seed in 0..600 {
        let random = &mut Random::new(seed);
        let (window, depth_multiplier, filter_len) = random_shape(random);
        let (input, filter) = (random.int8s(window.in_len()), random.int8s(filter_len));
        let (bias, multiplier, shift) = random.channels(window.out_c);
        let (act_min, act_max) = random.bounds();
        let input_zero_point = random.within(-128, 127) as i32;
        let output_zero_point = random.within(-128, 127) as i32;
        let spec =
            Int8Spec { window, depth_multiplier, input_zero_point, output_zero_point, act_min, act_max };
        let mut output = vec![0; window.out_len()];
        let kernel = Int8::new(spec).unwrap();
        assert_eq!(kernel.run(&input, &filter, &bias, &multiplier, &shift, &mut output), Ok(()));
        let sums = windows(&window, 0_i64, |sum, tap| {
            let (x, w) = product(&window, depth_multiplier, &tap);
            *sum += (i64::from(input[x]) - i64::from(input_zero_point)) * i64::from(filter[w]);
        });
        for (at, (&y, sum)) in output.iter().zip(sums).enumerate() {
            let channel = at % window.out_c;
            let sum = sum + bias.get(channel).map_or(0, |&bias| i64::from(bias));
            let (multiplier, shift) = (multiplier[channel], shift[channel].into());
            let expected = quantize(sum, multiplier, shift, output_zero_point, (act_min, act_max));
            assert_eq!(y, expected, "seed {seed}: output {at} of {spec:?}");
        }
    }
}

#[test]
fn random_convolutions_with_a_filter_zero_point_and_of_int4_equal_the_definition() {
    for seed in 0..400 {
        let random = &mut Random::new(seed);
        let (window, depth_multiplier, filter_len) = random_shape(random);
        let input = random.int8s(window.in_len());
        let (packed, int4s) = random.int4s(filter_len);
        let int8s = random.int8s(filter_len);
        let (bias, multiplier, shift) = random.channels(window.out_c);
        let (act_min, act_max) = random.bounds();
        let [input_zero_point, filter_zero_point] = [(); 2].map(|()| random.within(-128, 127) as i32);
        let layer =
            Int8Spec { window, depth_multiplier, input_zero_point, output_zero_point: 3, act_min, act_max };
        let check = |y: &[i8], filter: &[i8], filter_zero_point: i32| {
            let sums = windows(&window, 0_i64, |sum, tap| {
                let (x, w) = product(&window, depth_multiplier, &tap);
                *sum += (i64::from(input[x]) - i64::from(input_zero_point))
                    * (i64::from(filter[w]) - i64::from(filter_zero_point));
            });
            for (at, (&y, sum)) in y.iter().zip(sums).enumerate() {
                let channel = at % window.out_c;
                let sum = sum + bias.get(channel).map_or(0, |&bias| i64::from(bias));
                let (multiplier, shift) = (multiplier[channel], shift[channel].into());
                let expected = quantize(sum, multiplier, shift, 3, (act_min, act_max));
                assert_eq!(y, expected, "seed {seed}: output {at} of {layer:?}");
            }
        };
        let mut output = vec![0; window.out_len()];
        let kernel = Int4::new(layer).unwrap();
        assert_eq!(kernel.run(&input, &packed, &bias, &multiplier, &shift, &mut output), Ok(()));
        check(&output, &int4s, 0);
        let spec = Int8AsymmetricSpec {
            window,
            depth_multiplier,
            input_zero_point,
            filter_zero_point,
            output_zero_point: 3,
            act_min,
            act_max,
        };
        let kernel = Int8Asymmetric::new(spec).unwrap();
        assert_eq!(kernel.run(&input, &int8s, &bias, &multiplier, &shift, &mut output), Ok(()));
        check(&output, &int8s, filter_zero_point);
    }
}

#[test]
fn random_int16_convolutions_equal_the_definition() {
    for seed in 0..400 {
        let random = &mut Random::new(seed);
        let (window, depth_multiplier, filter_len) = random_shape(random);
        let (input, filter) = (random.int16s(window.in_len()), random.int8s(filter_len));
        let (bias, multiplier, shift) = random.wide_channels(window.out_c);
        let (act_min, act_max) = random.wide_bounds();
        let spec = Int16Spec { window, depth_multiplier, act_min, act_max };
        let mut output = vec![0; window.out_len()];
        let kernel = Int16::new(spec).unwrap();
        assert_eq!(kernel.run(&input, &filter, &bias, &multiplier, &shift, &mut output), Ok(()));
        let sums = windows(&window, 0_i64, |sum, tap| {
            let (x, w) = product(&window, depth_multiplier, &tap);
            *sum += i64::from(input[x]) * i64::from(filter[w]);
        });
        for (at, (&y, sum)) in output.iter().zip(sums).enumerate() {
            let channel = at % window.out_c;
            let sum = sum + bias.get(channel).copied().unwrap_or(0);
            let (multiplier, shift) = (multiplier[channel], shift[channel].into());
            let expected = quantize_wide(sum, multiplier, shift, false, (act_min, act_max));
            assert_eq!(y, expected, "seed {seed}: output {at} of {spec:?}");
        }
    }
}

#[test]
fn random_float_convolutions_add_in_filter_order() {
    for seed in 0..300 {
        let random = &mut Random::new(seed);
        let (window, depth_multiplier, filter_len) = random_shape(random);
        let (input, filter) = (random.floats(window.in_len()), random.floats(filter_len));
        let bias = if seed % 3 == 0 { Vec::new() } else { random.floats(window.out_c) };
        let spec = Float32Spec { window, depth_multiplier, act_min: -20.0, act_max: 30.0 };
        let mut output = vec![0.0; window.out_len()];
        assert_eq!(Float32::new(spec).unwrap().run(&input, &filter, &bias, &mut output), Ok(()));
        let sums = windows(&window, 0.0, |sum, tap| {
            let (x, w) = product(&window, depth_multiplier, &tap);
            *sum += input[x] * filter[w];
        });
        for (at, (&y, sum)) in output.iter().zip(sums).enumerate() {
            let sum = sum + bias.get(at % window.out_c).copied().unwrap_or(0.0);
            assert_eq!(y, sum.clamp(-20.0, 30.0), "seed {seed}: output {at} of {spec:?}");
        }
    }
}

#[test]
fn senseless_specifications_fail() {
    for wrong in [
        Int8Spec { depth_multiplier: 1, ..SPEC },
        Int8Spec { depth_multiplier: 0, ..SPEC },
        Int8Spec { input_zero_point: -129, ..SPEC },
        Int8Spec { output_zero_point: 200, ..SPEC },
        Int8Spec { act_min: 1, act_max: 0, ..SPEC },
        Int8Spec { window: Window { in_h: 0, ..IMAGE }, ..SPEC },
    ] {
        assert!(Int8::new(wrong).is_err(), "{wrong:?}");
    }
    let float = Float32Spec { window: IMAGE, depth_multiplier: 3, act_min: 0.0, act_max: 1.0 };
    assert!(Float32::new(float).is_err());
}

#[test]
fn wrong_lengths_fail() {
    let kernel = Int8::new(SPEC).unwrap();
    let operand = |result: Result<(), WrongLength>| result.map_err(|error| error.operand);
    let mut output = [0; 12];
    let (filter, constants, shift) = ([0; 12], [1; 4], [0; 4]);
    assert_eq!(operand(kernel.run(&[0; 5], &filter, &[], &constants, &shift, &mut output)), Err("input"));
    assert_eq!(operand(kernel.run(&[0; 6], &[0; 6], &[], &constants, &shift, &mut output)), Err("filter"));
    assert_eq!(operand(kernel.run(&[0; 6], &filter, &[1], &constants, &shift, &mut output)), Err("bias"));
    assert_eq!(operand(kernel.run(&[0; 6], &filter, &[], &[1; 2], &[1; 2], &mut output)), Err("multiplier"));
    assert_eq!(operand(kernel.run(&[0; 6], &filter, &[], &constants, &[1], &mut output)), Err("shift"));
    assert_eq!(operand(kernel.run(&[0; 6], &filter, &[], &constants, &shift, &mut [0])), Err("output"));
}
