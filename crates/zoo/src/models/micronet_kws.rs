//! After the keyword networks of MicroNets: separable convolutions whose channels a search has made uneven (Banbury et al.,
//! *MicroNets*, 2021).

use smidgen_ir::TensorIdx;
use smidgen_ir::build::Conv;

use super::{Task, size};
use crate::net::{Act, Net};
use crate::{Config, Entry};

pub(super) const ENTRY: Entry = Entry {
    name: "micronet_kws",
    summary: "after MicroNet-KWS: separable convolutions of uneven width on 49 x 10 MFCC",
    task: Task::Classification,
    default: size([49, 10, 1], 12),
    network,
};

/// Channels of the separable convolutions; the first has stride 2.
const CHANNELS: [usize; 4] = [112, 84, 84, 196];

fn network(net: &mut Net, config: &Config) -> TensorIdx {
    let x = net.input(config.input);
    let first = net.channels(84);
    let mut x = net.conv(x, Conv::new(first, [10, 4]), Act::Relu);
    for (at, channels) in CHANNELS.into_iter().enumerate() {
        let repeats = if at == 2 { net.blocks(1) } else { 1 };
        let stride = if at == 0 { [2, 2] } else { [1, 1] };
        for _ in 0..repeats {
            x = net.separable(x, net.channels(channels), [3, 3], stride, Act::Relu);
        }
    }
    net.classifier(x, config.outputs)
}
