//! How good a detector is: the mean over classes of the average precision.
//!
//! Everingham et al., The PASCAL visual object classes (VOC) challenge, 2010, section 4.2, with the area under all points
//! of the curve as from 2010 on.

use crate::detector::Object;

/// Something that a detector found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Image that it was found in.
    pub image: usize,
    /// What and where; a finder of centres leaves the size at 0.
    pub object: Object,
    /// How sure the detector is.
    pub score: f32,
}

/// The boxes of image `image` by the outputs of [`crate::detector::with_boxes`], one after the other, with room for `n` of them.
pub fn found_boxes(image: usize, outputs: &[f32], n: usize) -> Vec<Found> {
    let (boxes, rest) = outputs.split_at((4 * n).min(outputs.len()));
    let (classes, rest) = rest.split_at(n.min(rest.len()));
    let (scores, number) = rest.split_at(n.min(rest.len()));
    let number = number.first().map_or(0, |&number| number as usize);
    let each = boxes.as_chunks::<4>().0.iter().zip(classes.iter().zip(scores)).take(number);
    let one = |(&[y0, x0, y1, x1], (&class, &score)): (&[f32; 4], (&f32, &f32))| {
        let (centre, size) = ([(y0 + y1) / 2.0, (x0 + x1) / 2.0], [y1 - y0, x1 - x0]);
        Found { image, object: Object { class: class as usize, centre, size }, score }
    };
    each.map(one).collect()
}

/// The centres of image `image` by the output of [`crate::detector::with_peaks`] on a grid of rows and columns, with scores above
/// `threshold`.
pub fn found_centres(
    image: usize,
    output: &[f32],
    [rows, columns]: [usize; 2],
    classes: usize,
    threshold: f32,
) -> Vec<Found> {
    let one = |(cell, scores): (usize, &[f32])| -> Vec<Found> {
        let at = |place: usize, extent: usize| (place as f32 + 0.5) / extent as f32;
        let centre = [at(cell / columns, rows), at(cell % columns, columns)];
        let object = |class| Object { class, centre, size: [0.0; 2] };
        let scores = scores.iter().enumerate().filter(|(_, score)| **score > threshold);
        scores.map(|(class, &score)| Found { image, object: object(class), score }).collect()
    };
    output.chunks(classes.max(1)).enumerate().flat_map(one).collect()
}

/// When a find is the object.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Match {
    /// Their boxes' intersection over union is at least this: 0.5 for VOC.
    Overlap(f32),
    /// Their centres are at most this far apart along each axis, relative to the image.
    Distance(f32),
}

impl Match {
    /// How well a find fits an object; `None` where it does not.
    fn fit(self, found: &Object, object: &Object) -> Option<f32> {
        match self {
            Match::Overlap(least) => Some(overlap(found, object)).filter(|&overlap| overlap >= least),
            Match::Distance(most) => {
                let far = |axis: usize| (found.centre[axis] - object.centre[axis]).abs();
                let far = far(0).max(far(1));
                (far <= most).then_some(-far)
            }
        }
    }
}

/// Intersection over union of two boxes.
pub fn overlap(a: &Object, b: &Object) -> f32 {
    let along = |axis: usize| {
        let ends = |object: &Object| {
            let half = object.size[axis] / 2.0;
            (object.centre[axis] - half, object.centre[axis] + half)
        };
        let ((a0, a1), (b0, b1)) = (ends(a), ends(b));
        (a1.min(b1) - a0.max(b0)).max(0.0)
    };
    let area = |object: &Object| object.size[0] * object.size[1];
    let common = along(0) * along(1);
    common / (area(a) + area(b) - common).max(f32::MIN_POSITIVE)
}

/// The mean over the classes that are in `truth` (the objects of each image) of the average precision of `found`. An
/// object counts once; a second find of it is wrong.
pub fn mean_average_precision(found: &[Found], truth: &[Vec<Object>], classes: usize, rule: Match) -> f64 {
    let all: Vec<f64> = average_precisions(found, truth, classes, rule).into_iter().flatten().collect();
    all.iter().sum::<f64>() / all.len().max(1) as f64
}

/// The average precision of each class; `None` of a class that is not in `truth`.
pub fn average_precisions(
    found: &[Found],
    truth: &[Vec<Object>],
    classes: usize,
    rule: Match,
) -> Vec<Option<f64>> {
    let of = |class: usize| {
        let n_objects = truth.iter().flatten().filter(|object| object.class == class).count();
        (n_objects > 0).then(|| average_precision(found, truth, class, rule, n_objects))
    };
    (0..classes).map(of).collect()
}

fn average_precision(
    found: &[Found],
    truth: &[Vec<Object>],
    class: usize,
    rule: Match,
    n_objects: usize,
) -> f64 {
    let mut own: Vec<&Found> = found.iter().filter(|found| found.object.class == class).collect();
    own.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut taken: Vec<Vec<bool>> = truth.iter().map(|objects| vec![false; objects.len()]).collect();
    let (mut right, mut curve) = (0, Vec::with_capacity(own.len()));
    for (n_before, find) in own.iter().enumerate() {
        let objects = truth.get(find.image).map(Vec::as_slice).unwrap_or_default();
        let free = taken.get_mut(find.image);
        let best = objects.iter().enumerate().filter(|(_, object)| object.class == class);
        let best = best.filter_map(|(at, object)| rule.fit(&find.object, object).map(|fit| (at, fit)));
        let best = best.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at);
        let place = best.zip(free).and_then(|(at, free)| free.get_mut(at));
        if let Some(place) = place.filter(|place| !**place) {
            *place = true;
            right += 1;
        }
        curve.push((f64::from(right) / n_objects as f64, f64::from(right) / (n_before + 1) as f64));
    }
    // Precision at a recall is the best at that recall or beyond.
    let (mut area, mut best, mut right_edge) = (0.0, 0.0_f64, None);
    for &(recall, precision) in curve.iter().rev() {
        if let Some(edge) = right_edge {
            area += (edge - recall) * best;
        }
        best = best.max(precision);
        right_edge = Some(recall);
    }
    area + right_edge.unwrap_or(0.0) * best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(class: usize, centre: [f32; 2]) -> Object {
        Object { class, centre, size: [0.2, 0.2] }
    }

    fn find(image: usize, class: usize, centre: [f32; 2], score: f32) -> Found {
        Found { image, object: at(class, centre), score }
    }

    #[test]
    fn the_area_under_the_curve_is_that_of_the_definition() {
        let truth = vec![vec![at(0, [0.3, 0.3]), at(0, [0.7, 0.7])], vec![at(0, [0.5, 0.5])]];
        // Right, wrong, right, right: precisions 1, 1/2, 2/3, 3/4 at recalls 1/3, 1/3, 2/3, 1.
        let found = [
            find(0, 0, [0.3, 0.3], 0.9),
            find(1, 0, [0.1, 0.1], 0.8),
            find(0, 0, [0.71, 0.7], 0.7),
            find(1, 0, [0.5, 0.52], 0.6),
        ];
        let ap = mean_average_precision(&found, &truth, 1, Match::Overlap(0.5));
        assert!((ap - (1.0 / 3.0 + 2.0 / 3.0 * 0.75)).abs() < 1e-9, "{ap}");
        assert_eq!(
            mean_average_precision(&found, &truth, 2, Match::Overlap(0.5)),
            ap,
            "absent classes do not count"
        );
        assert_eq!(mean_average_precision(&[], &truth, 1, Match::Overlap(0.5)), 0.0);
    }

    #[test]
    fn a_second_find_of_an_object_is_wrong_and_classes_count_apart() {
        let truth = vec![vec![at(0, [0.3, 0.3]), at(1, [0.7, 0.7])]];
        let twice = [find(0, 0, [0.3, 0.3], 0.9), find(0, 0, [0.3, 0.31], 0.8), find(0, 0, [0.7, 0.7], 0.7)];
        assert_eq!(mean_average_precision(&twice, &truth, 2, Match::Distance(0.1)), 0.5);
        assert!((overlap(&at(0, [0.5, 0.5]), &at(0, [0.5, 0.6])) - 1.0 / 3.0).abs() < 1e-6);
    }
}
