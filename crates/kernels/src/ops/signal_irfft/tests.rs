//! Samples that TensorFlow Lite Micro computed, and a way there and back.

use std::vec;
use std::vec::Vec;

use super::super::fft::tests::{fixed, twiddles};
use super::super::naive::Random;
use super::super::signal_rfft;
use super::*;

fn int16(fft_length: usize, input: &[i16]) -> Vec<i16> {
    let kernel = Int16::new(Int16Spec { rows: 1, fft_length }).unwrap();
    let (whole, split) = twiddles(fft_length, true);
    let points = |points| fixed(points, 32_767.0).map(|x| x as i16).collect::<Vec<_>>();
    let (mut output, mut scratch) = (vec![9; fft_length], vec![9; fft_length]);
    assert_eq!(kernel.run(input, &points(whole), &points(split), &mut output, &mut scratch), Ok(()));
    output
}

#[test]
fn int16_samples_are_those_of_tflm() {
    let spectrum = [
        1952, 0, 1452, 653, -212, -4167, -1979, -676, -202, 1875, -3596, -1268, 2086, 5051, 2122, -1188,
        -298, 0,
    ];
    assert_eq!(
        int16(16, &spectrum),
        [62, -125, 1873, 251, -312, 375, -2047, 501, 562, -625, 687, 749, 0, -1, -1, -1]
    );
    let spectrum = [
        1561, 0, 470, 235, 2244, -2212, -1875, -1878, -1746, -366, -161, 1500, -1375, -1772, -2020, 4049,
        3215, 1416, 1085, -1064, -239, 0,
    ];
    assert_eq!(
        int16(20, &spectrum),
        [49, -100, 1498, 200, -251, 300, -1637, 399, 451, -499, 549, 600, 0, 0, 1, 0, 1, -1, -1, 1]
    );
}

#[test]
fn int32_samples_are_those_of_tflm() {
    let spectrum = [
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
        0,
    ];
    let kernel = Int32::new(Int32Spec { rows: 1, fft_length: 24 }).unwrap();
    let (whole, split) = twiddles(24, true);
    let points = |points| fixed(points, 2_147_483_647.0).map(|x| x as i32).collect::<Vec<_>>();
    let (mut output, mut scratch) = ([9; 24], [9; 24]);
    assert_eq!(kernel.run(&spectrum, &points(whole), &points(split), &mut output, &mut scratch), Ok(()));
    assert_eq!(
        output,
        [
            2_730_666,
            -5_461_333,
            81_919_998,
            10_922_667,
            -13_653_334,
            16_384_000,
            -89_478_485,
            21_845_334,
            24_576_001,
            -27_306_666,
            30_037_333,
            32_767_999,
            0,
            -1,
            0,
            -1,
            0,
            0,
            -1,
            0,
            1,
            0,
            1,
            1
        ]
    );
}

#[test]
fn float_samples_come_back() {
    let random = &mut Random::new(1);
    for fft_length in [4, 12, 64, 480] {
        let input = random.floats(2 * fft_length);
        let points =
            |points: Vec<[f64; 2]>| points.into_iter().flatten().map(|x| x as f32).collect::<Vec<_>>();
        let (mut spectrum, mut back) = (vec![0.0; 2 * (fft_length + 2)], vec![0.0; 2 * fft_length]);
        let mut scratch = vec![9.0; fft_length];
        let spec = signal_rfft::Float32Spec { rows: 2, frame: fft_length, fft_length };
        let (whole, split) = twiddles(fft_length, false);
        let there = signal_rfft::Float32::new(spec).unwrap();
        let result = there.run(&input, &points(whole), &points(split), &mut spectrum, &mut scratch);
        assert_eq!(result, Ok(()));
        let (whole, split) = twiddles(fft_length, true);
        let kernel = Float32::new(Float32Spec { rows: 2, fft_length }).unwrap();
        let result = kernel.run(&spectrum, &points(whole), &points(split), &mut back, &mut scratch);
        assert_eq!(result, Ok(()));
        for (x, y) in input.iter().zip(back) {
            assert!((x - y).abs() < 1e-4, "{fft_length}: {x} {y}");
        }
    }
}
