//! tiny_conv: one convolution and one fully connected layer on 49 × 40 micro_speech features (TensorFlow's
//! `speech_commands/models.py`, `create_tiny_conv_model`).

use smidgen_ir::TensorIdx;
use smidgen_ir::build::Conv;

use super::{Task, size};
use crate::net::Net;
use crate::{Config, Entry};

pub(super) const ENTRY: Entry = Entry {
    name: "tiny_conv",
    summary: "the network of TFLM's micro_speech: one convolution on 49 x 40 features",
    task: Task::Classification,
    default: size([49, 40, 1], 4),
    network,
};

fn network(net: &mut Net, config: &Config) -> TensorIdx {
    let x = net.input(config.input);
    let channels = net.plain_channels(8);
    let x = net.builder.conv_2d(x, Conv::new(channels, [10, 8]).stride([2, 2]).relu());
    let x = net.flatten(x);
    let x = net.builder.fully_connected(x, config.outputs);
    net.builder.softmax(x)
}
