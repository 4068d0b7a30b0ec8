//! The fully connected autoencoder of MLPerf Tiny's anomaly detection: 640 values through 8 (Banbury et al., 2021; Koizumi
//! et al., DCASE 2020 task 2, baseline).

use smidgen_ir::TensorIdx;

use super::{Task, size};
use crate::net::{Act, Net};
use crate::{Config, Entry};

pub(super) const ENTRY: Entry = Entry {
    name: "autoencoder",
    summary: "fully connected autoencoder of MLPerf Tiny: what it cannot reconstruct is unusual",
    task: Task::Reconstruction,
    default: size([5, 128, 1], 1),
    network,
};

/// Hidden units, layers before and after the bottleneck, units of the bottleneck.
const HIDDEN: usize = 128;
const LAYERS: usize = 4;
const BOTTLENECK: usize = 8;

fn network(net: &mut Net, config: &Config) -> TensorIdx {
    let x = net.input(config.input);
    let mut x = net.flatten(x);
    let n_values = net.n_values(x);
    let (hidden, layers) = (net.plain_channels(HIDDEN), net.blocks(LAYERS));
    for units in std::iter::repeat_n(hidden, layers)
        .chain([net.plain_channels(BOTTLENECK)])
        .chain(std::iter::repeat_n(hidden, layers))
    {
        x = net.dense(x, units, Act::Relu);
    }
    net.builder.fully_connected(x, n_values)
}
