//! The inverted residual of MobileNetV2: expand, filter each channel, project; with a shortcut where the shape stays
//! (Sandler et al., *MobileNetV2*, 2018, figure 3).

use smidgen_ir::TensorIdx;

use crate::net::{Act, Net};

/// One block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    /// Channels between expansion and projection.
    pub(super) expanded: usize,
    /// Channels of the result.
    pub(super) channels: usize,
    pub(super) kernel: [usize; 2],
    pub(super) stride: [usize; 2],
    pub(super) act: Act,
    /// Channels of a squeeze-and-excitation gate, if there is one.
    pub(super) gate: Option<usize>,
}

pub(super) fn block(net: &mut Net, x: TensorIdx, block: Block) -> TensorIdx {
    let Block { expanded, channels, kernel, stride, act, gate } = block;
    let in_c = net.n_channels(x);
    let wide = if expanded == in_c { x } else { net.pointwise(x, expanded, act) };
    let mut y = net.depthwise(wide, kernel, stride, act);
    if let Some(squeezed) = gate {
        y = excite(net, y, squeezed);
    }
    let y = net.pointwise(y, channels, Act::None);
    if stride == [1, 1] && channels == in_c { net.add(x, y) } else { y }
}

/// Squeeze and excitation (Hu et al., 2018): each channel times a gate that is computed from the means of all. The gate
/// is a LOGISTIC, which is one table in int8.
fn excite(net: &mut Net, x: TensorIdx, squeezed: usize) -> TensorIdx {
    use smidgen_ir::Op;
    use smidgen_ir::ops::{logistic::Logistic, mul::Mul};
    let channels = net.n_channels(x);
    let extents = net.extents(x);
    let means = net.average_pool(x, extents);
    let row = net.flatten(means);
    let row = net.builder.fully_connected(row, squeezed);
    let row = net.act(row, Act::Relu);
    let row = net.builder.fully_connected(row, channels);
    let gate = net.op(Op::Logistic(Logistic), &[row]);
    let gate = net.reshape(gate, &[1, 1, 1, channels]);
    net.op(Op::Mul(Mul::default()), &[x, gate])
}
