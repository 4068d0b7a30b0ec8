//! DETECTION_POSTPROCESS: decodes the boxes of a single-shot detector, then keeps the best of those that overlap.
//!
//! Boxes are `center = encoding / scale * anchor size + anchor center` and `size = exp(encoding / scale) * anchor size`;
//! corners are `ymin, xmin, ymax, xmax`. Source: TensorFlow Lite Micro, `detection_postprocess.cc`, with fast and regular
//! suppression. Int8 operands are read as LiteRT reads uint8 ones, `(x - zero_point) * scale`. Where the reference refuses
//! an inference because a box is empty, this kernel goes on: such a box overlaps no other. Places past the last detection
//! are 0.

use super::dot::part;
use crate::error::{attempt, elements, ensure, length, scale, zero_point};
use crate::rows::{rows, rows_mut};
use crate::{InvalidSpec, WrongLength, float};

/// Everything about a float DETECTION_POSTPROCESS that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32Spec {
    /// Boxes, each with an anchor.
    pub boxes: usize,
    /// Numbers of an encoded box; the first four are y, x, height and width.
    pub box_len: usize,
    /// Classes that are detected.
    pub classes: usize,
    /// Whether each box has the score of a background class before those of the others.
    pub background: bool,
    /// Most detections.
    pub max_detections: usize,
    /// Whether overlapping boxes suppress one another in each class apart, not once by their best class.
    pub regular: bool,
    /// Most detections of a class with regular suppression.
    pub detections_per_class: usize,
    /// Lowest score of a detection.
    pub score_threshold: f32,
    /// Intersection over union above which boxes overlap; above 0, at most 1.
    pub iou_threshold: f32,
    /// What encoded centers are divided by, along y.
    pub y_scale: f32,
    /// What encoded centers are divided by, along x.
    pub x_scale: f32,
    /// What encoded heights are divided by.
    pub h_scale: f32,
    /// What encoded widths are divided by.
    pub w_scale: f32,
}

/// Everything about an int8 DETECTION_POSTPROCESS that is known when it is compiled: its operands are int8, its results
/// float.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Int8Spec {
    /// Boxes, each with an anchor.
    pub boxes: usize,
    /// Numbers of an encoded box; the first four are y, x, height and width.
    pub box_len: usize,
    /// Classes that are detected.
    pub classes: usize,
    /// Whether each box has the score of a background class before those of the others.
    pub background: bool,
    /// Most detections.
    pub max_detections: usize,
    /// Whether overlapping boxes suppress one another in each class apart, not once by their best class.
    pub regular: bool,
    /// Most detections of a class with regular suppression.
    pub detections_per_class: usize,
    /// Lowest score of a detection.
    pub score_threshold: f32,
    /// Intersection over union above which boxes overlap; above 0, at most 1.
    pub iou_threshold: f32,
    /// What encoded centers are divided by, along y.
    pub y_scale: f32,
    /// What encoded centers are divided by, along x.
    pub x_scale: f32,
    /// What encoded heights are divided by.
    pub h_scale: f32,
    /// What encoded widths are divided by.
    pub w_scale: f32,
    /// Scale and zero point of the encodings.
    pub encodings: (f32, i32),
    /// Scale and zero point of the scores.
    pub scores: (f32, i32),
    /// Scale and zero point of the anchors.
    pub anchors: (f32, i32),
}

/// Float DETECTION_POSTPROCESS.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32 {
    detector: Detector,
}

/// Int8 DETECTION_POSTPROCESS.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Int8 {
    detector: Detector,
    encodings: (f32, i32),
    scores: (f32, i32),
    anchors: (f32, i32),
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        Ok(Self { detector: attempt!(Detector::new(spec)) })
    }

    /// Elements of the scratch memory.
    pub const fn scratch_len(&self) -> usize {
        5 * self.detector.spec.boxes
    }

    /// Encodings `boxes × box_len`, scores `boxes × classes` (one more with background), anchors `boxes × 4` as center
    /// y, x, height, width. Detected boxes `max_detections × 4`, their classes and scores, best first, and their number.
    #[expect(clippy::too_many_arguments, reason = "operands, results and scratch come apart")]
    #[inline(never)]
    pub fn run(
        &self,
        encodings: &[f32],
        scores: &[f32],
        anchors: &[f32],
        boxes: &mut [f32],
        classes: &mut [f32],
        best: &mut [f32],
        number: &mut [f32],
        scratch: &mut [f32],
    ) -> Result<(), WrongLength> {
        let operands = [encodings, scores, anchors].map(|values| Operand { values, real: |x| x });
        self.detector.run(&operands, Detections { boxes, classes, scores: best, len: 0 }, number, scratch)
    }
}

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        let quants = [spec.encodings, spec.scores, spec.anchors];
        let mut at = 0;
        while at < quants.len() {
            attempt!(scale(quants[at].0));
            attempt!(zero_point(quants[at].1));
            at += 1;
        }
        let detector = attempt!(Detector::new(Float32Spec {
            boxes: spec.boxes,
            box_len: spec.box_len,
            classes: spec.classes,
            background: spec.background,
            max_detections: spec.max_detections,
            regular: spec.regular,
            detections_per_class: spec.detections_per_class,
            score_threshold: spec.score_threshold,
            iou_threshold: spec.iou_threshold,
            y_scale: spec.y_scale,
            x_scale: spec.x_scale,
            h_scale: spec.h_scale,
            w_scale: spec.w_scale,
        }));
        let Int8Spec { encodings, scores, anchors, .. } = spec;
        Ok(Self { detector, encodings, scores, anchors })
    }

    /// Elements of the scratch memory.
    pub const fn scratch_len(&self) -> usize {
        5 * self.detector.spec.boxes
    }

    /// [`Float32::run`] of int8 encodings, scores and anchors.
    #[expect(clippy::too_many_arguments, reason = "operands, results and scratch come apart")]
    #[inline(never)]
    pub fn run(
        &self,
        encodings: &[i8],
        scores: &[i8],
        anchors: &[i8],
        boxes: &mut [f32],
        classes: &mut [f32],
        best: &mut [f32],
        number: &mut [f32],
        scratch: &mut [f32],
    ) -> Result<(), WrongLength> {
        let operand = |values, (scale, zero_point): (f32, i32)| Operand {
            values,
            real: move |x: i8| (f32::from(x) - zero_point as f32) * scale,
        };
        let operands = [
            operand(encodings, self.encodings),
            operand(scores, self.scores),
            operand(anchors, self.anchors),
        ];
        self.detector.run(&operands, Detections { boxes, classes, scores: best, len: 0 }, number, scratch)
    }
}

/// Numbers that the detector reads, and how they become floats.
struct Operand<'a, T, F> {
    values: &'a [T],
    real: F,
}

impl<T: Copy, F: Fn(T) -> f32> Operand<'_, T, F> {
    /// `len` numbers from `start` on.
    #[inline(always)]
    fn part(&self, start: usize, len: usize) -> impl Iterator<Item = f32> {
        part(self.values, start, len).iter().map(|&x| (self.real)(x))
    }

    /// Four numbers from `start` on.
    #[inline(always)]
    fn four(&self, start: usize) -> [f32; 4] {
        let mut four = [0.0; 4];
        for (to, from) in four.iter_mut().zip(self.part(start, 4)) {
            *to = from;
        }
        four
    }
}

/// What both kernels share.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Detector {
    spec: Float32Spec,
}

/// What a box that does not take part scores.
const INACTIVE: f32 = f32::NEG_INFINITY;

impl Detector {
    const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.boxes, spec.box_len]));
        attempt!(elements(&[spec.boxes, 5]));
        ensure!(spec.classes < usize::MAX, "a tensor must have fewer than 2^31 elements");
        attempt!(elements(&[spec.boxes, spec.classes + spec.background as usize]));
        attempt!(elements(&[spec.max_detections, 4]));
        ensure!(spec.box_len >= 4, "an encoded box must have at least 4 numbers");
        ensure!(spec.classes > 0, "there must be at least 1 class");
        ensure!(spec.detections_per_class > 0, "there must be at least 1 detection per class");
        ensure!(
            spec.score_threshold.is_finite(),
            "the score threshold of DETECTION_POSTPROCESS must be finite"
        );
        ensure!(
            spec.iou_threshold > 0.0 && spec.iou_threshold <= 1.0,
            "the overlap threshold of DETECTION_POSTPROCESS must be above 0 and at most 1"
        );
        let scales = [spec.y_scale, spec.x_scale, spec.h_scale, spec.w_scale];
        let mut at = 0;
        while at < scales.len() {
            attempt!(scale(scales[at]));
            at += 1;
        }
        Ok(Self { spec })
    }

    #[inline(always)]
    fn run<T: Copy, F: Fn(T) -> f32>(
        &self,
        [encodings, scores, anchors]: &[Operand<'_, T, F>; 3],
        mut found: Detections<'_>,
        number: &mut [f32],
        scratch: &mut [f32],
    ) -> Result<(), WrongLength> {
        let Float32Spec { boxes: n_boxes, box_len, max_detections, .. } = self.spec;
        length("encodings", encodings.values.len(), n_boxes * box_len)?;
        length("scores", scores.values.len(), n_boxes * self.scores_of_box())?;
        length("anchors", anchors.values.len(), n_boxes * 4)?;
        length("boxes", found.boxes.len(), max_detections * 4)?;
        length("classes", found.classes.len(), max_detections)?;
        length("best", found.scores.len(), max_detections)?;
        length("number", number.len(), 1)?;
        length("scratch", scratch.len(), 5 * n_boxes)?;
        let (decoded, active) = scratch.split_at_mut_checked(4 * n_boxes).unwrap_or_default();
        for (at, corners) in rows_mut(decoded, 4).enumerate() {
            self.decode(encodings.four(at * box_len), anchors.four(at * 4), corners);
        }
        if self.spec.regular {
            for class in 0..self.spec.classes {
                let of_class = |at| self.scores(scores, at).nth(class).unwrap_or(INACTIVE);
                self.activate(active, of_class);
                self.suppress(decoded, active, self.spec.detections_per_class, |_, corners, score| {
                    found.insert(corners, class, score);
                });
            }
        } else {
            self.activate(active, |at| best_of(self.scores(scores, at)).1);
            self.suppress(decoded, active, max_detections, |at, corners, score| {
                found.insert(corners, best_of(self.scores(scores, at)).0, score);
            });
        }
        let n_found = found.finish();
        for number in number {
            *number = n_found as f32;
        }
        Ok(())
    }

    const fn scores_of_box(&self) -> usize {
        self.spec.classes + self.spec.background as usize
    }

    /// The scores of a box without the background's.
    #[inline(always)]
    fn scores<T: Copy, F: Fn(T) -> f32>(
        &self,
        scores: &Operand<'_, T, F>,
        at: usize,
    ) -> impl Iterator<Item = f32> {
        scores.part(at * self.scores_of_box() + usize::from(self.spec.background), self.spec.classes)
    }

    /// The corners of an encoded box. Centers are computed in double precision, as in the source.
    #[inline]
    fn decode(&self, [y, x, h, w]: [f32; 4], anchor: [f32; 4], corners: &mut [f32]) {
        let [anchor_y, anchor_x, anchor_h, anchor_w] = anchor;
        let center = |encoded: f32, scale: f32, size: f32, center: f32| {
            (f64::from(encoded) / f64::from(scale) * f64::from(size) + f64::from(center)) as f32
        };
        let half = |encoded: f32, scale: f32, size: f32| 0.5 * float::exp(encoded / scale) * size;
        let spec = &self.spec;
        let (center_y, half_h) =
            (center(y, spec.y_scale, anchor_h, anchor_y), half(h, spec.h_scale, anchor_h));
        let (center_x, half_w) =
            (center(x, spec.x_scale, anchor_w, anchor_x), half(w, spec.w_scale, anchor_w));
        let values = [center_y - half_h, center_x - half_w, center_y + half_h, center_x + half_w];
        for (corner, value) in corners.iter_mut().zip(values) {
            *corner = value;
        }
    }

    /// Sets the score by which each box takes part.
    #[inline(always)]
    fn activate(&self, active: &mut [f32], score: impl Fn(usize) -> f32) {
        for (at, active) in active.iter_mut().enumerate() {
            let score = score(at);
            *active = if score >= self.spec.score_threshold { score } else { INACTIVE };
        }
    }

    /// Takes up to `limit` boxes, the best first, and with each leaves out those that it overlaps.
    #[inline(always)]
    fn suppress(
        &self,
        decoded: &[f32],
        active: &mut [f32],
        limit: usize,
        mut take: impl FnMut(usize, &[f32], f32),
    ) {
        for _ in 0..limit {
            let (at, score) = best_of(active.iter().copied());
            if score == INACTIVE {
                return;
            }
            let corners = part(decoded, at * 4, 4);
            take(at, corners, score);
            if let Some(taken) = active.get_mut(at) {
                *taken = INACTIVE;
            }
            for (active, other) in active.iter_mut().zip(rows(decoded, 4)) {
                if *active != INACTIVE && overlap(corners, other) > self.spec.iou_threshold {
                    *active = INACTIVE;
                }
            }
        }
    }
}

/// The first of the best scores and its index.
#[inline]
fn best_of(scores: impl Iterator<Item = f32>) -> (usize, f32) {
    let first = (0, INACTIVE);
    scores.enumerate().fold(first, |best, (at, score)| if score > best.1 { (at, score) } else { best })
}

/// Intersection over union of two boxes; 0 if one of them is empty.
#[inline]
fn overlap(a: &[f32], b: &[f32]) -> f32 {
    let (&[a_y0, a_x0, a_y1, a_x1], &[b_y0, b_x0, b_y1, b_x1]) = (a, b) else { return 0.0 };
    let (area_a, area_b) = ((a_y1 - a_y0) * (a_x1 - a_x0), (b_y1 - b_y0) * (b_x1 - b_x0));
    if area_a <= 0.0 || area_b <= 0.0 {
        return 0.0;
    }
    let height = (a_y1.min(b_y1) - a_y0.max(b_y0)).max(0.0);
    let width = (a_x1.min(b_x1) - a_x0.max(b_x0)).max(0.0);
    let both = height * width;
    both / (area_a + area_b - both)
}

/// The detections so far, best first.
struct Detections<'a> {
    boxes: &'a mut [f32],
    classes: &'a mut [f32],
    scores: &'a mut [f32],
    len: usize,
}

impl Detections<'_> {
    /// Adds a detection behind those that score as much; the last one falls out when all places are taken.
    fn insert(&mut self, corners: &[f32], class: usize, score: f32) {
        let place = self.scores.iter().take(self.len).take_while(|&&other| other >= score).count();
        let Some(scores) = self.scores.get_mut(place..).filter(|places| !places.is_empty()) else { return };
        push(scores, score);
        push(self.classes.get_mut(place..).unwrap_or_default(), class as f32);
        for (at, &corner) in corners.iter().enumerate() {
            // Corners lie 4 apart.
            let mut next = corner;
            for value in self.boxes.iter_mut().skip(place * 4 + at).step_by(4) {
                core::mem::swap(value, &mut next);
            }
        }
        self.len = (self.len + 1).min(self.scores.len());
    }

    /// Clears the places that were not taken.
    fn finish(self) -> usize {
        self.boxes.get_mut(4 * self.len..).unwrap_or_default().fill(0.0);
        self.classes.get_mut(self.len..).unwrap_or_default().fill(0.0);
        self.scores.get_mut(self.len..).unwrap_or_default().fill(0.0);
        self.len
    }
}

/// Puts a value first and moves the others on; the last is dropped.
fn push(values: &mut [f32], first: f32) {
    let mut next = first;
    for value in values {
        core::mem::swap(value, &mut next);
    }
}

#[cfg(test)]
mod tests;
