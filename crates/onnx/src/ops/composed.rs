//! Functions of one value that TFLite has no operator for, made of those that it has.

use smidgen_ir::ops::abs::Abs;
use smidgen_ir::ops::add::Add;
use smidgen_ir::ops::cast::Cast;
use smidgen_ir::ops::cos::Cos;
use smidgen_ir::ops::div::Div;
use smidgen_ir::ops::elu::Elu;
use smidgen_ir::ops::exp::Exp;
use smidgen_ir::ops::greater::Greater;
use smidgen_ir::ops::less::Less;
use smidgen_ir::ops::log::Log;
use smidgen_ir::ops::maximum::Maximum;
use smidgen_ir::ops::minimum::Minimum;
use smidgen_ir::ops::mul::Mul;
use smidgen_ir::ops::neg::Neg;
use smidgen_ir::ops::relu::Relu;
use smidgen_ir::ops::select_v2::SelectV2;
use smidgen_ir::ops::sin::Sin;
use smidgen_ir::ops::sub::Sub;
use smidgen_ir::ops::tanh::Tanh;
use smidgen_ir::{Activation, DType, Op, TensorIdx};

use crate::findings::Fallible;
use crate::import::Importer;
use crate::node::Node;

const ADD: Op = Op::Add(Add { activation: Activation::None });
const SUB: Op = Op::Sub(Sub { activation: Activation::None });
const MUL: Op = Op::Mul(Mul { activation: Activation::None });
const DIV: Op = Op::Div(Div { activation: Activation::None });

/// The scale and alpha of SELU, from the ONNX specification.
const SELU_GAMMA: f32 = 1.050_701;
const SELU_ALPHA: f32 = 1.673_263_2;

/// Operators one after the other, named after the result and numbered.
struct Steps<'i, 'm> {
    importer: &'i mut Importer<'m>,
    name: String,
    n: usize,
}

impl Steps<'_, '_> {
    fn step(&mut self, op: Op, operands: &[TensorIdx]) -> Fallible<TensorIdx> {
        let operands: Vec<_> = operands.iter().copied().map(Some).collect();
        let name = format!("{}/{}", self.name, self.n);
        self.n += 1;
        self.importer.emit(op, &operands, &name)
    }

    /// A constant that is combined with `x`.
    fn constant(&mut self, x: TensorIdx, value: f32) -> TensorIdx {
        let rank = self.importer.graph.tensor(x).shape.len();
        let name = format!("{}/{}/constant", self.name, self.n);
        self.importer.floats(&name, vec![1; rank.min(1)], &[value])
    }

    /// `x` combined with a constant behind it.
    fn with(&mut self, op: Op, x: TensorIdx, value: f32) -> Fallible<TensorIdx> {
        let constant = self.constant(x, value);
        self.step(op, &[x, constant])
    }

    /// `positive * max(x, 0) + negative * (exp(min(x, 0) / width) - 1)`.
    fn exponential(&mut self, x: TensorIdx, [positive, negative, width]: [f32; 3]) -> Fallible<TensorIdx> {
        let mut above = self.step(Op::Relu(Relu), &[x])?;
        if positive != 1.0 {
            above = self.with(MUL, above, positive)?;
        }
        let mut below = self.with(Op::Minimum(Minimum), x, 0.0)?;
        if width != 1.0 {
            below = self.with(DIV, below, width)?;
        }
        let below = self.step(Op::Elu(Elu), &[below])?;
        let below = self.with(MUL, below, negative)?;
        self.step(ADD, &[above, below])
    }

    /// `log(1 + exp(x))` as `max(x, 0) + log(1 + exp(-|x|))`, which no x overflows.
    fn softplus(&mut self, x: TensorIdx) -> Fallible<TensorIdx> {
        let above = self.step(Op::Relu(Relu), &[x])?;
        let size = self.step(Op::Abs(Abs), &[x])?;
        let less = self.step(Op::Neg(Neg), &[size])?;
        let power = self.step(Op::Exp(Exp), &[less])?;
        let sum = self.with(ADD, power, 1.0)?;
        let rest = self.step(Op::Log(Log), &[sum])?;
        self.step(ADD, &[above, rest])
    }

    /// Whether the comparison holds, as 1 or 0.
    fn indicator(&mut self, comparison: Op, x: TensorIdx) -> Fallible<TensorIdx> {
        let holds = self.with(comparison, x, 0.0)?;
        self.step(Op::Cast(Cast { to: DType::F32 }), &[holds])
    }
}

/// The operators of this file.
pub(super) fn read<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let act = importer.act(node, 0)?;
    let x = act.tensor;
    let mut steps = Steps { importer, name: node.output_name(0).to_owned(), n: 0 };
    let y = match node.op() {
        "Celu" => {
            let alpha = node.float("alpha", 1.0)?;
            steps.exponential(x, [1.0, alpha, alpha])?
        }
        "Elu" => steps.exponential(x, [1.0, node.float("alpha", 1.0)?, 1.0])?,
        "HardSigmoid" => {
            let scaled = steps.with(MUL, x, node.float("alpha", 0.2)?)?;
            let moved = steps.with(ADD, scaled, node.float("beta", 0.5)?)?;
            let positive = steps.with(Op::Maximum(Maximum), moved, 0.0)?;
            steps.with(Op::Minimum(Minimum), positive, 1.0)?
        }
        "Mish" => {
            let softplus = steps.softplus(x)?;
            let factor = steps.step(Op::Tanh(Tanh), &[softplus])?;
            steps.step(MUL, &[x, factor])?
        }
        "Reciprocal" => {
            let one = steps.constant(x, 1.0);
            steps.step(DIV, &[one, x])?
        }
        "Selu" => {
            let gamma = node.float("gamma", SELU_GAMMA)?;
            steps.exponential(x, [gamma, gamma * node.float("alpha", SELU_ALPHA)?, 1.0])?
        }
        "Sign" => {
            let positive = steps.indicator(Op::Greater(Greater), x)?;
            let negative = steps.indicator(Op::Less(Less), x)?;
            steps.step(SUB, &[positive, negative])?
        }
        "Softplus" => steps.softplus(x)?,
        "Softsign" => {
            let size = steps.step(Op::Abs(Abs), &[x])?;
            let divisor = steps.with(ADD, size, 1.0)?;
            steps.step(DIV, &[x, divisor])?
        }
        "Tan" => {
            let (sine, cosine) = (steps.step(Op::Sin(Sin), &[x])?, steps.step(Op::Cos(Cos), &[x])?);
            steps.step(DIV, &[sine, cosine])?
        }
        "ThresholdedRelu" => {
            let above = steps.with(Op::Greater(Greater), x, node.float("alpha", 1.0)?)?;
            let zero = steps.constant(x, 0.0);
            steps.step(Op::SelectV2(SelectV2), &[above, x, zero])?
        }
        other => return Err(format!("{other} is not one of these")),
    };
    importer.result(node, y, act.dims, act.layout)
}
