//! After MobileNetV3-Small: inverted residuals with gates and HARD_SWISH (Howard et al., *Searching for MobileNetV3*, 2019,
//! table 2). Unlike there, gates are LOGISTIC, which is one table in int8, and the classifier has no hidden layer.

use smidgen_ir::TensorIdx;
use smidgen_ir::build::Conv;

use super::Task;
use super::inverted_residual::{Block, block};
use crate::net::{Act, Net};
use crate::{Config, Entry};

pub(super) const ENTRY: Entry = Entry {
    name: "mobilenet_v3_small",
    summary: "after MobileNetV3-Small: gates and hard swish, by default width 0.5 at 96 x 96",
    task: Task::Classification,
    default: Config { input: [96, 96, 3], outputs: 10, width: 0.5, depth: 1.0 },
    network,
};

/// Kernel, expanded channels, channels, whether there is a gate, whether HARD_SWISH, stride.
const BLOCKS: [(usize, usize, usize, bool, bool, usize); 11] = [
    (3, 16, 16, true, false, 2),
    (3, 72, 24, false, false, 2),
    (3, 88, 24, false, false, 1),
    (5, 96, 40, true, true, 2),
    (5, 240, 40, true, true, 1),
    (5, 240, 40, true, true, 1),
    (5, 120, 48, true, true, 1),
    (5, 144, 48, true, true, 1),
    (5, 288, 96, true, true, 2),
    (5, 576, 96, true, true, 1),
    (5, 576, 96, true, true, 1),
];
const LAST: usize = 576;

fn network(net: &mut Net, config: &Config) -> TensorIdx {
    let x = net.input(config.input);
    let mut x = net.conv(x, Conv::new(net.channels(16), [3, 3]).stride([2, 2]), Act::HardSwish);
    for (kernel, expanded, channels, gated, swish, stride) in BLOCKS {
        let expanded = net.channels(expanded);
        let shape = Block {
            expanded,
            channels: net.channels(channels),
            kernel: [kernel, kernel],
            stride: [stride, stride],
            act: if swish { Act::HardSwish } else { Act::Relu },
            gate: gated.then(|| (expanded / 4).next_multiple_of(8)),
        };
        // A repeated block keeps its shape.
        let n_blocks = if stride == 1 { net.blocks(1) } else { 1 };
        for _ in 0..n_blocks {
            x = block(net, x, shape);
        }
    }
    let last = net.channels(LAST);
    let x = net.pointwise(x, last, Act::HardSwish);
    net.classifier(x, config.outputs)
}
