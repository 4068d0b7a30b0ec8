//! MobileNetV2: inverted residuals with linear bottlenecks (Sandler et al., 2018, table 2).

use smidgen_ir::TensorIdx;
use smidgen_ir::build::Conv;

use super::Task;
use super::inverted_residual::{Block, block};
use crate::net::{Act, Net};
use crate::{Config, Entry};

pub(super) const ENTRY: Entry = Entry {
    name: "mobilenet_v2",
    summary: "MobileNetV2, by default width 0.35 at 96 x 96",
    task: Task::Classification,
    default: Config { input: [96, 96, 3], outputs: 10, width: 0.35, depth: 1.0 },
    network,
};

/// Expansion, channels, blocks and stride of each stage.
pub(super) const STAGES: [(usize, usize, usize, usize); 7] = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
];
/// Channels of the last layer before the classifier; a width below 1 leaves them, as in the paper.
const LAST: usize = 1280;

fn network(net: &mut Net, config: &Config) -> TensorIdx {
    let x = trunk(net, config, &STAGES);
    let last = LAST.max(net.channels(LAST));
    let x = net.pointwise(x, last, Act::Relu6);
    net.classifier(x, config.outputs)
}

/// The first convolution and the given stages.
pub(super) fn trunk(net: &mut Net, config: &Config, stages: &[(usize, usize, usize, usize)]) -> TensorIdx {
    let x = net.input(config.input);
    let mut x = net.conv(x, Conv::new(net.channels(32), [3, 3]).stride([2, 2]), Act::Relu6);
    for &(expansion, channels, blocks, stride) in stages {
        for at in 0..net.blocks(blocks) {
            let stride = if at == 0 { stride } else { 1 };
            let shape = Block {
                expanded: expansion * net.n_channels(x),
                channels: net.channels(channels),
                kernel: [3, 3],
                stride: [stride, stride],
                act: Act::Relu6,
                gate: None,
            };
            x = block(net, x, shape);
        }
    }
    x
}
