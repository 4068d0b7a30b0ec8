//! After Tiny-YOLOv2: convolutions and pools down to a sixteenth of the image, then boxes around anchors for each cell
//! (Redmon and Farhadi, *YOLO9000*, 2017; `yolov2-tiny.cfg` of its repository, with one pool and the widest layers less).

use smidgen_ir::TensorIdx;
use smidgen_ir::build::Conv;

use super::Task;
use crate::net::{Act, Net};
use crate::{Config, Entry, detector};

pub(super) const ENTRY: Entry = Entry {
    name: "tiny_yolo",
    summary: "after Tiny-YOLOv2: a detector with anchors on one grid, by default width 0.5 at 96 x 96",
    task: Task::Detection,
    default: Config { input: [96, 96, 3], outputs: 3, width: 0.5, depth: 1.0 },
    network,
};

/// Channels before each of the four pools.
const CHANNELS: [usize; 4] = [16, 32, 64, 128];
const LAST: usize = 256;
const ACT: Act = Act::LeakyRelu(0.1);

fn network(net: &mut Net, config: &Config) -> TensorIdx {
    let mut x = net.input(config.input);
    for channels in CHANNELS {
        x = net.conv(x, Conv::new(net.channels(channels), [3, 3]), ACT);
        x = net.max_pool(x, [2, 2], [2, 2]);
    }
    for _ in 0..net.blocks(1) {
        x = net.conv(x, Conv::new(net.channels(LAST), [3, 3]), ACT);
    }
    detector::head(net, x, detector::TINY_YOLO_ANCHORS.len(), config.outputs)
}
