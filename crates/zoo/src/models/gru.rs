//! A classifier of sequences with one GRU (Cho et al., 2014), otherwise as `lstm`. `.tflite` has no such operator.

use smidgen_ir::ops::gru::Gru;
use smidgen_ir::{Op, TensorIdx};

use super::lstm::{last, steps};
use super::{Task, size};
use crate::net::Net;
use crate::{Config, Entry};

pub(super) const ENTRY: Entry = Entry {
    name: "gru",
    summary: "a strided convolution and one GRU layer over the time of a signal",
    task: Task::Classification,
    default: size([128, 1, 3], 4),
    network,
};

const UNITS: usize = 24;

fn network(net: &mut Net, config: &Config) -> TensorIdx {
    let x = steps(net, config);
    let (in_c, units) = (net.n_channels(x), net.plain_channels(UNITS));
    let parameters = [
        net.zeros("gru/input", &[3 * units, in_c]),
        net.zeros("gru/recurrent", &[3 * units, units]),
        net.zeros("gru/bias", &[6 * units]),
    ];
    let inputs: Vec<_> = [x].into_iter().chain(parameters).map(Some).collect();
    let op = Gru { time_major: false, reverse: false, reset_after: true };
    let y = net.builder.node(Op::Gru(op), &inputs, None);
    last(net, y, config.outputs)
}
