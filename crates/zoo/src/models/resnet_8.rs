//! ResNet-8 of MLPerf Tiny: three stages of one residual block (Banbury et al., *MLPerf Tiny Benchmark*, 2021; He et al.,
//! 2016). The depth adds blocks to each stage.

use smidgen_ir::TensorIdx;
use smidgen_ir::build::Conv;

use super::{Task, size};
use crate::net::{Act, Net};
use crate::{Config, Entry};

pub(super) const ENTRY: Entry = Entry {
    name: "resnet_8",
    summary: "ResNet-8 of MLPerf Tiny, image classification at 32 x 32",
    task: Task::Classification,
    default: size([32, 32, 3], 10),
    network,
};

fn network(net: &mut Net, config: &Config) -> TensorIdx {
    let x = net.input(config.input);
    let mut x = net.conv(x, Conv::new(net.plain_channels(16), [3, 3]), Act::Relu);
    for (channels, stride) in [(16, 1), (32, 2), (64, 2)] {
        let channels = net.plain_channels(channels);
        for at in 0..net.blocks(1) {
            let stride = if at == 0 { stride } else { 1 };
            let y = net.conv(x, Conv::new(channels, [3, 3]).stride([stride, stride]), Act::Relu);
            let y = net.conv(y, Conv::new(channels, [3, 3]), Act::None);
            let stays = stride == 1 && channels == net.n_channels(x);
            let short = if stays {
                x
            } else {
                net.conv(x, Conv::new(channels, [1, 1]).stride([stride, stride]), Act::None)
            };
            let sum = net.add(short, y);
            x = net.act(sum, Act::Relu);
        }
    }
    net.classifier(x, config.outputs)
}
