//! After the networks of MCUNet: inverted residuals of mixed kernels and expansions that keep the first layers narrow
//! (Lin et al., *MCUNet*, 2020, figure 10).

use smidgen_ir::TensorIdx;
use smidgen_ir::build::Conv;

use super::Task;
use super::inverted_residual::{Block, block};
use crate::net::{Act, Net};
use crate::{Config, Entry};

pub(super) const ENTRY: Entry = Entry {
    name: "mcunet",
    summary: "after MCUNet: inverted residuals of kernels 3, 5 and 7, narrow where the image is large",
    task: Task::Classification,
    default: Config { input: [96, 96, 3], outputs: 10, width: 1.0, depth: 1.0 },
    network,
};

/// Kernel, expansion, channels, stride; those of stride 1 that keep their channels follow the depth.
const BLOCKS: [(usize, usize, usize, usize); 14] = [
    (3, 1, 8, 1),
    (7, 3, 16, 2),
    (3, 4, 16, 1),
    (5, 5, 24, 2),
    (5, 4, 24, 1),
    (3, 5, 24, 1),
    (7, 4, 40, 2),
    (5, 5, 40, 1),
    (5, 4, 40, 1),
    (5, 5, 48, 1),
    (3, 4, 48, 1),
    (7, 5, 96, 2),
    (5, 4, 96, 1),
    (3, 5, 160, 1),
];

fn network(net: &mut Net, config: &Config) -> TensorIdx {
    let x = net.input(config.input);
    let mut x = net.conv(x, Conv::new(net.channels(16), [3, 3]).stride([2, 2]), Act::Relu6);
    for (kernel, expansion, channels, stride) in BLOCKS {
        let channels = net.channels(channels);
        let stays = stride == 1 && channels == net.n_channels(x);
        let n_blocks = if stays { net.blocks(1) } else { 1 };
        for _ in 0..n_blocks {
            let shape = Block {
                expanded: expansion * net.n_channels(x),
                channels,
                kernel: [kernel, kernel],
                stride: [stride, stride],
                act: Act::Relu6,
                gate: None,
            };
            x = block(net, x, shape);
        }
    }
    net.classifier(x, config.outputs)
}
