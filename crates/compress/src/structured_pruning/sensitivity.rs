//! How much a network's output changes where one group of layers alone loses channels: what can be pruned, and what should not be.

use serde::Serialize;
use smidgen_ir::{Graph, IrError};

use super::{Importance, importance, layers};
use crate::post_training_quantization::{check_float, prepared};
use crate::{CompressError, Context};
use smidgen_ir::channels::{self, Channels};

/// Shares of the channels that are tried.
pub const SHARES: [f64; 3] = [0.25, 0.5, 0.75];

/// A group of layers that lose channels together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sensitivity {
    /// Name of its first activation.
    pub layer: String,
    /// Channels that could go.
    pub channels: usize,
    /// Power of the network's output over that of its change, in decibels, for each of [`SHARES`]; infinite where nothing changes.
    pub decibels: [f64; 3],
}

/// Of all groups, in the order of the network. Channels go by L2 norm; nothing is trained after.
///
/// # Errors
/// A graph that is not float32, and no calibration data.
pub fn sensitivity(graph: &Graph, context: &Context<'_>) -> Result<Vec<Sensitivity>, CompressError> {
    graph.verify().map_err(IrError::Invalid)?;
    check_float(graph)?;
    let graph = prepared(graph)?;
    let inputs = layers::inputs(context)?;
    let expected = layers::outputs(&graph, &inputs)?;
    let power: f64 = expected.iter().map(|value| f64::from(value * value)).sum();
    let groups = Channels::of(&graph).groups(&graph, &channels::makers(&graph));
    let values = importance::of(&graph, &groups, Importance::L2, context)?;
    let mut found = Vec::with_capacity(groups.len());
    for (group, values) in groups.iter().zip(&values) {
        let n = group.classes.len();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| values[a].total_cmp(&values[b]).then(a.cmp(&b)));
        let mut decibels = [f64::INFINITY; 3];
        for (decibels, share) in decibels.iter_mut().zip(SHARES) {
            // One channel stays.
            let gone = ((share * n as f64).round() as usize).min(n.saturating_sub(1));
            let cut = channels::without(&graph, order[..gone].iter().map(|&at| &group.classes[at]))?;
            let made = layers::outputs(&cut, &inputs)?;
            let change: f64 = made.iter().zip(&expected).map(|(a, b)| f64::from((a - b) * (a - b))).sum();
            *decibels = 10.0 * (power / change).log10();
        }
        let first = group.tensors.first().and_then(|&at| graph.tensors.get(at));
        let layer = first.map_or_else(String::new, |tensor| tensor.name.clone());
        found.push(Sensitivity { layer, channels: n, decibels });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::post_training_quantization::tests::Noise;
    use smidgen_ir::build::{Builder, Conv};

    #[test]
    fn layers_whose_channels_matter_less_show() {
        // Of the first layer's channels three quarters are nearly nothing.
        let mut noise = Noise(4);
        let mut net = Builder::new("net", move |parameter| {
            let n = parameter.n_elements();
            let size = |at: usize| if parameter.shape == [8, 3, 3, 2] && at >= n / 4 { 1e-4 } else { 0.5 };
            noise.values(n, 1.0).into_iter().enumerate().map(|(at, value)| value * size(at)).collect()
        });
        let x = net.input("x", &[1, 6, 6, 2]);
        let x = net.conv_2d(x, Conv::new(8, [3, 3]).relu());
        let x = net.conv_2d(x, Conv::new(8, [3, 3]).relu());
        let x = net.reshape(x, &[1, -1]);
        let x = net.fully_connected(x, 4);
        let graph = net.finish(&[x]).unwrap();
        let mut noise = Noise(5);
        let data: Vec<Vec<f32>> = (0..6).map(|_| noise.values(72, 1.0)).collect();
        let found = sensitivity(&graph, &Context::new(&data)).unwrap();
        assert_eq!(found.iter().map(|group| group.channels).collect::<Vec<_>>(), [8, 8]);
        assert!(found[0].decibels[1] > 30.0 && found[1].decibels[1] < 20.0, "{found:?}");
        assert!(found[1].decibels[0] > found[1].decibels[2]);
        assert!(sensitivity(&graph, &Context::new(&[])).is_err());
    }
}
