//! Losses over classes: softmax cross-entropy, and its focal form.

use super::Label;

/// A row of logits as log-probabilities: the factor of the logits, their peak and the logarithm of the sum.
struct Row<'a> {
    logits: &'a [f32],
    beta: f32,
    peak: f32,
    sum: f32,
}

impl<'a> Row<'a> {
    fn of(logits: &'a [f32], beta: f32) -> Self {
        let peak = logits.iter().fold(f32::NEG_INFINITY, |peak, &v| peak.max(beta * v));
        let sum = logits.iter().map(|v| (beta * v - peak).exp()).sum();
        Row { logits, beta, peak, sum }
    }

    fn log_p(&self) -> impl Iterator<Item = f32> {
        let log_sum = self.sum.ln();
        self.logits.iter().map(move |v| self.beta * v - self.peak - log_sum)
    }

    /// The loss, unless a NaN among the other classes' logits must show.
    fn shown(&self, loss: f64) -> f64 {
        if self.sum.is_nan() { f64::NAN } else { loss }
    }
}

/// `-sum of target * log(softmax(beta * row))`, with `smoothing` of the target spread over all classes; the gradient is
/// `scale * beta * (softmax - target)`.
pub(super) fn cross_entropy(
    row: &[f32],
    label: Label,
    (beta, smoothing): (f32, f32),
    scale: f32,
    gradient: &mut [f32],
) -> f64 {
    let even = smoothing / row.len() as f32;
    let target = |at: usize| (1.0 - smoothing) * label.share(at) + even;
    let row = Row::of(row, beta);
    let mut loss = 0.0;
    for (at, log_p) in row.log_p().enumerate() {
        if target(at) != 0.0 {
            loss -= f64::from(target(at) * log_p);
        }
        if let Some(gradient) = gradient.get_mut(at) {
            *gradient = scale * beta * (log_p.exp() - target(at));
        }
    }
    row.shown(loss)
}

/// `-(1 - p)^gamma * log(p)` with the probability `p` of the label (Lin et al., *Focal Loss for Dense Object Detection*,
/// 2017).
pub(super) fn focal(
    row: &[f32],
    label: usize,
    (beta, gamma): (f32, f32),
    scale: f32,
    gradient: &mut [f32],
) -> f64 {
    let row = Row::of(row, beta);
    let log_p = row.log_p().nth(label).unwrap_or(0.0);
    let p = log_p.exp();
    let rest = (1.0 - p).max(f32::MIN_POSITIVE);
    // The slope in the logarithm of p; a logit moves that by the class's share less its probability.
    let slope = gamma * rest.powf(gamma - 1.0) * p * log_p - rest.powf(gamma);
    for ((at, log_q), gradient) in row.log_p().enumerate().zip(gradient) {
        let share = if at == label { 1.0 } else { 0.0 };
        *gradient = scale * beta * slope * (share - log_q.exp());
    }
    row.shown(f64::from(-rest.powf(gamma) * log_p))
}

/// `(1 - share) * cross-entropy + share * T^2 * KL(teacher || student)` with both softmaxes over logits divided by the
/// temperature `T` (Hinton, Vinyals and Dean, *Distilling the Knowledge in a Neural Network*, 2015). `taught` are the
/// teacher's logits.
pub(super) fn distillation(
    row: &[f32],
    label: Label,
    taught: &[f32],
    (beta, smoothing): (f32, f32),
    (temperature, share): (f32, f32),
    scale: f32,
    gradient: &mut [f32],
) -> f64 {
    let told = cross_entropy(row, label, (beta, smoothing), (1.0 - share) * scale, gradient);
    let (student, teacher) = (Row::of(row, beta / temperature), Row::of(taught, 1.0 / temperature));
    let mut divergence = 0.0;
    for (at, (log_p, log_q)) in student.log_p().zip(teacher.log_p()).enumerate() {
        let q = log_q.exp();
        if q > 0.0 {
            divergence += f64::from(q * (log_q - log_p));
        }
        if let Some(gradient) = gradient.get_mut(at) {
            *gradient += share * scale * beta * temperature * (log_p.exp() - q);
        }
    }
    let squared = f64::from(temperature) * f64::from(temperature);
    f64::from(1.0 - share) * told + f64::from(share) * squared * student.shown(divergence)
}
