//! Losses of detectors: boxes around anchors, and a class for each cell.

use super::values::{binary, logistic, squared};
use super::{Label, classes};

/// Weights of positions and of boxes without object (Redmon et al., *You Only Look Once*, 2016, equation 3).
const COORDINATES: f32 = 5.0;
const NO_OBJECT: f32 = 0.5;

/// Position of the objectness in a row; y, x, height and width come before it, the classes after it.
const OBJECTNESS: usize = 4;

/// The loss of all boxes of an image, rows of `depth`: where the target's objectness is 1, squared errors of the place
/// (`logistic(y, x)` in the cell, logarithms of height and width) and cross-entropies of objectness and classes; where it
/// is 0, that of objectness; where it is below 0, nothing.
pub(super) fn boxes(row: &[f32], target: &[f32], depth: usize, scale: f32, gradient: &mut [f32]) -> f64 {
    let mut loss = 0.0;
    for (at, (row, target)) in row.chunks_exact(depth).zip(target.chunks_exact(depth)).enumerate() {
        let gradient = gradient.get_mut(at * depth..(at + 1) * depth).unwrap_or(&mut []);
        gradient.fill(0.0);
        let truth = target.get(OBJECTNESS).copied().unwrap_or(0.0);
        if truth < 0.0 {
            continue;
        }
        for (at, (&y, &t)) in row.iter().zip(target).enumerate() {
            let (value, slope) = match at {
                _ if truth == 0.0 && at != OBJECTNESS => continue,
                0 | 1 => {
                    let p = logistic(y);
                    let (value, slope) = squared(p, t, 0.0);
                    (COORDINATES * value, COORDINATES * slope * p * (1.0 - p))
                }
                2 | 3 => {
                    let (value, slope) = squared(y, t, 0.0);
                    (COORDINATES * value, COORDINATES * slope)
                }
                OBJECTNESS if truth == 0.0 => {
                    let (value, slope) = binary(y, 0.0, 0.0);
                    (NO_OBJECT * value, NO_OBJECT * slope)
                }
                _ => binary(y, t, 0.0),
            };
            loss += f64::from(value);
            if let Some(gradient) = gradient.get_mut(at) {
                *gradient = scale * slope;
            }
        }
    }
    loss
}

/// The mean over cells, rows of `depth` scores, of the cross-entropy with the class of the cell, which the target marks;
/// class 0 is the background, and all others count `object_weight` times (Moreau and Kelcey, *Announcing FOMO*, 2022).
pub(super) fn cells(
    row: &[f32],
    target: &[f32],
    depth: usize,
    (beta, object_weight): (f32, f32),
    scale: f32,
    gradient: &mut [f32],
) -> f64 {
    let n_cells = (row.len() / depth.max(1)).max(1) as f32;
    let mut loss = 0.0;
    for (at, (row, target)) in row.chunks_exact(depth).zip(target.chunks_exact(depth)).enumerate() {
        let gradient = gradient.get_mut(at * depth..(at + 1) * depth).unwrap_or(&mut []);
        let class = super::argmax(target);
        let weight = if class == 0 { 1.0 } else { object_weight } / n_cells;
        let label = Label { class: class as u32, second: None };
        let entropy = classes::cross_entropy(row, label, (beta, 0.0), scale * weight, gradient);
        loss += f64::from(weight) * entropy;
    }
    loss
}
