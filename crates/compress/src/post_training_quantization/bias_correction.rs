//! Bias correction: rounded weights shift the mean of a layer's results, which its bias takes back (Nagel et al., *Data-Free
//! Quantization Through Weight Equalization and Bias Correction*, 2019, section 4.2): `E[y~] - E[y] = sum over i of (W~ - W)[o, i]
//! E[x[i]]`, with the means of the inputs from calibration. Padding is not taken into account.

use super::calibrate::observe;
use super::weights::Layout;
use crate::CompressError;
use smidgen_ir::Graph;

/// The mean of each channel of every activation; empty for constants.
pub(super) type Means = Vec<Vec<f32>>;

/// Means over all inferences and positions.
///
/// # Errors
/// As [`super::apply`].
pub(super) fn means(graph: &Graph, inputs: &[Vec<f32>]) -> Result<Means, CompressError> {
    let channels =
        |at: usize| graph.tensors.get(at).and_then(|tensor| tensor.shape.last().copied()).unwrap_or(1);
    let mut sums: Vec<(f64, Vec<f64>)> = vec![(0.0, Vec::new()); graph.tensors.len()];
    observe(graph, inputs, &mut |idx, values| {
        let n = channels(idx.idx()).max(1);
        if let Some((rows, sums)) = sums.get_mut(idx.idx()) {
            sums.resize(n, 0.0);
            for row in values.chunks_exact(n) {
                *rows += 1.0;
                sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
            }
        }
        Ok(())
    })?;
    let mean = |(rows, sums): (f64, Vec<f64>)| sums.iter().map(|sum| (sum / rows) as f32).collect();
    Ok(sums.into_iter().map(mean).collect())
}

/// Takes the mean error of the weights off the biases: `error(at)` is that of weight `at` of a filter of `shape`. Leaves them as
/// they are where the means are of other channels than the weights.
pub(super) fn correct(
    biases: &mut [f32],
    shape: &[usize],
    layout: Layout,
    means: &[f32],
    error: impl Fn(usize) -> f64,
) {
    let n_weights: usize = shape.iter().product();
    let (n_out, last) = (biases.len(), shape.last().copied().unwrap_or(1).max(1));
    // The output and the input channel of a weight.
    let channels = |at: usize| {
        if layout.axis == 0 {
            // Groups take their own part of the input's channels.
            let (output, groups) = (at / (n_weights / n_out), (means.len() / last).max(1));
            (output, output / (n_out / groups).max(1) * last + at % last)
        } else {
            let output = at % last;
            (output, output / (n_out / means.len().max(1)).max(1))
        }
    };
    let fits = match layout.axis {
        0 => n_out > 0 && means.len().is_multiple_of(last) && n_weights.is_multiple_of(n_out),
        _ => n_out == last && !means.is_empty() && n_out.is_multiple_of(means.len()),
    };
    if !fits || n_weights == 0 {
        return;
    }
    let mut shifts = vec![0.0f64; n_out];
    for at in 0..n_weights {
        let (output, input) = channels(at);
        if let (Some(shift), Some(mean)) = (shifts.get_mut(output), means.get(input)) {
            *shift += error(at) * f64::from(*mean);
        }
    }
    biases.iter_mut().zip(shifts).for_each(|(bias, shift)| *bias = (f64::from(*bias) - shift) as f32);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corrected(shape: &[usize], axis: usize, means: &[f32], n_out: usize) -> Vec<f32> {
        let mut biases = vec![1.0; n_out];
        let layout = Layout { axis, per_channel: true, bits: 8, is_wide: false };
        // Every weight is a tenth too large.
        correct(&mut biases, shape, layout, means, |_| 0.1);
        biases
    }

    #[test]
    fn the_mean_shift_is_taken_back() {
        let near = |a: Vec<f32>, b: &[f32]| {
            assert!(a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6), "{a:?} {b:?}");
        };
        // Four taps of two channels.
        near(corrected(&[3, 2, 2, 2], 0, &[1.0, 2.0], 3), &[1.0 - 0.1 * 4.0 * 3.0; 3]);
        near(corrected(&[2, 3], 0, &[1.0, 2.0, 3.0], 2), &[0.4; 2]);
        // Two groups: the second output sees the second half.
        near(corrected(&[2, 1, 1, 2], 0, &[1.0, 2.0, 3.0, 4.0], 2), &[0.7, 0.3]);
        // Depthwise with two outputs for each input.
        near(corrected(&[1, 1, 2, 4], 3, &[1.0, 3.0], 4), &[0.8, 0.8, 0.4, 0.4]);
        near(corrected(&[2, 3], 0, &[1.0, 2.0], 2), &[1.0; 2]);
    }
}
