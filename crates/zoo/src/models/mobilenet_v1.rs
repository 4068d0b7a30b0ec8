//! MobileNetV1: depthwise separable convolutions (Howard et al., *MobileNets*, 2017, table 1).

use smidgen_ir::TensorIdx;
use smidgen_ir::build::Conv;

use super::Task;
use crate::net::{Act, Net};
use crate::{Config, Entry};

pub(super) const ENTRY: Entry = Entry {
    name: "mobilenet_v1",
    summary: "MobileNetV1, by default as MLPerf Tiny has it: width 0.25 at 96 x 96",
    task: Task::Classification,
    default: Config { input: [96, 96, 3], outputs: 2, width: 0.25, depth: 1.0 },
    network,
};

/// Channels and stride of each separable convolution; the five of 512 channels follow the depth.
const BEFORE: [(usize, usize); 6] = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)];
const REPEATED: usize = 5;
const AFTER: [(usize, usize); 2] = [(1024, 2), (1024, 1)];

fn network(net: &mut Net, config: &Config) -> TensorIdx {
    let x = net.input(config.input);
    let mut x = net.conv(x, Conv::new(net.channels(32), [3, 3]).stride([2, 2]), Act::Relu6);
    let repeated = std::iter::repeat_n((512, 1), net.blocks(REPEATED));
    for (channels, stride) in BEFORE.into_iter().chain(repeated).chain(AFTER) {
        x = net.separable(x, net.channels(channels), [3, 3], [stride, stride], Act::Relu6);
    }
    net.classifier(x, config.outputs)
}
