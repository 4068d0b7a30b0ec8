//! Hand cases and random transposed convolutions against the scattering definition.

use std::vec;
use std::vec::Vec;

use super::super::naive::{Random, quantize, quantize_wide};
use super::*;

/// The output has a row of 5 pixels, the input one of 3.
const ROW: Window = Window {
    batches: 1,
    in_h: 1,
    in_w: 5,
    in_c: 1,
    out_h: 1,
    out_w: 3,
    out_c: 1,
    k_h: 1,
    k_w: 3,
    stride_h: 1,
    stride_w: 2,
    dilation_h: 1,
    dilation_w: 1,
    pad_top: 0,
    pad_left: 1,
};

const SPEC: Int8Spec =
    Int8Spec { window: ROW, input_zero_point: 1, output_zero_point: -2, act_min: -128, act_max: 127 };

#[test]
fn a_row_by_hand() {
    // Inputs minus zero point 1 2 3, spread by 2; each adds 4 5 6 around itself, the first from before the row.
    let mut output = [0; 5];
    let kernel = Int8::new(SPEC).unwrap();
    assert_eq!(kernel.run(&[2, 3, 4], &[4, 5, 6], &[1], &[1 << 30], &[1], &mut output), Ok(()));
    assert_eq!(output, [4, 13, 9, 23, 14]);
    let kernel = Float32::new(Float32Spec { window: ROW, act_min: 0.0, act_max: 24.0 }).unwrap();
    let mut output = [0.0; 5];
    assert_eq!(kernel.run(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0], &[1.0], &mut output), Ok(()));
    assert_eq!(output, [6.0, 15.0, 11.0, 24.0, 16.0]);
}

/// A window whose steps need not fill the output.
fn random_window(random: &mut Random) -> Window {
    let most = if random.size(0, 9) == 0 { 70 } else { 5 };
    let (in_c, out_c) = (random.size(1, most), random.size(1, 6));
    let window = Window { out_c, ..random.window(in_c, 1) };
    let out_c = if random.size(0, 20) == 0 { random.size(600, 1400) } else { out_c };
    Window { out_c, ..window }
}

/// Sums of the definition: every input adds to the outputs that it reaches.
fn scatter<T: Copy, S: Copy>(
    window: &Window,
    zero: S,
    input: &[T],
    filter: &[T],
    add: impl Fn(S, T, T) -> S,
) -> Vec<S> {
    let mut sums = vec![zero; window.in_len()];
    for (at, &x) in input.iter().enumerate() {
        let (c, at) = (at % window.out_c, at / window.out_c);
        let (x_in, at) = (at % window.out_w, at / window.out_w);
        let (y_in, batch) = (at % window.out_h, at / window.out_h);
        for k_y in 0..window.k_h {
            for k_x in 0..window.k_w {
                let y_out = (y_in * window.stride_h + k_y).wrapping_sub(window.pad_top);
                let x_out = (x_in * window.stride_w + k_x).wrapping_sub(window.pad_left);
                if y_out >= window.in_h || x_out >= window.in_w {
                    continue;
                }
                for o in 0..window.in_c {
                    let sum = &mut sums[window.in_index(batch, y_out, x_out) + o];
                    let w = filter[((o * window.k_h + k_y) * window.k_w + k_x) * window.out_c + c];
                    *sum = add(*sum, x, w);
                }
            }
        }
    }
    sums
}

#[test]
fn random_convolutions_equal_the_definition() {
    for seed in 0..400 {
        let random = &mut Random::new(seed);
        let window = random_window(random);
        let (out_c, filter_len) = (window.in_c, window.in_c * window.k_h * window.k_w * window.out_c);
        let (input, filter) = (random.int8s(window.out_len()), random.int8s(filter_len));
        let (bias, multiplier, shift) = random.channels(out_c);
        let bounds = random.bounds();
        let [input_zero_point, output_zero_point] = [(); 2].map(|()| random.within(-128, 127) as i32);
        let spec =
            Int8Spec { window, input_zero_point, output_zero_point, act_min: bounds.0, act_max: bounds.1 };
        let mut output = vec![0; window.in_len()];
        let kernel = Int8::new(spec).unwrap();
        assert_eq!(kernel.run(&input, &filter, &bias, &multiplier, &shift, &mut output), Ok(()));
        let sums = scatter(&window, 0_i64, &input, &filter, |sum, x, w| {
            sum + (i64::from(x) - i64::from(input_zero_point)) * i64::from(w)
        });
        for (at, (&y, sum)) in output.iter().zip(sums).enumerate() {
            let channel = at % out_c;
            let sum = sum + bias.get(channel).map_or(0, |&bias| i64::from(bias));
            let expected =
                quantize(sum, multiplier[channel], shift[channel].into(), output_zero_point, bounds);
            assert_eq!(y, expected, "seed {seed}: output {at} of {spec:?}");
        }
    }
}

#[test]
fn random_int16_convolutions_equal_the_definition() {
    for seed in 0..400 {
        let random = &mut Random::new(seed);
        let window = random_window(random);
        let (out_c, filter_len) = (window.in_c, window.in_c * window.k_h * window.k_w * window.out_c);
        let (input, filter) = (random.int16s(window.out_len()), random.int8s(filter_len));
        let (bias, multiplier, shift) = random.wide_channels(out_c);
        let bounds = random.wide_bounds();
        let spec = Int16Spec { window, act_min: bounds.0, act_max: bounds.1 };
        let mut output = vec![0; window.in_len()];
        let kernel = Int16::new(spec).unwrap();
        assert_eq!(kernel.run(&input, &filter, &bias, &multiplier, &shift, &mut output), Ok(()));
        let wide_filter: Vec<i16> = filter.iter().map(|&w| w.into()).collect();
        let sums =
            scatter(&window, 0_i64, &input, &wide_filter, |sum, x, w| sum + i64::from(x) * i64::from(w));
        for (at, (&y, sum)) in output.iter().zip(sums).enumerate() {
            let channel = at % out_c;
            let sum = sum + bias.get(channel).copied().unwrap_or(0);
            let expected = quantize_wide(sum, multiplier[channel], shift[channel].into(), false, bounds);
            assert_eq!(y, expected, "seed {seed}: output {at} of {spec:?}");
        }
    }
}

#[test]
fn random_float_convolutions_add_in_the_order_of_the_input() {
    for seed in 0..200 {
        let random = &mut Random::new(seed);
        let window = random_window(random);
        let out_c = window.in_c;
        let (input, filter) =
            (random.floats(window.out_len()), random.floats(out_c * window.k_h * window.k_w * window.out_c));
        let bias = if seed % 3 == 0 { Vec::new() } else { random.floats(out_c) };
        let spec = Float32Spec { window, act_min: -40.0, act_max: 50.0 };
        let mut output = vec![0.0; window.in_len()];
        assert_eq!(Float32::new(spec).unwrap().run(&input, &filter, &bias, &mut output), Ok(()));
        let sums = scatter(&window, 0.0, &input, &filter, |sum, x, w| sum + x * w);
        for (at, (&y, sum)) in output.iter().zip(sums).enumerate() {
            let sum = sum + bias.get(at % out_c).copied().unwrap_or(0.0);
            assert_eq!(y, sum.clamp(-40.0, 50.0), "seed {seed}: output {at} of {spec:?}");
        }
    }
}

#[test]
fn senseless_specifications_and_wrong_lengths_fail() {
    for wrong in [
        Int8Spec { input_zero_point: 128, ..SPEC },
        Int8Spec { act_min: 1, act_max: 0, ..SPEC },
        Int8Spec { window: Window { stride_w: 0, ..ROW }, ..SPEC },
        Int8Spec { window: Window { dilation_w: 2, in_w: 9, ..ROW }, ..SPEC },
        Int8Spec { window: Window { in_w: 3, ..ROW }, ..SPEC },
        Int8Spec { window: Window { out_c: 1 << 30, k_h: 4, in_h: 4, ..ROW }, ..SPEC },
    ] {
        assert!(Int8::new(wrong).is_err(), "{wrong:?}");
    }
    assert!(Int16::new(Int16Spec { window: ROW, act_min: 0, act_max: -1 }).is_err());
    let kernel = Int8::new(SPEC).unwrap();
    let run = |input: usize, filter: usize, bias: usize, output: usize| {
        let (input, filter, bias) = (vec![1; input], vec![1; filter], vec![1; bias]);
        let mut output = vec![7; output];
        let result = kernel.run(&input, &filter, &bias, &[1], &[1], &mut output);
        result.map_err(|error| error.operand)
    };
    assert_eq!(run(3, 3, 0, 5), Ok(()));
    assert_eq!(run(5, 3, 0, 5), Err("input"));
    assert_eq!(run(3, 2, 0, 5), Err("filter"));
    assert_eq!(run(3, 3, 2, 5), Err("bias"));
    assert_eq!(run(3, 3, 1, 3), Err("output"));
}
