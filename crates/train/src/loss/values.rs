//! Losses against values, as means over an example's outputs.

/// A loss of one output and its target, and its slope in the output.
pub(super) type Pair = fn(f32, f32, f32) -> (f32, f32);

/// `(y - t)^2`
pub(super) fn squared(y: f32, t: f32, _: f32) -> (f32, f32) {
    ((y - t) * (y - t), 2.0 * (y - t))
}

/// `|y - t|`
pub(super) fn absolute(y: f32, t: f32, _: f32) -> (f32, f32) {
    let d = y - t;
    (d.abs(), if d == 0.0 { 0.0 } else { d.signum() })
}

/// Half the square up to `delta`, a line beyond (Huber, *Robust Estimation of a Location Parameter*, 1964).
pub(super) fn huber(y: f32, t: f32, delta: f32) -> (f32, f32) {
    let d = y - t;
    if d.abs() <= delta { (0.5 * d * d, d) } else { (delta * (d.abs() - 0.5 * delta), delta * d.signum()) }
}

/// Cross-entropy of a truth `t` (0 to 1) with the logistic of `y`, without overflow.
pub(super) fn binary(y: f32, t: f32, _: f32) -> (f32, f32) {
    (y.max(0.0) - y * t + (-y.abs()).exp().ln_1p(), logistic(y) - t)
}

pub(super) fn logistic(y: f32) -> f32 {
    1.0 / (1.0 + (-y).exp())
}

/// The mean of a loss over the outputs of an example; the gradient is that of the mean times `scale`.
pub(super) fn mean(
    pair: Pair,
    with: f32,
    row: &[f32],
    target: &[f32],
    scale: f32,
    gradient: &mut [f32],
) -> f64 {
    let n = row.len().max(1) as f32;
    let mut sum = 0.0;
    for (at, (&y, &t)) in row.iter().zip(target).enumerate() {
        let (loss, slope) = pair(y, t, with);
        sum += f64::from(loss);
        if let Some(gradient) = gradient.get_mut(at) {
            *gradient = scale * slope / n;
        }
    }
    sum / f64::from(n)
}
