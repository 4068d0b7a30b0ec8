//! Hand cases, and random images against the definition in wide integers.

use std::vec;
use std::vec::Vec;

use super::super::naive::{Random, divide_away};
use super::*;

const SPEC: Spec =
    Spec { in_shape: [1, 1, 2, 1], out_h: 1, out_w: 4, align_corners: false, half_pixel_centers: false };

#[test]
fn a_row_by_hand() {
    let mut output = [0; 4];
    assert_eq!(Int8::new(SPEC).unwrap().run(&[0, 101], &mut output), Ok(()));
    // 50.5 is rounded away from zero; what lies behind the last pixel is the last pixel.
    assert_eq!(output, [0, 51, 101, 101]);
    assert_eq!(Int8::new(SPEC).unwrap().run(&[0, -101], &mut output), Ok(()));
    assert_eq!(output, [0, -51, -101, -101]);
    let half = Spec { half_pixel_centers: true, ..SPEC };
    assert_eq!(Int8::new(half).unwrap().run(&[0, 100], &mut output), Ok(()));
    assert_eq!(output, [0, 25, 75, 100]);
    let corners = Spec { align_corners: true, ..SPEC };
    assert_eq!(Int8::new(corners).unwrap().run(&[0, 99], &mut output), Ok(()));
    assert_eq!(output, [0, 33, 66, 99]);
    let mut output = [0.0; 4];
    assert_eq!(Float32::new(half).unwrap().run(&[0.0, 1.0], &mut output), Ok(()));
    assert_eq!(output, [0.0, 0.25, 0.75, 1.0]);
}

fn random_spec(random: &mut Random) -> Spec {
    let [n, h, w, depth] = [random.size(1, 2), random.size(1, 6), random.size(1, 6), random.size(1, 3)];
    let mode = random.size(0, 2);
    Spec {
        in_shape: [n, h, w, depth],
        out_h: random.size(1, 13),
        out_w: random.size(1, 13),
        align_corners: mode == 1,
        half_pixel_centers: mode == 2,
    }
}

/// Scale, position and neighbours of one output row or column, in 1024ths.
fn neighbours(spec: &Spec, at: usize, input: usize, output: usize) -> [i64; 3] {
    let (at, input) = (at as i64, input as i64);
    let (extent, steps) = if spec.align_corners && output > 1 {
        (input - 1, output as i64 - 1)
    } else {
        (input, output as i64)
    };
    let scale = (1024 * extent + steps / 2) / steps;
    let position = at * scale + if spec.half_pixel_centers { scale / 2 - 512 } else { 0 };
    let low = (position / 1024).max(0);
    [position, low, ((position + 1023) / 1024).min(input - 1)]
}

#[test]
fn random_images_equal_the_definition() {
    for seed in 0..300 {
        let random = &mut Random::new(seed);
        let spec = random_spec(random);
        let [n, h, w, depth] = spec.in_shape;
        let input = random.int8s(n * h * w * depth);
        let wide: Vec<i16> = input.iter().map(|&x| i16::from(x) * 256 + 77).collect();
        let len = n * spec.out_h * spec.out_w * depth;
        let (mut narrow_output, mut wide_output) = (vec![0; len], vec![0; len]);
        assert_eq!(Int8::new(spec).unwrap().run(&input, &mut narrow_output), Ok(()));
        assert_eq!(Int16::new(spec).unwrap().run(&wide, &mut wide_output), Ok(()));
        for (at, (&narrow, &found_wide)) in narrow_output.iter().zip(&wide_output).enumerate() {
            let (c, at) = (at % depth, at / depth);
            let (column, at) = (at % spec.out_w, at / spec.out_w);
            let (row, image) = (at % spec.out_h, at / spec.out_h);
            let [y, top, bottom] = neighbours(&spec, row, h, spec.out_h);
            let [x, left, right] = neighbours(&spec, column, w, spec.out_w);
            let pixel = |y: i64, x: i64| ((image * h + y as usize) * w + x as usize) * depth + c;
            let mix = |of: &dyn Fn(usize) -> i64| {
                let (down, across) = (y - 1024 * top, x - 1024 * left);
                let sum = of(pixel(top, left)) * (1024 - down) * (1024 - across)
                    + of(pixel(bottom, left)) * down * (1024 - across)
                    + of(pixel(top, right)) * (1024 - down) * across
                    + of(pixel(bottom, right)) * down * across;
                divide_away(sum.into(), 20)
            };
            assert_eq!(i128::from(narrow), mix(&|at| input[at].into()), "seed {seed} {spec:?}");
            assert_eq!(i128::from(found_wide), mix(&|at| wide[at].into()), "seed {seed} {spec:?}");
        }
    }
}

#[test]
fn float_images_stay_between_their_neighbours() {
    for seed in 0..200 {
        let random = &mut Random::new(seed);
        let spec = random_spec(random);
        let [n, h, w, depth] = spec.in_shape;
        // A plane: interpolation keeps it, away from the edges.
        let plane = |y: f64, x: f64| 3.0 * y - 2.0 * x + 0.5;
        let mut input = Vec::new();
        for at in 0..n * h * w * depth {
            let pixel = at / depth % (h * w);
            input.push(plane((pixel / w) as f64, (pixel % w) as f64) as f32);
        }
        let mut output = vec![0.0; n * spec.out_h * spec.out_w * depth];
        assert_eq!(Float32::new(spec).unwrap().run(&input, &mut output), Ok(()));
        for (at, &found) in output.iter().enumerate() {
            let pixel = at / depth % (spec.out_h * spec.out_w);
            let position = |at: usize, input: usize, output: usize| {
                let (at, input, output) = (at as f64, input as f64, output as f64);
                let position = match (spec.align_corners && output > 1.0, spec.half_pixel_centers) {
                    (true, _) => at * (input - 1.0) / (output - 1.0),
                    (_, true) => (at + 0.5) * input / output - 0.5,
                    _ => at * input / output,
                };
                position.max(0.0).min(input - 1.0)
            };
            let y = position(pixel / spec.out_w, h, spec.out_h);
            let x = position(pixel % spec.out_w, w, spec.out_w);
            assert!((f64::from(found) - plane(y, x)).abs() < 1.0e-4, "seed {seed} {spec:?}");
        }
    }
}

#[test]
fn huge_enlargements_stay_inside_the_image() {
    let spec = Spec { in_shape: [1, 1, 4, 1], out_w: 2049, align_corners: true, ..SPEC };
    let mut output = vec![0; 2049];
    assert_eq!(Int8::new(spec).unwrap().run(&[1, 2, 3, 4], &mut output), Ok(()));
    assert_eq!((output[0], output[2048]), (1, 4));
}

#[test]
fn senseless_specifications_and_wrong_lengths_fail() {
    for wrong in [
        Spec { out_h: 0, ..SPEC },
        Spec { out_w: 1 << 16, ..SPEC },
        Spec { in_shape: [1, 0, 1, 1], ..SPEC },
        Spec { align_corners: true, half_pixel_centers: true, ..SPEC },
    ] {
        assert!(Int8::new(wrong).is_err() && Float32::new(wrong).is_err(), "{wrong:?}");
    }
    let wrong = WrongLength { operand: "output", expected: 4, found: 3 };
    assert_eq!(Int8::new(SPEC).unwrap().run(&[0; 2], &mut [0; 3]), Err(wrong));
}
