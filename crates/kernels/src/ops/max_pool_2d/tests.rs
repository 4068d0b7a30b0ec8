//! Hand cases and random pools against the definition.

use std::vec;

use super::super::naive::{Random, windows};
use super::*;

const IMAGE: Window = Window {
    batches: 1,
    in_h: 1,
    in_w: 4,
    in_c: 1,
    out_h: 1,
    out_w: 2,
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

#[test]
fn maxima_by_hand() {
    let mut output = [0; 2];
    let kernel = Int8::new(Int8Spec { window: IMAGE, act_min: -128, act_max: 5 }).unwrap();
    assert_eq!(kernel.run(&[-100, -90, 7, 9], &mut output), Ok(()));
    assert_eq!(output, [-90, 5]);
    let mut output = [0.0; 2];
    let kernel = Float32::new(Float32Spec { window: IMAGE, act_min: f32::MIN, act_max: f32::MAX }).unwrap();
    assert_eq!(kernel.run(&[-1.5, f32::NAN, 7.0, 9.0], &mut output), Ok(()));
    assert_eq!(output, [-1.5, 9.0]);
}

#[test]
fn random_pools_equal_the_definition() {
    for seed in 0..500 {
        let random = &mut Random::new(seed);
        let channels = random.size(1, 6);
        let window = Window { out_c: channels, ..random.window(channels, 1) };
        let (act_min, act_max) = random.bounds();
        let at = |batch, y, x, c| ((batch * window.in_h + y) * window.in_w + x) * window.in_c + c;

        let input = random.int8s(window.in_len());
        let mut output = vec![0; window.out_len()];
        let kernel = Int8::new(Int8Spec { window, act_min, act_max }).unwrap();
        assert_eq!(kernel.run(&input, &mut output), Ok(()));
        let maxima = windows(&window, i32::MIN, |max, tap| {
            *max = (*max).max(input[at(tap.batch, tap.y, tap.x, tap.out_c)].into());
        });
        for (&y, max) in output.iter().zip(maxima) {
            assert_eq!(i32::from(y), max.max(act_min).min(act_max), "seed {seed}");
        }

        let input = random.int16s(window.in_len());
        let (act_min, act_max) = random.wide_bounds();
        let mut output = vec![0; window.out_len()];
        let kernel = Int16::new(Int16Spec { window, act_min, act_max }).unwrap();
        assert_eq!(kernel.run(&input, &mut output), Ok(()));
        let largest = windows(&window, i16::MIN, |max, tap| {
            *max = (*max).max(input[at(tap.batch, tap.y, tap.x, tap.out_c)]);
        });
        for (&y, max) in output.iter().zip(largest) {
            assert_eq!(i32::from(y), i32::from(max).max(act_min).min(act_max), "seed {seed}");
        }

        let input = random.floats(window.in_len());
        let mut output = vec![0.0; window.out_len()];
        let kernel = Float32::new(Float32Spec { window, act_min: -2.0, act_max: 3.0 }).unwrap();
        assert_eq!(kernel.run(&input, &mut output), Ok(()));
        let maxima = windows(&window, f32::MIN, |max, tap| {
            *max = max.max(input[at(tap.batch, tap.y, tap.x, tap.out_c)]);
        });
        for (&y, max) in output.iter().zip(maxima) {
            assert_eq!(y, max.clamp(-2.0, 3.0), "seed {seed}");
        }
    }
}

#[test]
fn senseless_specifications_and_wrong_lengths_fail() {
    let spec = Float32Spec { window: IMAGE, act_min: 0.0, act_max: 1.0 };
    assert!(Float32::new(Float32Spec { window: Window { in_c: 2, ..IMAGE }, ..spec }).is_err());
    assert!(Float32::new(Float32Spec { window: Window { pad_left: 3, ..IMAGE }, ..spec }).is_err());
    assert!(Float32::new(Float32Spec { act_min: 2.0, ..spec }).is_err());
    let wrong = WrongLength { operand: "input", expected: 4, found: 5 };
    assert_eq!(Float32::new(spec).unwrap().run(&[0.0; 5], &mut [0.0; 2]), Err(wrong));
}
