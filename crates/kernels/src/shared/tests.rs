//! Kernels in shared memory at the least distance that [`Window::lags`] allows, against kernels that have both apart; and one
//! byte nearer, where they must differ.

use std::vec::Vec;

use super::*;
use crate::ops::naive::Random;
use crate::ops::{average_pool_2d, conv_2d, depthwise_conv_2d, max_pool_2d};
use crate::window::Lags;

/// A kernel with input and output apart, and in shared memory.
type Runs<'a> = (&'a dyn Fn(&[i8], &mut [i8]), &'a dyn Fn(Shared<'_, i8>));

fn in_memory(input: &[i8], n_out: usize, (x, y): (usize, usize), run: &dyn Fn(Shared<'_, i8>)) -> Vec<i8> {
    let mut memory = std::vec![77; (x + input.len()).max(y + n_out)];
    memory[x..x + input.len()].copy_from_slice(input);
    run(Shared { memory: &mut memory, input: x, output: y });
    memory[y..y + n_out].to_vec()
}

/// Runs a kernel in all arrangements; returns whether one byte nearer differs, below and above.
fn check(window: &Window, random: &mut Random, runs: Runs<'_>) -> [bool; 2] {
    check_blocks(window, 1, random, runs)
}

/// [`check`] of a kernel that computes several pixels at once.
fn check_blocks(
    window: &Window,
    at_once: usize,
    random: &mut Random,
    (apart, shared): Runs<'_>,
) -> [bool; 2] {
    let input = random.int8s(window.in_len());
    let mut expected = std::vec![0; window.out_len()];
    apart(&input, &mut expected);
    let Lags { below, above } = window.lags(at_once);
    for (x, y) in
        [(below, 0), (0, above), (below + 3, 1), (2, above + 7), (window.out_len(), 0), (0, window.in_len())]
    {
        assert_eq!(in_memory(&input, expected.len(), (x, y), shared), expected, "{window:?} at {x}, {y}");
    }
    [(below.saturating_sub(1), 0), (0, above.saturating_sub(1))]
        .map(|at| at.0 != at.1 && in_memory(&input, expected.len(), at, shared) != expected)
}

/// Runs DEPTHWISE_CONV_2D with every kind of filter in all arrangements.
fn check_depthwise(window: &Window, depth_multiplier: usize, quant: (i32, i32), random: &mut Random) {
    let window = Window { out_c: window.in_c * depth_multiplier, ..*window };
    let filter = random.int8s(window.k_h * window.k_w * window.out_c);
    let (packed, _) = random.int4s(filter.len());
    let (bias, multiplier, shift) = random.channels(window.out_c);
    macro_rules! check {
        ($kernel:expr, $filter:expr) => {{
            let (kernel, filter) = ($kernel.unwrap(), $filter);
            check(
                &window,
                random,
                (&|x, y| kernel.run(x, filter, &bias, &multiplier, &shift, y).unwrap(), &|shared| {
                    kernel.run_shared(filter, &bias, &multiplier, &shift, shared).unwrap()
                }),
            );
        }};
    }
    let (input_zero_point, output_zero_point) = quant;
    let (act_min, act_max) = (-128, 127);
    let spec = depthwise_conv_2d::Int8Spec {
        window,
        depth_multiplier,
        input_zero_point,
        output_zero_point,
        act_min,
        act_max,
    };
    check!(depthwise_conv_2d::Int8::new(spec), &filter);
    check!(depthwise_conv_2d::Int4::new(spec), &packed);
    let spec = depthwise_conv_2d::Int8AsymmetricSpec {
        window,
        depth_multiplier,
        input_zero_point,
        filter_zero_point: output_zero_point,
        output_zero_point,
        act_min,
        act_max,
    };
    check!(depthwise_conv_2d::Int8Asymmetric::new(spec), &filter);
}

#[test]
fn overlapping_kernels_compute_the_same() {
    let mut n_nearer_differs = [0; 2];
    for seed in 0..1000 {
        let random = &mut Random::new(seed);
        let in_c = random.size(1, 5);
        let window = Window { out_c: random.size(1, 6), ..random.window(in_c, 3) };
        let quant = (random.within(-128, 127) as i32, random.within(-128, 127) as i32);
        let filter = random.int8s(window.out_c * window.k_h * window.k_w * window.in_c);
        let (bias, multiplier, shift) = random.channels(window.out_c);
        let conv = conv_2d::Int8::new(conv_2d::Int8Spec {
            window,
            groups: 1,
            input_zero_point: quant.0,
            output_zero_point: quant.1,
            act_min: -128,
            act_max: 127,
        })
        .unwrap();
        let differs = check(
            &window,
            random,
            (&|x, y| conv.run(x, &filter, &bias, &multiplier, &shift, y).unwrap(), &|shared| {
                conv.run_shared(&filter, &bias, &multiplier, &shift, shared).unwrap()
            }),
        );
        (0..2).for_each(|at| n_nearer_differs[at] += usize::from(differs[at]));

        let stored = conv_2d::Stored::new(conv_2d::StoredSpec {
            window,
            bits: 8,
            input_zero_point: quant.0,
            output_zero_point: quant.1,
            act_min: -128,
            act_max: 127,
        });
        if let (Ok(stored), false) = (stored, bias.is_empty()) {
            let values: Vec<u8> = filter.iter().map(|weight| weight.cast_unsigned()).collect();
            let at_once = conv_2d::Stored::pixels_at_once(&window, false);
            check_blocks(
                &window,
                at_once,
                random,
                (
                    &|x, y| stored.run(x, &[], &[], &[], &values, &bias, &multiplier, &shift, y).unwrap(),
                    &|shared| {
                        stored
                            .run_shared(&[], &[], &[], &values, &bias, &multiplier, &shift, shared)
                            .unwrap();
                    },
                ),
            );
        }

        for depth_multiplier in [1, 2] {
            check_depthwise(&window, depth_multiplier, quant, random);
        }

        let window = Window { out_c: window.in_c, dilation_h: 1, dilation_w: 1, ..window };
        let pool =
            average_pool_2d::Int8::new(average_pool_2d::Int8Spec { window, act_min: -100, act_max: 90 });
        if let Ok(pool) = pool {
            check(
                &window,
                random,
                (&|x, y| pool.run(x, y).unwrap(), &|shared| pool.run_shared(shared).unwrap()),
            );
            let pool =
                max_pool_2d::Int8::new(max_pool_2d::Int8Spec { window, act_min: -100, act_max: 90 }).unwrap();
            check(
                &window,
                random,
                (&|x, y| pool.run(x, y).unwrap(), &|shared| pool.run_shared(shared).unwrap()),
            );
        }
    }
    // The distances are not larger than they must be.
    assert!(n_nearer_differs.iter().all(|&n| n > 600), "{n_nearer_differs:?}");
}

#[test]
fn memory_that_does_not_hold_both_is_refused() {
    let window = Window {
        batches: 1,
        in_h: 2,
        in_w: 2,
        in_c: 1,
        out_h: 1,
        out_w: 1,
        out_c: 1,
        k_h: 2,
        k_w: 2,
        stride_h: 1,
        stride_w: 1,
        dilation_h: 1,
        dilation_w: 1,
        pad_top: 0,
        pad_left: 0,
    };
    assert_eq!(window.lags(1), Lags { below: 1, above: 4 });
    let pool = max_pool_2d::Int8::new(max_pool_2d::Int8Spec { window, act_min: -128, act_max: 127 }).unwrap();
    let mut memory = [1, 2, 3, 4, 5];
    pool.run_shared(Shared { memory: &mut memory, input: 0, output: 4 }).unwrap();
    assert_eq!(memory, [1, 2, 3, 4, 4]);
    let error = pool.run_shared(Shared { memory: &mut memory, input: 2, output: 0 }).unwrap_err();
    assert_eq!((error.operand, error.expected), ("memory", 6));
}

#[test]
fn elements_may_be_made_in_place_and_either_way() {
    use crate::ops::{logistic, quantize, relu};
    let random = &mut Random::new(5);
    let input = random.int8s(37);
    let table = random.int8s(256);
    let spec = relu::Int8Spec {
        len: 37,
        input_zero_point: 3,
        output_zero_point: -7,
        multiplier: 1 << 30,
        shift: 1,
        act_min: -90,
        act_max: 100,
    };
    let relu = relu::Int8::new(spec).unwrap();
    let look_up = logistic::Int8::new(logistic::Int8Spec { len: 37 }).unwrap();
    let spec = quantize::Int8Spec {
        len: 37,
        input_zero_point: 3,
        output_zero_point: -7,
        multiplier: 1 << 30,
        shift: 0,
    };
    let quantize = quantize::Int8::new(spec).unwrap();
    let quantize::Int8Spec { len, input_zero_point, output_zero_point, multiplier, shift } = spec;
    let spec = quantize::Uint8ToInt8Spec { len, input_zero_point, output_zero_point, multiplier, shift };
    let from_uint8 = quantize::Uint8ToInt8::new(spec).unwrap();
    let unsigned = |values: &[i8]| values.iter().map(|value| value.cast_unsigned()).collect::<Vec<u8>>();
    let runs: [Runs<'_>; 4] = [
        (&|x, y| relu.run(x, y).unwrap(), &|shared| relu.run_shared(shared).unwrap()),
        (&|x, y| look_up.run(x, &table, y).unwrap(), &|shared| look_up.run_shared(&table, shared).unwrap()),
        (&|x, y| quantize.run(x, y).unwrap(), &|shared| quantize.run_shared(shared).unwrap()),
        (&|x, y| from_uint8.run(&unsigned(x), y).unwrap(), &|shared| from_uint8.run_shared(shared).unwrap()),
    ];
    for (apart, shared) in runs {
        let mut expected = std::vec![0; 37];
        apart(&input, &mut expected);
        for places in [(0, 0), (5, 0), (0, 9), (37, 0), (0, 40)] {
            assert_eq!(in_memory(&input, 37, places, shared), expected, "{places:?}");
        }
    }
    let mut short = [0; 36];
    assert!(relu.run_shared(Shared { memory: &mut short, input: 0, output: 0 }).is_err());

    let kernel = logistic::Float32::new(logistic::Float32Spec { len: 3 }).unwrap();
    let (mut apart, mut memory) = ([0.0; 3], [9.0, -1.0, 0.5, 3.0]);
    kernel.run(&memory[1..], &mut apart).unwrap();
    kernel.run_shared(Shared { memory: &mut memory, input: 1, output: 0 }).unwrap();
    assert_eq!(memory[..3], apart);
}
