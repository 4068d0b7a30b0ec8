//! SqueezeNet 1.1: fire modules, a narrow 1×1 layer before 1×1 and 3×3 side by side (Iandola et al., 2016; version 1.1 of
//! its repository). Batch normalisation is added, and the classifier is fully connected after the mean of each channel,
//! which computes the same as its 1×1 convolution before it.

use smidgen_ir::TensorIdx;
use smidgen_ir::build::Conv;

use super::Task;
use crate::net::{Act, Net};
use crate::{Config, Entry};

pub(super) const ENTRY: Entry = Entry {
    name: "squeezenet",
    summary: "SqueezeNet 1.1: fire modules; few parameters, much arithmetic",
    task: Task::Classification,
    default: Config { input: [96, 96, 3], outputs: 10, width: 0.5, depth: 1.0 },
    network,
};

/// Squeezed and expanded channels of the two modules between two pools.
const FIRES: [&[(usize, usize)]; 3] =
    [&[(16, 64), (16, 64)], &[(32, 128), (32, 128)], &[(48, 192), (48, 192), (64, 256), (64, 256)]];

fn network(net: &mut Net, config: &Config) -> TensorIdx {
    let x = net.input(config.input);
    let mut x = net.conv(x, Conv::new(net.channels(64), [3, 3]).stride([2, 2]), Act::Relu);
    for fires in FIRES {
        x = net.max_pool(x, [3, 3], [2, 2]);
        for &(squeezed, expanded) in fires.iter().take(net.blocks(fires.len())) {
            let (squeezed, expanded) = (net.channels(squeezed), net.channels(expanded));
            let narrow = net.pointwise(x, squeezed, Act::Relu);
            let points = net.pointwise(narrow, expanded, Act::Relu);
            let windows = net.conv(narrow, Conv::new(expanded, [3, 3]), Act::Relu);
            x = net.join(&[points, windows]);
        }
    }
    net.classifier(x, config.outputs)
}
