//! Functions of each element and operators of two operands in random graphs.

use smidgen_ir::ops::{
    abs::Abs, add::Add, cos::Cos, elu::Elu, exp::Exp, floor::Floor, gelu::Gelu, greater::Greater,
    hard_swish::HardSwish, l2_normalization::L2Normalization, leaky_relu::LeakyRelu, log_softmax::LogSoftmax,
    logistic::Logistic, maximum::Maximum, minimum::Minimum, mul::Mul, neg::Neg, prelu::Prelu,
    quantize::Quantize, relu_n1_to_1::ReluN1To1, reverse_v2::ReverseV2, round::Round, select_v2::SelectV2,
    sin::Sin, squared_difference::SquaredDifference, sub::Sub, tanh::Tanh,
};
use smidgen_ir::{Op, Tensor, TensorIdx};

use super::Chain;

impl Chain {
    /// A function of each element, or of each with its row. None of them makes NaN or infinity of common numbers.
    pub(super) fn function(&mut self) {
        let approximate = self.random.below(2) == 0;
        let mut operands = vec![self.at];
        let op = match (self.random.below(16), self.int8) {
            (0, _) => Op::Logistic(Logistic),
            (1, _) => Op::Tanh(Tanh),
            (2, _) => Op::LeakyRelu(LeakyRelu { alpha: 0.25 }),
            (3, _) => Op::HardSwish(HardSwish),
            (4, _) => Op::Elu(Elu),
            (5, _) => Op::Abs(Abs),
            (6, _) => Op::Gelu(Gelu { approximate }),
            (7, _) => Op::ReluN1To1(ReluN1To1),
            (8, _) => Op::L2Normalization(L2Normalization),
            (9, _) => Op::LogSoftmax(LogSoftmax),
            (10, _) => {
                operands.push(self.constant());
                Op::Prelu(Prelu)
            }
            (11, true) => Op::Exp(Exp),
            (_, true) => Op::Quantize(Quantize::default()),
            (11, false) => Op::Floor(Floor),
            (12, false) => Op::Round(Round),
            (13, false) => Op::Neg(Neg),
            (14, false) => Op::Sin(Sin),
            (_, false) => Op::Cos(Cos),
        };
        self.apply(op, &operands);
    }

    /// An operator of the current tensor and another one, in either order.
    pub(super) fn two_operands(&mut self) {
        let (at, kind, activation) = (self.at, self.random.below(8), self.fused());
        let other = self.other(kind > 4);
        let mut operands = [at, other];
        if self.random.below(3) == 0 {
            operands.reverse();
        }
        let op = match kind {
            0 | 1 => Op::Add(Add { activation }),
            2 => Op::Sub(Sub { activation }),
            3 => Op::Mul(Mul { activation }),
            4 => Op::SquaredDifference(SquaredDifference),
            5 => Op::Maximum(Maximum),
            6 => Op::Minimum(Minimum),
            _ => {
                let condition = self.apply(Op::Greater(Greater), &operands)[0];
                self.apply(Op::SelectV2(SelectV2), &[condition, operands[0], operands[1]]);
                return;
            }
        };
        self.apply(op, &operands);
    }

    /// The current tensor, an earlier one of the same shape, or a constant that stretches; with the same quantisation
    /// where `alike`.
    fn other(&mut self, alike: bool) -> TensorIdx {
        if self.random.below(3) == 0 {
            let constant = self.constant();
            if alike {
                self.graph.tensor_mut(constant).quant = self.graph.tensor(self.at).quant.clone();
            }
            return if self.random.below(3) == 0 { self.computed(constant) } else { constant };
        }
        let current = self.graph.tensor(self.at);
        let fits = |idx: &TensorIdx| {
            let tensor = self.graph.tensor(*idx);
            tensor.shape == current.shape
                && tensor.dtype == current.dtype
                && (!alike || tensor.quant == current.quant)
        };
        let written = self.graph.inputs.iter().chain(self.graph.nodes.iter().flat_map(|node| &node.outputs));
        let choices: Vec<TensorIdx> = written.copied().filter(fits).collect();
        self.random.pick(&choices)
    }

    /// A constant that stretches to the current tensor.
    fn constant(&mut self) -> TensorIdx {
        let extents = self.shape();
        let behind = self.random.below(extents.len());
        let shape: Vec<usize> =
            extents[behind..].iter().map(|&extent| self.random.pick(&[1, extent])).collect();
        let n = shape.iter().product();
        let constant = match self.quant() {
            Some(quant) => {
                let values: Vec<i8> = (0..n).map(|_| self.random.bits() as i8).collect();
                Tensor::const_i8("constant", shape, &values, quant)
            }
            None => {
                let values: Vec<f32> = (0..n).map(|_| self.random.below(2001) as f32 * 1e-3 - 1.0).collect();
                Tensor::const_f32("constant", shape, &values)
            }
        };
        self.graph.add_tensor(constant)
    }

    /// What a node makes of a constant alone.
    fn computed(&mut self, constant: TensorIdx) -> TensorIdx {
        let at = self.at;
        let computed = self.apply(Op::ReverseV2(ReverseV2 { axes: vec![-1] }), &[constant])[0];
        self.at = at;
        computed
    }
}
