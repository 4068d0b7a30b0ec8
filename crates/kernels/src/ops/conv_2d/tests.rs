//! Hand cases and random convolutions against the definition.

use std::vec::Vec;
use std::{format, vec};

use super::super::naive::{Random, quantize, quantize_wide, windows};
use super::*;

const IMAGE: Window = Window {
    batches: 1,
    in_h: 2,
    in_w: 3,
    in_c: 1,
    out_h: 2,
    out_w: 3,
    out_c: 1,
    k_h: 3,
    k_w: 3,
    stride_h: 1,
    stride_w: 1,
    dilation_h: 1,
    dilation_w: 1,
    pad_top: 1,
    pad_left: 1,
};

const SPEC: Int8Spec = Int8Spec {
    window: IMAGE,
    groups: 1,
    input_zero_point: -1,
    output_zero_point: 2,
    act_min: -128,
    act_max: 20,
};

#[test]
fn a_box_filter_by_hand() {
    // Inputs minus zero point: 1 2 3 / 4 5 6. A filter of ones sums the neighbourhood; the scale is 1/2.
    let mut output = [0; 6];
    let input = [0, 1, 2, 3, 4, 5];
    let kernel = Int8::new(SPEC).unwrap();
    assert_eq!(kernel.run(&input, &[1; 9], &[4], &[1 << 30], &[0], &mut output), Ok(()));
    // Sums plus bias 16 25 20 / 16 25 20, halves away from zero, plus 2, at most 20.
    assert_eq!(output, [10, 15, 12, 10, 15, 12]);
    assert_eq!(kernel.run(&input, &[1; 9], &[], &[1 << 30], &[1], &mut output), Ok(()));
    assert_eq!(output, [14, 20, 18, 14, 20, 18]);
}

#[test]
fn a_float_box_filter_by_hand() {
    let spec = Float32Spec { window: IMAGE, groups: 1, act_min: 0.0, act_max: 6.0 };
    let mut output = [0.0; 6];
    let input = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    assert_eq!(Float32::new(spec).unwrap().run(&input, &[0.5; 9], &[-4.0], &mut output), Ok(()));
    assert_eq!(output, [2.0, 6.0, 4.0, 2.0, 6.0, 4.0]);
}

/// A window, groups, and the number of filter elements.
fn random_shape(random: &mut Random) -> (Window, usize, usize) {
    let groups = [1, 1, 1, 2, 3][random.size(0, 4)];
    let (group_in_c, group_out_c) = (random.size(1, 5), random.size(1, 7));
    let window = Window { out_c: groups * group_out_c, ..random.window(groups * group_in_c, 3) };
    (window, groups, window.out_c * window.k_h * window.k_w * group_in_c)
}

/// Indices of the input and filter elements of every product, in filter order.
fn products(window: &Window, groups: usize) -> Vec<Vec<(usize, usize)>> {
    let group_in_c = window.in_c / groups;
    let mut products = vec![Vec::new(); window.out_len()];
    windows(window, (), |(), tap| {
        let group = tap.out_c / (window.out_c / groups);
        let x = ((tap.batch * window.in_h + tap.y) * window.in_w + tap.x) * window.in_c + group * group_in_c;
        let w = ((tap.out_c * window.k_h + tap.k_y) * window.k_w + tap.k_x) * group_in_c;
        products[tap.out].extend((0..group_in_c).map(|channel| (x + channel, w + channel)));
    });
    products
}

#[test]
fn random_int8_convolutions_equal_the_definition() {
    for seed in 0..600 {
        let random = &mut Random::new(seed);
        let (window, groups, filter_len) = random_shape(random);
        let (input, filter) = (random.int8s(window.in_len()), random.int8s(filter_len));
        check_int8(random, window, groups, &input, &filter, &format!("seed {seed}"));
    }
}

#[test]
fn sums_longer_than_the_stretch_equal_the_definition() {
    for (seed, in_c, k, out_c) in [(1, 700, 1, 5), (2, 330, 3, 3), (3, 71, 3, 67), (4, 1300, 1, 66)] {
        let random = &mut Random::new(seed);
        let window = Window { in_c, out_c, k_h: k, k_w: k, pad_top: k / 2, pad_left: k / 2, ..IMAGE };
        let input = random.int8s(window.in_len());
        let filter = random.int8s(out_c * k * k * in_c);
        check_int8(random, window, 1, &input, &filter, &format!("{in_c} channels"));
    }
}

fn check_int8(random: &mut Random, window: Window, groups: usize, input: &[i8], filter: &[i8], what: &str) {
    let (bias, multiplier, shift) = random.channels(window.out_c);
    let (act_min, act_max) = random.bounds();
    let input_zero_point = random.within(-128, 127) as i32;
    let output_zero_point = random.within(-128, 127) as i32;
    let spec = Int8Spec { window, groups, input_zero_point, output_zero_point, act_min, act_max };
    let mut output = vec![0; window.out_len()];
    let kernel = Int8::new(spec).unwrap();
    assert_eq!(kernel.run(input, filter, &bias, &multiplier, &shift, &mut output), Ok(()), "{what}");
    for (at, (&y, products)) in output.iter().zip(products(&window, groups)).enumerate() {
        let channel = at % window.out_c;
        let sum: i64 = products
            .iter()
            .map(|&(x, w)| (i64::from(input[x]) - i64::from(input_zero_point)) * i64::from(filter[w]))
            .sum();
        let sum = sum + bias.get(channel).map_or(0, |&bias| i64::from(bias));
        let (multiplier, shift) = (multiplier[channel], shift[channel].into());
        let expected = quantize(sum, multiplier, shift, output_zero_point, (act_min, act_max));
        assert_eq!(y, expected, "{what}: output {at} of {spec:?}");
    }
}

#[test]
fn random_convolutions_with_a_filter_zero_point_and_of_int4_equal_the_definition() {
    for seed in 0..400 {
        let random = &mut Random::new(seed);
        let (window, groups, filter_len) = random_shape(random);
        let input = random.int8s(window.in_len());
        let (packed, int4s) = random.int4s(filter_len);
        let int8s = random.int8s(filter_len);
        let (bias, multiplier, shift) = random.channels(window.out_c);
        let (act_min, act_max) = random.bounds();
        let [input_zero_point, filter_zero_point] = [(); 2].map(|()| random.within(-128, 127) as i32);
        let layer = Int8Spec { window, groups, input_zero_point, output_zero_point: 3, act_min, act_max };
        let check = |y: &[i8], filter: &[i8], filter_zero_point: i32| {
            for (at, (&y, products)) in y.iter().zip(products(&window, groups)).enumerate() {
                let channel = at % window.out_c;
                let product = |&(x, w): &(usize, usize)| {
                    (i64::from(input[x]) - i64::from(input_zero_point))
                        * (i64::from(filter[w]) - i64::from(filter_zero_point))
                };
                let sum = products.iter().map(product).sum::<i64>();
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
            groups,
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
        let (mut window, groups, mut filter_len) = random_shape(random);
        if seed % 20 == 0 && groups == 1 {
            window.in_c = random.size(400, 1200);
            filter_len = window.out_c * window.k_h * window.k_w * window.in_c;
        }
        let (input, filter) = (random.int16s(window.in_len()), random.int8s(filter_len));
        let (bias, multiplier, shift) = random.wide_channels(window.out_c);
        let (act_min, act_max) = random.wide_bounds();
        let narrow = seed % 3 == 0;
        let spec = Int16Spec { window, groups, narrow, act_min, act_max };
        let mut output = vec![0; window.out_len()];
        let kernel = Int16::new(spec).unwrap();
        assert_eq!(kernel.run(&input, &filter, &bias, &multiplier, &shift, &mut output), Ok(()));
        for (at, (&y, products)) in output.iter().zip(products(&window, groups)).enumerate() {
            let channel = at % window.out_c;
            let sum: i64 = products.iter().map(|&(x, w)| i64::from(input[x]) * i64::from(filter[w])).sum();
            let sum = sum + bias.get(channel).copied().unwrap_or(0);
            let (multiplier, shift) = (multiplier[channel], shift[channel].into());
            let expected = quantize_wide(sum, multiplier, shift, narrow, (act_min, act_max));
            assert_eq!(y, expected, "seed {seed}: output {at} of {spec:?}");
        }
    }
}

#[test]
fn random_float_convolutions_add_in_filter_order() {
    for seed in 0..300 {
        let random = &mut Random::new(seed);
        let (window, groups, filter_len) = random_shape(random);
        let (input, filter) = (random.floats(window.in_len()), random.floats(filter_len));
        let bias = if seed % 3 == 0 { Vec::new() } else { random.floats(window.out_c) };
        let spec = Float32Spec { window, groups, act_min: -40.0, act_max: 50.0 };
        let mut output = vec![0.0; window.out_len()];
        assert_eq!(Float32::new(spec).unwrap().run(&input, &filter, &bias, &mut output), Ok(()));
        for (at, (&y, products)) in output.iter().zip(products(&window, groups)).enumerate() {
            let sum = products.iter().fold(0.0, |sum, &(x, w)| sum + input[x] * filter[w]);
            let sum = sum + bias.get(at % window.out_c).copied().unwrap_or(0.0);
            assert_eq!(y, sum.clamp(-40.0, 50.0), "seed {seed}: output {at} of {spec:?}");
        }
    }
}

#[test]
fn senseless_specifications_fail() {
    for wrong in [
        Int8Spec { groups: 0, ..SPEC },
        Int8Spec { groups: 2, ..SPEC },
        Int8Spec { input_zero_point: 128, ..SPEC },
        Int8Spec { output_zero_point: -129, ..SPEC },
        Int8Spec { act_min: 21, ..SPEC },
        Int8Spec { act_max: 128, ..SPEC },
        Int8Spec { window: Window { out_c: 1 << 29, ..IMAGE }, ..SPEC },
        Int8Spec { window: Window { k_w: 0, ..IMAGE }, ..SPEC },
    ] {
        assert!(Int8::new(wrong).is_err(), "{wrong:?}");
    }
    let asymmetric = Int8AsymmetricSpec {
        window: IMAGE,
        groups: 1,
        input_zero_point: 0,
        filter_zero_point: 127,
        output_zero_point: 0,
        act_min: -128,
        act_max: 127,
    };
    assert!(Int8Asymmetric::new(asymmetric).is_ok());
    assert!(Int8Asymmetric::new(Int8AsymmetricSpec { filter_zero_point: 128, ..asymmetric }).is_err());
    assert!(Int8Asymmetric::new(Int8AsymmetricSpec { act_min: -129, ..asymmetric }).is_err());
    let wide = Int16Spec { window: IMAGE, groups: 1, narrow: false, act_min: -32768, act_max: 32767 };
    assert!(Int16::new(wide).is_ok());
    assert!(Int16::new(Int16Spec { act_max: 32768, ..wide }).is_err());
    assert!(Int16::new(Int16Spec { groups: 2, ..wide }).is_err());
    let float = Float32Spec { window: IMAGE, groups: 1, act_min: f32::MIN, act_max: f32::MAX };
    assert!(Float32::new(float).is_ok());
    assert!(Float32::new(Float32Spec { act_max: f32::NAN, ..float }).is_err());
    assert!(Float32::new(Float32Spec { act_min: f32::INFINITY, ..float }).is_err());
}

#[test]
fn wrong_lengths_fail_and_leave_the_output() {
    let kernel = Int8::new(SPEC).unwrap();
    let run = |input, filter, bias, multiplier, shift, output: usize| {
        let mut output = vec![7; output];
        let (input, filter) = (vec![1; input], vec![1; filter]);
        let (bias, multiplier, shift) = (vec![1; bias], vec![1; multiplier], vec![1; shift]);
        let result = kernel.run(&input, &filter, &bias, &multiplier, &shift, &mut output);
        assert!(result.is_ok() || output.iter().all(|&y| y == 7));
        result.map_err(|error| error.operand)
    };
    assert_eq!(run(6, 9, 1, 1, 1, 6), Ok(()));
    assert_eq!(run(5, 9, 1, 1, 1, 6), Err("input"));
    assert_eq!(run(6, 8, 1, 1, 1, 6), Err("filter"));
    assert_eq!(run(6, 9, 2, 1, 1, 6), Err("bias"));
    assert_eq!(run(6, 9, 1, 0, 1, 6), Err("multiplier"));
    assert_eq!(run(6, 9, 1, 1, 2, 6), Err("shift"));
    assert_eq!(run(6, 9, 1, 1, 1, 7), Err("output"));
}
