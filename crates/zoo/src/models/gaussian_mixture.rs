//! How improbable features are under a mixture of Gaussians with diagonal covariances (Bishop, *Pattern Recognition and
//! Machine Learning*, 2006, section 9.2): `y = -log sum over k of exp(constant[k] + sum over d of factor[k,d] * (x[d] -
//! mean[k,d])^2)`, with `factor = -1 / (2 variance)` and the weight and normalisation of the component in `constant`.

use smidgen_ir::ops::add::Add;
use smidgen_ir::ops::exp::Exp;
use smidgen_ir::ops::log::Log;
use smidgen_ir::ops::mul::Mul;
use smidgen_ir::ops::neg::Neg;
use smidgen_ir::ops::reduce_max::ReduceMax;
use smidgen_ir::ops::squared_difference::SquaredDifference;
use smidgen_ir::ops::sub::Sub;
use smidgen_ir::ops::sum::Sum;
use smidgen_ir::{Op, TensorIdx};

use super::{Task, size};
use crate::net::Net;
use crate::{Config, Entry};

pub(super) const ENTRY: Entry = Entry {
    name: "gaussian_mixture",
    summary: "negative log-likelihood of features under some Gaussians (outputs = how many)",
    task: Task::Anomaly,
    default: size([1, 33, 1], 4),
    network,
};

fn network(net: &mut Net, config: &Config) -> TensorIdx {
    let x = net.input(config.input);
    let x = net.flatten(x);
    let shape = [config.outputs, net.n_values(x)];
    let means = net.zeros("gaussian_mixture/mean", &shape);
    let factors = net.zeros("gaussian_mixture/factor", &shape);
    let constants = net.zeros("gaussian_mixture/constant", &[config.outputs]);
    let squares = net.op(Op::SquaredDifference(SquaredDifference), &[x, means]);
    let scaled = net.op(Op::Mul(Mul::default()), &[squares, factors]);
    let sums = net.op(Op::Sum(Sum { axes: vec![1], keep_dims: false }), &[scaled]);
    let logs = net.op(Op::Add(Add::default()), &[sums, constants]);
    // The greatest is taken out first, so that no exponential overflows and not all of them vanish.
    let greatest = net.op(Op::ReduceMax(ReduceMax { axes: vec![0], keep_dims: true }), &[logs]);
    let shifted = net.op(Op::Sub(Sub::default()), &[logs, greatest]);
    let terms = net.op(Op::Exp(Exp), &[shifted]);
    let sum = net.op(Op::Sum(Sum { axes: vec![0], keep_dims: true }), &[terms]);
    let log = net.op(Op::Log(Log), &[sum]);
    let log = net.op(Op::Add(Add::default()), &[log, greatest]);
    net.op(Op::Neg(Neg), &[log])
}
