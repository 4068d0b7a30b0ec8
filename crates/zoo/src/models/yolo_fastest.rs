//! After Yolo-Fastest: inverted residuals, and boxes on two grids, of which the finer one also sees the coarser one's
//! features (Qiu, *Yolo-Fastest*, 2020, its repository).

use smidgen_ir::ops::concatenation::Concatenation;
use smidgen_ir::ops::resize_nearest_neighbor::ResizeNearestNeighbor;
use smidgen_ir::{Op, TensorIdx, build::Conv};

use super::Task;
use super::inverted_residual::{Block, block};
use crate::net::{Act, Net};
use crate::{Config, Entry, detector};

pub(super) const ENTRY: Entry = Entry {
    name: "yolo_fastest",
    summary: "after Yolo-Fastest: a light detector with anchors on two grids",
    task: Task::Detection,
    default: Config { input: [96, 96, 3], outputs: 3, width: 1.0, depth: 1.0 },
    network,
};

/// Expansion, channels, blocks and stride of the stages down to an eighth of the image, and from there to a sixteenth.
const FINE: [(usize, usize, usize, usize); 3] = [(1, 8, 1, 1), (3, 16, 2, 2), (4, 24, 2, 2)];
const COARSE: [(usize, usize, usize, usize); 1] = [(4, 48, 3, 2)];
const NECK: usize = 48;

fn network(net: &mut Net, config: &Config) -> TensorIdx {
    let x = net.input(config.input);
    let x = net.conv(x, Conv::new(net.channels(8), [3, 3]).stride([2, 2]), Act::Relu6);
    let fine = stages(net, x, &FINE);
    let coarse = stages(net, fine, &COARSE);
    let neck = net.pointwise(coarse, net.channels(NECK), Act::Relu6);

    let below = net.separable(neck, net.channels(NECK), [5, 5], [1, 1], Act::Relu6);
    let coarse_boxes = detector::head(net, below, detector::COARSE_ANCHORS.len(), config.outputs);

    let size = net.extents(fine);
    let op = ResizeNearestNeighbor { size, align_corners: false, half_pixel_centers: false };
    let above = net.op(Op::ResizeNearestNeighbor(op), &[neck]);
    let joined = net.join(&[above, fine]);
    let joined = net.pointwise(joined, net.channels(NECK), Act::Relu6);
    let joined = net.separable(joined, net.channels(NECK), [5, 5], [1, 1], Act::Relu6);
    let fine_boxes = detector::head(net, joined, detector::FINE_ANCHORS.len(), config.outputs);
    net.op(Op::Concatenation(Concatenation { axis: 1 }), &[fine_boxes, coarse_boxes])
}

fn stages(net: &mut Net, mut x: TensorIdx, stages: &[(usize, usize, usize, usize)]) -> TensorIdx {
    for &(expansion, channels, blocks, stride) in stages {
        for at in 0..net.blocks(blocks) {
            let stride = if at == 0 { stride } else { 1 };
            let shape = Block {
                expanded: expansion * net.n_channels(x),
                channels: net.channels(channels),
                kernel: [3, 3],
                stride: [stride, stride],
                act: Act::Relu6,
                gate: None,
            };
            x = block(net, x, shape);
        }
    }
    x
}
