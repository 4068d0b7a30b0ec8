//! DS-CNN in three sizes: keywords from MFCC (Zhang et al., *Hello Edge*, 2017; S is the keyword network of MLPerf Tiny).

use smidgen_ir::TensorIdx;
use smidgen_ir::build::Conv;

use super::{Task, size};
use crate::net::{Act, Net};
use crate::{Config, Entry};

pub(super) const S: Entry = Entry {
    name: "ds_cnn_s",
    summary: "DS-CNN, small: keywords from 49 x 10 MFCC, as in MLPerf Tiny",
    task: Task::Classification,
    default: size([49, 10, 1], 12),
    network: |net, config| {
        network(net, config, &Size { channels: 64, first: [2, 2], second: [1, 1], blocks: 4 })
    },
};

pub(super) const M: Entry = Entry {
    name: "ds_cnn_m",
    summary: "DS-CNN, medium",
    network: |net, config| {
        network(net, config, &Size { channels: 172, first: [2, 1], second: [2, 2], blocks: 4 })
    },
    ..S
};

pub(super) const L: Entry = Entry {
    name: "ds_cnn_l",
    summary: "DS-CNN, large",
    network: |net, config| {
        network(net, config, &Size { channels: 276, first: [2, 1], second: [2, 2], blocks: 5 })
    },
    ..S
};

struct Size {
    channels: usize,
    /// Stride of the first convolution.
    first: [usize; 2],
    /// Stride of the first separable one.
    second: [usize; 2],
    blocks: usize,
}

fn network(net: &mut Net, config: &Config, size: &Size) -> TensorIdx {
    let channels = net.plain_channels(size.channels);
    let x = net.input(config.input);
    let mut x = net.conv(x, Conv::new(channels, [10, 4]).stride(size.first), Act::Relu);
    for at in 0..net.blocks(size.blocks) {
        let stride = if at == 0 { size.second } else { [1, 1] };
        x = net.separable(x, channels, [3, 3], stride, Act::Relu);
    }
    net.classifier(x, config.outputs)
}
