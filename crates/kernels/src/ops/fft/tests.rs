//! Twiddles as hosts compute them, the order of elements, and butterflies against the definition in f64.

use std::f64::consts::PI;
use std::vec::Vec;

use super::*;

/// `exp(±2πik / len)` for the transform of pairs and the twiddles that split it, each times `largest`.
pub(crate) fn twiddles(fft_length: usize, inverse: bool) -> (Vec<[f64; 2]>, Vec<[f64; 2]>) {
    let len = fft_length / 2;
    let sign = if inverse { 1.0 } else { -1.0 };
    let point = |phase: f64| [phase.cos(), phase.sin()];
    let whole = (0..len).map(|k| point(sign * 2.0 * PI * k as f64 / len as f64)).collect();
    let split = (1..=len / 2).map(|k| point(sign * PI * (k as f64 / len as f64 + 0.5))).collect();
    (whole, split)
}

/// Points of the circle as fixed-point numbers.
pub(crate) fn fixed(points: Vec<[f64; 2]>, largest: f64) -> impl Iterator<Item = i64> {
    points.into_iter().flatten().map(move |part| (0.5 + largest * part).floor() as i64)
}

#[test]
fn elements_start_in_the_order_of_reversed_digits() {
    let plan = Plan::new(8).unwrap();
    // Radix 4 outside, 2 inside: 0 4 | 1 5 | 2 6 | 3 7.
    assert!((0..8).map(|at| plan.source(at)).eq([0, 4, 1, 5, 2, 6, 3, 7]));
    assert!(plan.radices().eq([4, 2]));
    assert!(Plan::new(240).unwrap().radices().eq([4, 4, 3, 5]));
    let mut seen: Vec<_> = (0..240).map(|at| Plan::new(240).unwrap().source(at)).collect();
    seen.sort_unstable();
    assert!(seen.into_iter().eq(0..240));
}

#[test]
fn lengths_with_other_factors_are_refused() {
    for len in [0, 1, 7, 14, 121, 1 << 30] {
        assert!(Plan::new(len).is_err(), "{len}");
    }
    for len in [2, 3, 4, 5, 6, 60, 1 << 29] {
        assert!(Plan::new(len).is_ok(), "{len}");
    }
}

#[test]
fn transforms_are_the_definition_in_either_direction() {
    for len in [2, 3, 4, 5, 8, 9, 12, 15, 16, 20, 25, 30, 64, 240] {
        for inverse in [false, true] {
            let points: Vec<[f32; 2]> =
                twiddles(2 * len, inverse).0.into_iter().map(|point| point.map(|x| x as f32)).collect();
            let input: Vec<[f64; 2]> =
                (0..len).map(|k| [(k * k % 17) as f64 - 8.0, (k * 5 % 13) as f64 - 6.0]).collect();
            let plan = Plan::new(len).unwrap();
            let mut work: Vec<_> = (0..len).map(|at| input[plan.source(at)].map(|x| x as f32)).collect();
            plan.run(&mut work, &points, inverse);
            for (k, result) in work.iter().enumerate() {
                let sign = if inverse { 1.0 } else { -1.0 };
                let mut expected = [0.0; 2];
                for (n, [re, im]) in input.iter().enumerate() {
                    let (sin, cos) = (sign * 2.0 * PI * ((k * n) % len) as f64 / len as f64).sin_cos();
                    expected = [expected[0] + re * cos - im * sin, expected[1] + re * sin + im * cos];
                }
                for (&result, expected) in result.iter().zip(expected) {
                    assert!(
                        (f64::from(result) - expected).abs() < 2e-3,
                        "{len} {inverse} {k}: {result} {expected}"
                    );
                }
            }
        }
    }
}
