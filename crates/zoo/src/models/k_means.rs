//! The distance of features to the nearest of some centres, in deviations of each feature:
//! `y = sqrt(min over k of sum over d of (scale[d] * x[d] - centre[k,d])^2)` (Lloyd, *Least Squares Quantization in PCM*,
//! 1982). What is far from all is unusual.

use smidgen_ir::ops::mul::Mul;
use smidgen_ir::ops::reduce_min::ReduceMin;
use smidgen_ir::ops::sqrt::Sqrt;
use smidgen_ir::ops::squared_difference::SquaredDifference;
use smidgen_ir::ops::sum::Sum;
use smidgen_ir::{Op, TensorIdx};

use super::{Task, size};
use crate::net::Net;
use crate::{Config, Entry};

pub(super) const ENTRY: Entry = Entry {
    name: "k_means",
    summary: "distance of features to the nearest of some centres (outputs = how many)",
    task: Task::Anomaly,
    default: size([1, 33, 1], 8),
    network,
};

fn network(net: &mut Net, config: &Config) -> TensorIdx {
    let x = net.input(config.input);
    let x = net.flatten(x);
    let scale = net.zeros("k_means/scale", &[1, net.n_values(x)]);
    let x = net.op(Op::Mul(Mul::default()), &[x, scale]);
    let centres = net.zeros("k_means/centres", &[config.outputs, net.n_values(x)]);
    let squares = net.op(Op::SquaredDifference(SquaredDifference), &[x, centres]);
    let sums = net.op(Op::Sum(Sum { axes: vec![1], keep_dims: false }), &[squares]);
    let least = net.op(Op::ReduceMin(ReduceMin { axes: vec![0], keep_dims: true }), &[sums]);
    net.op(Op::Sqrt(Sqrt), &[least])
}
