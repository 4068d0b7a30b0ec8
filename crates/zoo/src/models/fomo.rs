//! After FOMO: the first stages of MobileNetV2, down to an eighth of the image, and a class for each cell (Moreau and
//! Kelcey, *Announcing FOMO*, 2022). It finds centres, not boxes.

use smidgen_ir::TensorIdx;
use smidgen_ir::build::Conv;

use super::Task;
use super::mobilenet_v2::{STAGES, trunk};
use crate::net::{Act, Net};
use crate::{Config, Entry};

pub(super) const ENTRY: Entry = Entry {
    name: "fomo",
    summary: "after FOMO: a class for each cell of an eighth of the image, by default on width 0.35",
    task: Task::Centroids,
    default: Config { input: [96, 96, 3], outputs: 3, width: 0.35, depth: 1.0 },
    network,
};

/// Stages of MobileNetV2 down to an eighth.
const N_STAGES: usize = 3;
const HEAD: usize = 32;

fn network(net: &mut Net, config: &Config) -> TensorIdx {
    let x = trunk(net, config, &STAGES[..N_STAGES]);
    let x = net.pointwise(x, HEAD, Act::Relu6);
    let x = net.builder.conv_2d(x, Conv::new(1 + config.outputs, [1, 1]));
    net.builder.softmax(x)
}
