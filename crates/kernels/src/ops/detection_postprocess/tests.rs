//! Hand cases, and int8 operands against the same numbers in float.

use std::vec;
use std::vec::Vec;

use super::super::naive::Random;
use super::*;

const SPEC: Float32Spec = Float32Spec {
    boxes: 6,
    box_len: 4,
    classes: 2,
    background: true,
    max_detections: 3,
    regular: false,
    detections_per_class: 1,
    score_threshold: 0.0,
    iou_threshold: 0.5,
    y_scale: 10.0,
    x_scale: 10.0,
    h_scale: 5.0,
    w_scale: 5.0,
};

/// Anchors of size 1 in a column; encodings move the second and third by a tenth.
fn run(spec: Float32Spec) -> ([f32; 12], [f32; 3], [f32; 3], f32) {
    let kernel = Float32::new(spec).unwrap();
    let mut encodings = [0.0; 24];
    (encodings[4], encodings[8]) = (1.0, -1.0);
    let scores =
        [0.0, 0.9, 0.8, 0.0, 0.75, 0.72, 0.0, 0.6, 0.5, 0.0, 0.93, 0.95, 0.0, 0.5, 0.4, 0.0, 0.3, 0.2];
    let centers = [0.5, 0.5, 0.5, 10.5, 10.5, 100.5];
    let anchors: Vec<f32> = centers.iter().flat_map(|&y| [y, 0.5, 1.0, 1.0]).collect();
    let (mut boxes, mut classes, mut best, mut number) = ([9.0; 12], [9.0; 3], [9.0; 3], [9.0]);
    let mut scratch = vec![f32::NAN; kernel.scratch_len()];
    let found = kernel.run(
        &encodings,
        &scores,
        &anchors,
        &mut boxes,
        &mut classes,
        &mut best,
        &mut number,
        &mut scratch,
    );
    assert_eq!(found, Ok(()));
    (boxes, classes, best, number[0])
}

// The case of TensorFlow Lite's own test of this operator.
#[test]
fn fast_suppression_by_hand() {
    let (boxes, classes, scores, number) = run(SPEC);
    assert_eq!(boxes, [10.0, 0.0, 11.0, 1.0, 0.0, 0.0, 1.0, 1.0, 100.0, 0.0, 101.0, 1.0]);
    assert_eq!((classes, scores, number), ([1.0, 0.0, 0.0], [0.95, 0.9, 0.3], 3.0));
}

#[test]
fn regular_suppression_by_hand() {
    let (boxes, classes, scores, number) = run(Float32Spec { regular: true, ..SPEC });
    assert_eq!(boxes, [10.0, 0.0, 11.0, 1.0, 10.0, 0.0, 11.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!((classes, scores, number), ([1.0, 0.0, 0.0], [0.95, 0.93, 0.0], 2.0));
}

#[test]
fn low_scores_leave_places_empty() {
    let (boxes, _, scores, number) = run(Float32Spec { score_threshold: 0.92, ..SPEC });
    assert_eq!((scores, number, &boxes[4..]), ([0.95, 0.0, 0.0], 1.0, [0.0; 8].as_slice()));
}

#[test]
fn senseless_specifications_and_wrong_lengths_fail() {
    for wrong in [
        Float32Spec { boxes: 0, ..SPEC },
        Float32Spec { box_len: 3, ..SPEC },
        Float32Spec { classes: 0, ..SPEC },
        Float32Spec { classes: usize::MAX, ..SPEC },
        Float32Spec { max_detections: 0, ..SPEC },
        Float32Spec { detections_per_class: 0, ..SPEC },
        Float32Spec { score_threshold: f32::NAN, ..SPEC },
        Float32Spec { iou_threshold: 0.0, ..SPEC },
        Float32Spec { w_scale: 0.0, ..SPEC },
    ] {
        assert!(Float32::new(wrong).is_err(), "{wrong:?}");
    }
    let kernel = Float32::new(SPEC).unwrap();
    let wrong = WrongLength { operand: "scratch", expected: 30, found: 29 };
    let (mut boxes, mut classes, mut best) = ([0.0; 12], [0.0; 3], [0.0; 3]);
    let found = kernel.run(
        &[0.0; 24],
        &[0.0; 18],
        &[0.0; 24],
        &mut boxes,
        &mut classes,
        &mut best,
        &mut [0.0],
        &mut [0.0; 29],
    );
    assert_eq!(found, Err(wrong));
}

#[test]
fn int8_operands_are_the_numbers_that_they_stand_for() {
    for seed in 0..200 {
        let random = &mut Random::new(seed);
        let boxes = random.size(1, 30);
        let float = Float32Spec {
            boxes,
            box_len: 4 + random.size(0, 1),
            classes: random.size(1, 4),
            background: random.bits().is_multiple_of(2),
            max_detections: random.size(1, 8),
            regular: random.bits().is_multiple_of(2),
            detections_per_class: random.size(1, 5),
            score_threshold: 0.4,
            ..SPEC
        };
        let mut quant = || (random.size(1, 9) as f32 * 0.003, random.within(-128, 127) as i32);
        let (encodings, scores, anchors) = (quant(), quant(), quant());
        let spec = Int8Spec {
            boxes,
            box_len: float.box_len,
            classes: float.classes,
            background: float.background,
            max_detections: float.max_detections,
            regular: float.regular,
            detections_per_class: float.detections_per_class,
            score_threshold: float.score_threshold,
            iou_threshold: float.iou_threshold,
            y_scale: float.y_scale,
            x_scale: float.x_scale,
            h_scale: float.h_scale,
            w_scale: float.w_scale,
            encodings,
            scores,
            anchors,
        };
        let columns = float.classes + usize::from(float.background);
        let [e, s, a] = [float.box_len, columns, 4].map(|n| random.int8s(boxes * n));
        let real = |values: &[i8], (scale, zero): (f32, i32)| -> Vec<f32> {
            values.iter().map(|&x| (f32::from(x) - zero as f32) * scale).collect()
        };
        let mut results = [0; 2].map(|_| {
            [4, 1, 1]
                .map(|n| vec![9.0; n * float.max_detections])
                .into_iter()
                .chain([vec![9.0]])
                .collect::<Vec<_>>()
        });
        let mut scratch = vec![9.0; 5 * boxes];
        let [ours, wanted] = &mut results;
        let [b, c, p, n] = &mut ours[..] else { panic!("four results") };
        assert_eq!(Int8::new(spec).unwrap().run(&e, &s, &a, b, c, p, n, &mut scratch), Ok(()));
        let [b, c, p, n] = &mut wanted[..] else { panic!("four results") };
        let (e, s, a) = (real(&e, encodings), real(&s, scores), real(&a, anchors));
        assert_eq!(Float32::new(float).unwrap().run(&e, &s, &a, b, c, p, n, &mut scratch), Ok(()));
        assert_eq!(ours, wanted, "seed {seed}");
    }
}
