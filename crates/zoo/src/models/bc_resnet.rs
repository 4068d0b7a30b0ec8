//! After BC-ResNet-1: a two-dimensional residual along frequency, a one-dimensional one along time that is broadcast over
//! all frequencies (Kim et al., *Broadcasted Residual Learning for Efficient Keyword Spotting*, 2021, table 1). Batch
//! normalisation stands for the sub-spectral one, which cannot be folded into a convolution, HARD_SWISH for swish, and
//! there is no dropout.

use smidgen_ir::TensorIdx;
use smidgen_ir::build::Conv;

use super::{Task, size};
use crate::net::{Act, Net};
use crate::{Config, Entry};

pub(super) const ENTRY: Entry = Entry {
    name: "bc_resnet_1",
    summary: "after BC-ResNet-1: keywords from log-mel with under 10,000 parameters",
    task: Task::Classification,
    default: size([98, 40, 1], 12),
    network,
};

/// Channels, blocks, stride along frequency and dilation along time.
const STAGES: [(usize, usize, usize, usize); 4] = [(8, 2, 1, 1), (12, 2, 2, 2), (16, 4, 2, 4), (20, 4, 1, 8)];

fn network(net: &mut Net, config: &Config) -> TensorIdx {
    let x = net.input(config.input);
    let first = net.plain_channels(16);
    let mut x = net.conv(x, Conv::new(first, [5, 5]).stride([1, 2]), Act::Relu);
    for (channels, blocks, stride, dilation) in STAGES {
        let channels = net.plain_channels(channels);
        for at in 0..net.blocks(blocks) {
            let stride = if at == 0 { stride } else { 1 };
            x = block(net, x, channels, stride, dilation);
        }
    }
    let (last, head) = (net.plain_channels(20), net.plain_channels(32));
    // Only along frequency does the window stay inside; along time nothing is lost.
    let kernel = [5, net.extents(x)[1].min(5)];
    let x = net.separable(x, last, kernel, [1, 1], Act::Relu);
    let x = net.pointwise(x, head, Act::Relu);
    net.classifier(x, config.outputs)
}

/// `relu(x + f2(x) + broadcast(f1(mean over frequency of f2(x))))`; without the shortcut where the shape changes.
fn block(net: &mut Net, x: TensorIdx, channels: usize, stride: usize, dilation: usize) -> TensorIdx {
    let changes = stride != 1 || channels != net.n_channels(x);
    let wide = if changes { net.pointwise(x, channels, Act::Relu) } else { x };
    let spectral = net.depthwise(wide, [1, 3], [1, stride], Act::None);
    let [_, n_frequencies] = net.extents(spectral);
    let means = net.average_pool(spectral, [1, n_frequencies]);
    let along_time = Conv::new(1, [3, 1]).dilation([dilation, 1]);
    let temporal = net.depthwise_conv(means, along_time, Act::HardSwish);
    let temporal = net.pointwise(temporal, channels, Act::Relu);
    let sum = net.add(spectral, temporal);
    let sum = if changes { sum } else { net.add(x, sum) };
    net.act(sum, Act::Relu)
}
