//! After TENet: inverted bottlenecks along time only, with the frequencies or axes as channels (Li et al., *Small-Footprint
//! Keyword Spotting with Multi-Scale Temporal Convolution*, 2020, section 2.2). Good for motion and for audio.

use smidgen_ir::TensorIdx;
use smidgen_ir::build::Conv;

use super::{Task, size};
use crate::net::{Act, Net};
use crate::{Config, Entry};

pub(super) const ENTRY: Entry = Entry {
    name: "tenet",
    summary: "after TENet: one-dimensional convolutions along time, for motion sensors and audio",
    task: Task::Classification,
    default: size([128, 1, 3], 4),
    network,
};

/// Channels and expansion of all blocks; the first block of a stage has stride 2.
const CHANNELS: usize = 24;
const EXPANSION: usize = 3;
const STAGES: usize = 3;

fn network(net: &mut Net, config: &Config) -> TensorIdx {
    let x = net.sequence(config.input);
    let channels = net.channels(CHANNELS);
    let mut x = net.conv(x, Conv::new(channels, [3, 1]), Act::Relu);
    for _ in 0..STAGES {
        for at in 0..net.blocks(2) {
            let stride = if at == 0 { [2, 1] } else { [1, 1] };
            let wide = net.pointwise(x, channels * EXPANSION, Act::Relu);
            let y = net.depthwise(wide, [9, 1], stride, Act::Relu);
            let y = net.pointwise(y, channels, Act::None);
            let short =
                if at == 0 { net.conv(x, Conv::new(channels, [1, 1]).stride(stride), Act::None) } else { x };
            let sum = net.add(short, y);
            x = net.act(sum, Act::Relu);
        }
    }
    net.classifier(x, config.outputs)
}
