//! A layer of singular value decomposition filters and a fully connected layer (Nakkiran et al., *Compressing Deep Neural
//! Networks using a Rank-Constrained Topology*, 2015). It is built over a whole window, so that it can be trained: each
//! filter weighs the frequencies of a frame (a 1×1 convolution), then the frames (a depthwise one as long as its memory).

use smidgen_ir::TensorIdx;
use smidgen_ir::build::Conv;

use super::{Task, size};
use crate::net::Net;
use crate::{Config, Entry};

pub(super) const ENTRY: Entry = Entry {
    name: "svdf",
    summary: "singular value decomposition filters over 49 x 40 features",
    task: Task::Classification,
    default: size([49, 40, 1], 4),
    network,
};

/// Filters of the layer.
const FILTERS: usize = 64;

fn network(net: &mut Net, config: &Config) -> TensorIdx {
    let x = net.sequence(config.input);
    let filters = net.plain_channels(FILTERS);
    let x = net.builder.conv_2d(x, Conv::new(filters, [1, 1]).no_bias());
    let [memory, _] = net.extents(x);
    let x = net.builder.depthwise_conv_2d(x, Conv::new(1, [memory, 1]).valid().relu());
    let x = net.flatten(x);
    let x = net.builder.fully_connected(x, config.outputs);
    net.builder.softmax(x)
}
