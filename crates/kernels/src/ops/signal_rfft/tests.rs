//! Spectra that TensorFlow Lite Micro computed, and random rows against the definition in f64.

use std::vec;
use std::vec::Vec;

use super::super::fft::tests::{fixed, twiddles};
use super::super::naive::Random;
use super::*;

const FRAME: [i16; 12] =
    [1000, -2000, 30_000, 4000, -5000, 6000, -32_768, 8000, 9000, -10_000, 11_000, 12_000];

fn int16(fft_length: usize, frame: usize, input: &[i16]) -> Vec<i16> {
    let rows = input.len() / frame;
    let kernel = Int16::new(Int16Spec { rows, frame, fft_length }).unwrap();
    let (whole, split) = twiddles(fft_length, false);
    let points = |points| fixed(points, 32_767.0).map(|x| x as i16).collect::<Vec<_>>();
    let (mut output, mut scratch) = (vec![9; rows * (fft_length + 2)], vec![9; fft_length]);
    assert_eq!(kernel.run(input, &points(whole), &points(split), &mut output, &mut scratch), Ok(()));
    output
}

#[test]
fn int16_spectra_are_those_of_tflm() {
    assert_eq!(
        int16(16, 12, &FRAME),
        [
            1952, 0, 1452, 653, -212, -4167, -1979, -676, -202, 1875, -3596, -1268, 2086, 5051, 2122, -1188,
            -298, 0
        ]
    );
    assert_eq!(
        int16(20, 12, &FRAME),
        [
            1561, 0, 470, 235, 2244, -2212, -1875, -1878, -1746, -366, -161, 1500, -1375, -1772, -2020, 4049,
            3215, 1416, 1085, -1064, -239, 0
        ]
    );
}

#[test]
fn int32_spectra_are_those_of_tflm() {
    let kernel = Int32::new(Int32Spec { rows: 1, frame: 12, fft_length: 24 }).unwrap();
    let (whole, split) = twiddles(24, false);
    let points = |points| fixed(points, 2_147_483_647.0).map(|x| x as i32).collect::<Vec<_>>();
    let (mut output, mut scratch) = ([9; 26], [9; 24]);
    let input = FRAME.map(|x| i32::from(x) << 16);
    assert_eq!(kernel.run(&input, &points(whole), &points(split), &mut output, &mut scratch), Ok(()));
    assert_eq!(
        output,
        [
            85_284_181,
            0,
            17_239_731,
            -8_368_437,
            133_267_177,
            -28_208_133,
            -9_242_696,
            -182_127_089,
            -99_035_818,
            -49_661_362,
            -103_517_651,
            -4_896_806,
            -8_825_515,
            81_920_000,
            -19_113_764,
            -90_815_057,
            -197_339_819,
            106_417_201,
            91_162_695,
            220_744_547,
            152_185_791,
            -4_559_866,
            39_855_684,
            -56_449_460,
            -13_019_819,
            0
        ]
    );
}

/// Bin `k` of the spectrum in f64.
fn bin(input: &[f64], k: usize, fft_length: usize) -> [f64; 2] {
    input.iter().enumerate().fold([0.0; 2], |[re, im], (n, x)| {
        let phase = -2.0 * std::f64::consts::PI * ((k * n) % fft_length) as f64 / fft_length as f64;
        [re + x * phase.cos(), im + x * phase.sin()]
    })
}

#[test]
fn random_int16_rows_are_close_to_the_definition() {
    for (seed, fft_length) in [4, 6, 8, 10, 16, 60, 64, 256, 480, 512].into_iter().enumerate() {
        let random = &mut Random::new(seed as u64);
        let frame = random.size(fft_length / 2, fft_length);
        let input: Vec<i16> = (0..2 * frame).map(|_| random.bits() as i16).collect();
        let output = int16(fft_length, frame, &input);
        for (input, output) in input.chunks(frame).zip(output.chunks(fft_length + 2)) {
            let input: Vec<f64> = input.iter().map(|&x| f64::from(x) / fft_length as f64).collect();
            for (k, parts) in output.chunks(2).enumerate() {
                for (&part, exact) in parts.iter().zip(bin(&input, k, fft_length)) {
                    assert!((f64::from(part) - exact).abs() < 6.0, "{fft_length}, bin {k}: {part} {exact}");
                }
            }
        }
    }
}

#[test]
fn float_rows_are_the_definition() {
    let random = &mut Random::new(1);
    let (fft_length, frame) = (64, 50);
    let input = random.floats(2 * frame);
    let (whole, split) = twiddles(fft_length, false);
    let points = |points: Vec<[f64; 2]>| points.into_iter().flatten().map(|x| x as f32).collect::<Vec<_>>();
    let kernel = Float32::new(Float32Spec { rows: 2, frame, fft_length }).unwrap();
    let (mut output, mut scratch) = (vec![9.0; 132], vec![9.0; 64]);
    assert_eq!(kernel.run(&input, &points(whole), &points(split), &mut output, &mut scratch), Ok(()));
    for (input, output) in input.chunks(frame).zip(output.chunks(fft_length + 2)) {
        let input: Vec<f64> = input.iter().map(|&x| x.into()).collect();
        for (k, parts) in output.chunks(2).enumerate() {
            for (&part, exact) in parts.iter().zip(bin(&input, k, fft_length)) {
                assert!((f64::from(part) - exact).abs() < 1e-4, "bin {k}: {part} {exact}");
            }
        }
    }
}

#[test]
fn frames_longer_than_the_transform_are_refused() {
    let spec = Int16Spec { rows: 1, frame: 8, fft_length: 8 };
    assert!(Int16::new(spec).is_ok());
    for spec in [
        Int16Spec { frame: 9, ..spec },
        Int16Spec { frame: 0, ..spec },
        Int16Spec { fft_length: 9, ..spec },
        Int16Spec { frame: 2, fft_length: 2, ..spec },
        Int16Spec { fft_length: 14, ..spec },
        Int16Spec { fft_length: usize::MAX - 1, ..spec },
    ] {
        assert!(Int16::new(spec).is_err(), "{spec:?}");
    }
}
