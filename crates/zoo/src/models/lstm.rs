//! A classifier of sequences: one strided convolution along time, one LSTM, its last state fully connected (Hochreiter and
//! Schmidhuber, 1997).

use smidgen_ir::ops::unidirectional_sequence_lstm::UnidirectionalSequenceLstm;
use smidgen_ir::{DType, Op, Tensor, TensorIdx};

use super::{Task, size};
use crate::net::{Act, Net};
use crate::{Config, Entry};

pub(super) const ENTRY: Entry = Entry {
    name: "lstm",
    summary: "a strided convolution and one LSTM layer over the time of a signal",
    task: Task::Classification,
    default: size([128, 1, 3], 4),
    network,
};

/// Units of the layer.
const UNITS: usize = 24;

fn network(net: &mut Net, config: &Config) -> TensorIdx {
    let x = steps(net, config);
    let (in_c, units) = (net.n_channels(x), net.plain_channels(UNITS));
    let gates = ["input", "forget", "cell", "output"];
    let mut inputs = vec![Some(x)];
    inputs.extend(gates.map(|gate| Some(net.zeros(&format!("lstm/{gate}"), &[units, in_c]))));
    inputs.extend(gates.map(|gate| Some(net.zeros(&format!("lstm/{gate}_recurrent"), &[units, units]))));
    inputs.extend(gates.map(|gate| Some(net.zeros(&format!("lstm/{gate}_bias"), &[units]))));
    for state in ["hidden", "cell"] {
        let tensor = Tensor::activation(format!("lstm/{state}_state"), DType::F32, vec![1, units]);
        inputs.push(Some(net.builder.constant(Tensor { is_variable: true, ..tensor })));
    }
    let op = UnidirectionalSequenceLstm { time_major: false, cell_clip: 0.0, reset: true };
    let y = net.builder.node(Op::UnidirectionalSequenceLstm(op), &inputs, None);
    last(net, y, config.outputs)
}

/// The sequence `[1, steps, channels]` that a recurrent layer runs over.
pub(super) fn steps(net: &mut Net, config: &Config) -> TensorIdx {
    let x = net.sequence(config.input);
    let channels = net.channels(16);
    let conv = smidgen_ir::build::Conv::new(channels, [5, 1]).stride([4, 1]);
    let x = net.conv(x, conv, Act::Relu);
    let [steps, _] = net.extents(x);
    net.reshape(x, &[1, steps, channels])
}

/// Probabilities from the last step of `[1, steps, units]`.
pub(super) fn last(net: &mut Net, x: TensorIdx, outputs: usize) -> TensorIdx {
    use smidgen_ir::ops::slice::Slice;
    let (steps, units) = match *net.builder.shape(x) {
        [_, steps, units] => (steps as i32, units),
        _ => (1, 1),
    };
    let op = Slice { begin: vec![0, steps - 1, 0], size: vec![1, 1, -1] };
    let x = net.op(Op::Slice(op), &[x]);
    let x = net.reshape(x, &[1, units]);
    let x = net.builder.fully_connected(x, outputs);
    net.builder.softmax(x)
}
