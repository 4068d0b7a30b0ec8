//! Hand cases and random pools against the definition.

use std::vec;

use super::super::naive::{Random, windows};
use super::*;

const IMAGE: Window = Window {
    batches: 1,
    in_h: 2,
    in_w: 3,
    in_c: 1,
    out_h: 1,
    out_w: 2,
    out_c: 1,
    k_h: 2,
    k_w: 2,
    stride_h: 2,
    stride_w: 2,
    dilation_h: 1,
    dilation_w: 1,
    pad_top: 0,
    pad_left: 0,
};

#[test]
fn means_by_hand() {
    // (1 + 2 + 4 - 1) / 4 = 1.5 and (-2 - 3) / 2 = -2.5 where the window leaves the input: halves away from zero.
    let mut output = [0; 2];
    let kernel = Int8::new(Int8Spec { window: IMAGE, act_min: -128, act_max: 127 }).unwrap();
    assert_eq!(kernel.run(&[1, 2, -2, 4, -1, -3], &mut output), Ok(()));
    assert_eq!(output, [2, -3]);
    // 128 more and half a step up: (126 + ½·2) / 2 - 128 = -2.
    let kernel = Int8HalvesUp::new(Int8Spec { window: IMAGE, act_min: -128, act_max: 127 }).unwrap();
    assert_eq!(kernel.run(&[1, 2, -2, 4, -1, -3], &mut output), Ok(()));
    assert_eq!(output, [2, -2]);
    let mut output = [0.0; 2];
    let kernel = Float32::new(Float32Spec { window: IMAGE, act_min: -1.0, act_max: 9.0 }).unwrap();
    assert_eq!(kernel.run(&[1.0, 2.0, -2.0, 4.0, -1.0, -3.0], &mut output), Ok(()));
    assert_eq!(output, [1.5, -1.0]);
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
        let sums = windows(&window, (0_i64, 0_i64), |(sum, count), tap| {
            *sum += i64::from(input[at(tap.batch, tap.y, tap.x, tap.out_c)]);
            *count += 1;
        });
        for (&y, (sum, count)) in output.iter().zip(sums) {
            let mean = (sum as f64 / count as f64).round() as i32;
            assert_eq!(i32::from(y), mean.max(act_min).min(act_max), "seed {seed}: {sum} / {count}");
        }
        let kernel = Int8HalvesUp::new(Int8Spec { window, act_min, act_max }).unwrap();
        assert_eq!(kernel.run(&input, &mut output), Ok(()));
        let sums = windows(&window, (0_i64, 0_i64), |(sum, count), tap| {
            *sum += i64::from(input[at(tap.batch, tap.y, tap.x, tap.out_c)]);
            *count += 1;
        });
        for (&y, (sum, count)) in output.iter().zip(sums) {
            let mean = (sum as f64 / count as f64 + 0.5).floor() as i32;
            assert_eq!(
                i32::from(y),
                mean.max(act_min).min(act_max),
                "seed {seed}: {sum} / {count}, halves up"
            );
        }

        let input = random.int16s(window.in_len());
        let (act_min, act_max) = random.wide_bounds();
        let mut output = vec![0; window.out_len()];
        let kernel = Int16::new(Int16Spec { window, act_min, act_max }).unwrap();
        assert_eq!(kernel.run(&input, &mut output), Ok(()));
        let sums = windows(&window, (0_i64, 0_i64), |(sum, count), tap| {
            *sum += i64::from(input[at(tap.batch, tap.y, tap.x, tap.out_c)]);
            *count += 1;
        });
        for (&y, (sum, count)) in output.iter().zip(sums) {
            let mean = (sum as f64 / count as f64).round() as i32;
            assert_eq!(i32::from(y), mean.max(act_min).min(act_max), "seed {seed}: {sum} / {count}");
        }

        let input = random.floats(window.in_len());
        let mut output = vec![0.0; window.out_len()];
        let kernel = Float32::new(Float32Spec { window, act_min: -2.0, act_max: 3.0 }).unwrap();
        assert_eq!(kernel.run(&input, &mut output), Ok(()));
        let sums = windows(&window, (0.0_f32, 0_u8), |(sum, count), tap| {
            *sum += input[at(tap.batch, tap.y, tap.x, tap.out_c)];
            *count += 1;
        });
        for (&y, (sum, count)) in output.iter().zip(sums) {
            assert_eq!(y, (sum / f32::from(count)).clamp(-2.0, 3.0), "seed {seed}");
        }
    }
}

#[test]
fn senseless_specifications_and_wrong_lengths_fail() {
    let spec = Int8Spec { window: IMAGE, act_min: -128, act_max: 127 };
    for wrong in [
        Int8Spec { window: Window { out_c: 2, ..IMAGE }, ..spec },
        Int8Spec { window: Window { dilation_h: 2, ..IMAGE }, ..spec },
        Int8Spec { window: Window { out_w: 3, ..IMAGE }, ..spec },
        Int8Spec { act_max: -129, ..spec },
    ] {
        assert!(Int8::new(wrong).is_err(), "{wrong:?}");
    }
    let kernel = Int8::new(spec).unwrap();
    let wrong = WrongLength { operand: "output", expected: 2, found: 3 };
    assert_eq!(kernel.run(&[0; 6], &mut [0; 3]), Err(wrong));
}
