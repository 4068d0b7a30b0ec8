//! Hand cases, and int8 and float rows against the exponential of the standard library.

use std::vec;

use super::super::naive::Random;
use super::*;

/// Input scale 1/8 and beta 1: `2^-3 * 2^26 = 2^23 = 2^30 / 2^31 * 2^24`, and the radius is `31 * 2^26 / 2^24`.
const EIGHTHS: Int8Spec =
    Int8Spec { rows: 1, depth: 4, input_multiplier: 1 << 30, input_shift: 24, diff_min: -124 };

#[test]
fn equal_inputs_share_the_whole_by_hand() {
    let mut output = [0; 4];
    let kernel = Int8::new(EIGHTHS).unwrap();
    assert_eq!(kernel.run(&[5; 4], &mut output), Ok(()));
    assert_eq!(output, [-64; 4]);
    // One that is far above the others takes all: 256/256 saturates at 127.
    assert_eq!(kernel.run(&[-128, 127, -128, 0], &mut output), Ok(()));
    assert_eq!(output, [-128, 127, -128, -128]);
}

#[test]
fn float_rows_by_hand() {
    let kernel = Float32::new(Float32Spec { rows: 2, depth: 2, beta: 2.0 }).unwrap();
    let mut output = [0.0; 4];
    assert_eq!(kernel.run(&[1.0, 1.0, -200.0, 0.0], &mut output), Ok(()));
    assert_eq!(output, [0.5, 0.5, 0.0, 1.0]);
}

#[test]
fn random_int8_rows_are_within_a_step_of_the_real_softmax() {
    for seed in 0..300 {
        let random = &mut Random::new(seed);
        let (rows, depth) = (random.size(1, 3), random.size(1, 40));
        let kernel = Int8::new(Int8Spec { rows, depth, ..EIGHTHS }).unwrap();
        let input = random.int8s(rows * depth);
        let mut output = vec![0; rows * depth];
        assert_eq!(kernel.run(&input, &mut output), Ok(()));
        for (input, output) in input.chunks(depth).zip(output.chunks(depth)) {
            let max = f64::from(*input.iter().max().unwrap());
            let exponentials = input.iter().map(|&x| ((f64::from(x) - max) / 8.0).exp());
            let sum: f64 = exponentials.clone().sum();
            for (exponential, &y) in exponentials.zip(output) {
                let expected = (exponential / sum * 256.0 - 128.0).min(127.0);
                assert!((f64::from(y) - expected).abs() <= 0.51, "seed {seed}: {y} for {expected}");
            }
        }
    }
}

#[test]
fn random_float_rows_are_close_to_the_real_softmax() {
    for seed in 0..300 {
        let random = &mut Random::new(seed);
        let (rows, depth) = (random.size(1, 3), random.size(1, 40));
        let kernel = Float32::new(Float32Spec { rows, depth, beta: 1.5 }).unwrap();
        let input = random.floats(rows * depth);
        let mut output = vec![0.0; rows * depth];
        assert_eq!(kernel.run(&input, &mut output), Ok(()));
        for (input, output) in input.chunks(depth).zip(output.chunks(depth)) {
            let exponentials = input.iter().map(|&x| (f64::from(x) * 1.5).exp());
            let sum: f64 = exponentials.clone().sum();
            for (exponential, &y) in exponentials.zip(output) {
                let expected = exponential / sum;
                let error = (f64::from(y) - expected).abs();
                assert!(error <= 1.0e-5 * expected, "seed {seed}: {y} for {expected}");
            }
        }
    }
}

#[test]
fn the_longest_row_of_equal_inputs_neither_overflows_nor_saturates() {
    let mut output = vec![1; 4095];
    let kernel = Int8::new(Int8Spec { depth: 4095, ..EIGHTHS }).unwrap();
    assert_eq!(kernel.run(&vec![3; 4095], &mut output), Ok(()));
    assert!(output.iter().all(|&y| y == -128));
}

#[test]
fn senseless_specifications_and_wrong_lengths_fail() {
    for wrong in [
        Int8Spec { rows: 0, ..EIGHTHS },
        Int8Spec { depth: 4096, ..EIGHTHS },
        Int8Spec { input_multiplier: -1, ..EIGHTHS },
        Int8Spec { input_shift: 32, ..EIGHTHS },
        Int8Spec { diff_min: 1, ..EIGHTHS },
    ] {
        assert!(Int8::new(wrong).is_err(), "{wrong:?}");
    }
    assert!(Float32::new(Float32Spec { rows: 1, depth: 1, beta: f32::NAN }).is_err());
    let wrong = WrongLength { operand: "input", expected: 4, found: 5 };
    assert_eq!(Int8::new(EIGHTHS).unwrap().run(&[0; 5], &mut [0; 4]), Err(wrong));
}

#[test]
fn int16_results_of_int8_are_within_a_step_of_the_real_softmax() {
    for seed in 0..100 {
        let random = &mut Random::new(seed);
        let depth = random.size(1, 40);
        let kernel = Int8ToInt16::new(Int8Spec { depth, ..EIGHTHS }).unwrap();
        let input = random.int8s(depth);
        let mut output = vec![0; depth];
        assert_eq!(kernel.run(&input, &mut output), Ok(()));
        let exponentials = input.iter().map(|&x| (f64::from(x) / 8.0).exp());
        let sum: f64 = exponentials.clone().sum();
        for (exponential, &y) in exponentials.zip(&output) {
            let expected = (exponential / sum * 65_536.0 - 32_768.0).min(32_767.0);
            assert!((f64::from(y) - expected).abs() <= 1.0, "seed {seed}: {y} for {expected}");
        }
    }
}

#[test]
fn int16_rows_are_close_to_the_real_softmax() {
    let tables: [[i16; 513]; 2] = [
        core::array::from_fn(|at| (32_768.0 * ((at as f64 - 512.0) / 51.2).exp()).min(32_767.0) as i16),
        core::array::from_fn(|at| (32_768.0 / (1.0 + at as f64 / 512.0)).min(32_767.0) as i16),
    ];
    for seed in 0..100 {
        let random = &mut Random::new(seed);
        let depth = random.size(1, 40);
        // Input scale 2^-10 and beta 1: 6.3999 is 0.79999 * 2^3.
        let spec = Int16Spec { rows: 1, depth, input_multiplier: 1_717_960_835, input_shift: 3 };
        let input: std::vec::Vec<i16> = (0..depth).map(|_| random.within(-6000, 6000) as i16).collect();
        let mut output = vec![0; depth];
        let kernel = Int16::new(spec).unwrap();
        assert_eq!(kernel.run(&input, &tables[0], &tables[1], &mut output), Ok(()));
        let exponentials = input.iter().map(|&x| (f64::from(x) / 1024.0).exp());
        let sum: f64 = exponentials.clone().sum();
        for (exponential, &y) in exponentials.zip(&output) {
            let expected = exponential / sum * 32_768.0;
            assert!((f64::from(y) - expected).abs() <= 12.0, "seed {seed}: {y} for {expected}");
        }
    }
    assert!(Int16::new(Int16Spec { rows: 1, depth: 65_537, input_multiplier: 1, input_shift: 0 }).is_err());
}
