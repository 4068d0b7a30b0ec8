//! Makes GRU of FULLY_CONNECTED and element-wise operators, step by step, for formats and runtimes that lack it.

use crate::build::Builder;
use crate::error::IrError;
use crate::graph::{Graph, Node, TensorIdx};
use crate::ops::Op;
use crate::ops::add::Add;
use crate::ops::concatenation::Concatenation;
use crate::ops::fully_connected::FullyConnected;
use crate::ops::gru::Gru;
use crate::ops::logistic::Logistic;
use crate::ops::mul::Mul;
use crate::ops::reshape::Reshape;
use crate::ops::split::Split;
use crate::ops::sub::Sub;
use crate::ops::tanh::Tanh;
use crate::tensor::Tensor;

/// Longer sequences are left as they are: each step is about fifteen nodes.
const MAX_STEPS: usize = 256;

/// TFLM's CONCATENATION takes at most ten operands (`kMaxInputNum`).
const MAX_JOINED: usize = 10;

/// The graph with every GRU unrolled that runs over one sequence of at most 256 steps with constant weights. Products
/// are added in the order of the GRU's definition.
///
/// # Errors
/// [`IrError::Invalid`] for a graph that the verifier refuses.
pub fn unroll_gru(graph: &Graph) -> Result<Graph, IrError> {
    graph.verify().map_err(IrError::Invalid)?;
    if !graph.nodes.iter().any(|node| matches!(node.op, Op::Gru(_))) {
        return Ok(graph.clone());
    }
    let mut net = Builder::on(Graph { nodes: Vec::new(), ..graph.clone() }, |_| Vec::new());
    for node in &graph.nodes {
        let layer = match &node.op {
            Op::Gru(op) => Layer::of(graph, node, op),
            _ => None,
        };
        match layer {
            Some(layer) => layer.unroll(&mut net),
            None => net.push(node.clone()),
        }
    }
    net.finish(&graph.outputs)
}

/// One GRU over one sequence.
struct Layer<'g> {
    op: &'g Gru,
    name: &'g str,
    input: TensorIdx,
    initial: Option<TensorIdx>,
    output: TensorIdx,
    steps: usize,
    in_c: usize,
    units: usize,
    /// `[3 * units, in_c]`, `[3 * units, units]`, `[6 * units]`.
    weights: Vec<f32>,
    recurrent: Vec<f32>,
    bias: Vec<f32>,
}

impl<'g> Layer<'g> {
    fn of(graph: &'g Graph, node: &Node, op: &'g Gru) -> Option<Self> {
        let operand = |at: usize| node.inputs.get(at).copied().flatten();
        let values = |at: usize| graph.tensor(operand(at)?).f32s();
        let (input, output) = (operand(0)?, *node.outputs.first()?);
        let (steps, in_c) = match *graph.tensor(input).shape.as_slice() {
            [1, steps, in_c] if !op.time_major => (steps, in_c),
            [steps, 1, in_c] if op.time_major => (steps, in_c),
            _ => return None,
        };
        let units = *graph.tensor(output).shape.last()?;
        let bias = match operand(3) {
            Some(_) => values(3)?,
            None => vec![0.0; 6 * units],
        };
        let name = graph.tensor(output).name.as_str();
        let (weights, recurrent, initial) = (values(1)?, values(2)?, operand(4));
        let layer = Layer { op, name, input, initial, output, steps, in_c, units, weights, recurrent, bias };
        (1..=MAX_STEPS).contains(&steps).then_some(layer)
    }

    fn unroll(&self, net: &mut Builder<'_>) {
        let Layer { steps, in_c, units, .. } = *self;
        let rows = net.reshape(self.input, &[steps as i32, in_c as i32]);
        let of_input = self.dense(net, rows, "input", &self.weights, in_c, &self.bias[..3 * units]);
        let of_input = split(net, of_input, 0, steps);
        let of_state = self.state_products(net);
        let one = net.constant(Tensor::const_f32(format!("{}/one", self.name), vec![1], &[1.0]));
        let mut hidden = match self.initial {
            Some(initial) => initial,
            None => {
                let zeros = vec![0.0; units];
                net.constant(Tensor::const_f32(format!("{}/start", self.name), vec![1, units], &zeros))
            }
        };
        let mut results = vec![hidden; steps];
        for at in 0..steps {
            let at = if self.op.reverse { steps - 1 - at } else { at };
            hidden = self.step(net, of_input[at], hidden, &of_state, one);
            results[at] = hidden;
        }
        while results.len() > 1 {
            results = results.chunks(MAX_JOINED).map(|part| join(net, part)).collect();
        }
        let joined = results[0];
        let shape = net.shape(self.output).iter().map(|&extent| extent as i32).collect();
        let (op, inputs) = (Op::Reshape(Reshape { shape }), vec![Some(joined)]);
        net.push(Node { op, inputs, outputs: vec![self.output] });
    }

    /// Weights and biases of the state: of all gates, or of the new gate apart where the reset comes before its product.
    fn state_products(&self, net: &mut Builder<'_>) -> Vec<[TensorIdx; 2]> {
        let (units, first) = (self.units, if self.op.reset_after { 3 } else { 2 });
        let (rows, bias) = (first * units, 3 * units);
        let mut products = vec![self.parameters(
            net,
            "state",
            &self.recurrent[..rows * units],
            units,
            &self.bias[bias..bias + rows],
        )];
        if !self.op.reset_after {
            products.push(self.parameters(
                net,
                "reset_state",
                &self.recurrent[rows * units..],
                units,
                &self.bias[bias + rows..],
            ));
        }
        products
    }

    /// The state after a step: `(1 - z) * n + z * h`.
    fn step(
        &self,
        net: &mut Builder<'_>,
        of_input: TensorIdx,
        hidden: TensorIdx,
        of_state: &[[TensorIdx; 2]],
        one: TensorIdx,
    ) -> TensorIdx {
        let input = split(net, of_input, 1, 3);
        let product = |net: &mut Builder<'_>, at: usize, x: TensorIdx| {
            let [weights, bias] = of_state[at];
            let op = Op::FullyConnected(FullyConnected::default());
            net.node(op, &[Some(x), Some(weights), Some(bias)], None)
        };
        let state = product(net, 0, hidden);
        let state = split(net, state, 1, if self.op.reset_after { 3 } else { 2 });
        let gate = |net: &mut Builder<'_>, at: usize| {
            let sum = net.node(Op::Add(Add::default()), &[Some(input[at]), Some(state[at])], None);
            net.node(Op::Logistic(Logistic), &[Some(sum)], None)
        };
        let (update, reset) = (gate(net, 0), gate(net, 1));
        let from_state = if self.op.reset_after {
            mul(net, reset, state[2])
        } else {
            let reset = mul(net, reset, hidden);
            product(net, 1, reset)
        };
        let new = net.node(Op::Add(Add::default()), &[Some(input[2]), Some(from_state)], None);
        let new = net.node(Op::Tanh(Tanh), &[Some(new)], None);
        let keep = net.node(Op::Sub(Sub::default()), &[Some(one), Some(update)], None);
        let (new, old) = (mul(net, keep, new), mul(net, update, hidden));
        net.node(Op::Add(Add::default()), &[Some(new), Some(old)], None)
    }

    fn dense(
        &self,
        net: &mut Builder<'_>,
        x: TensorIdx,
        name: &str,
        weights: &[f32],
        in_c: usize,
        bias: &[f32],
    ) -> TensorIdx {
        let [weights, bias] = self.parameters(net, name, weights, in_c, bias);
        let op = Op::FullyConnected(FullyConnected::default());
        net.node(op, &[Some(x), Some(weights), Some(bias)], None)
    }

    fn parameters(
        &self,
        net: &mut Builder<'_>,
        name: &str,
        weights: &[f32],
        in_c: usize,
        bias: &[f32],
    ) -> [TensorIdx; 2] {
        let shape = vec![bias.len(), in_c];
        let weights = Tensor::const_f32(format!("{}/{name}_weights", self.name), shape, weights);
        let bias = Tensor::const_f32(format!("{}/{name}_bias", self.name), vec![bias.len()], bias);
        [net.constant(weights), net.constant(bias)]
    }
}

fn join(net: &mut Builder<'_>, rows: &[TensorIdx]) -> TensorIdx {
    let operands: Vec<_> = rows.iter().copied().map(Some).collect();
    net.node(Op::Concatenation(Concatenation { axis: 0 }), &operands, None)
}

fn split(net: &mut Builder<'_>, x: TensorIdx, axis: i32, parts: usize) -> Vec<TensorIdx> {
    net.nodes(Op::Split(Split { axis, parts }), &[Some(x)], &[])
}

fn mul(net: &mut Builder<'_>, a: TensorIdx, b: TensorIdx) -> TensorIdx {
    net.node(Op::Mul(Mul::default()), &[Some(a), Some(b)], None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Interpreter;
    use crate::tensor::DType;

    /// A GRU with waves for weights over waves.
    fn gru(op: Gru, initial: bool, bias: bool) -> Graph {
        let (steps, in_c, units) = (12, 3, 4);
        let wave =
            |n: usize, phase: f32| (0..n).map(|at| (at as f32 * 0.9 + phase).sin()).collect::<Vec<_>>();
        let shape = if op.time_major { [steps, 1, in_c] } else { [1, steps, in_c] };
        let mut net = Builder::new("gru", |_| Vec::new());
        let x = net.input("x", &shape);
        let constant = |net: &mut Builder<'_>, shape: &[usize], phase: f32| {
            let values = wave(shape.iter().product(), phase);
            Some(net.constant(Tensor::const_f32("parameter", shape.to_vec(), &values)))
        };
        let weights = constant(&mut net, &[3 * units, in_c], 0.1);
        let recurrent = constant(&mut net, &[3 * units, units], 0.2);
        let bias = if bias { constant(&mut net, &[6 * units], 0.3) } else { None };
        let initial = if initial { constant(&mut net, &[1, units], 0.4) } else { None };
        let y = net.node(Op::Gru(op), &[Some(x), weights, recurrent, bias, initial], None);
        net.finish(&[y]).unwrap()
    }

    #[test]
    fn an_unrolled_gru_gives_the_same() {
        for bits in 0..32 {
            let [time_major, reverse, reset_after, initial, bias] =
                [1, 2, 4, 8, 16].map(|bit| bits & bit != 0);
            let graph = gru(Gru { time_major, reverse, reset_after }, initial, bias);
            let unrolled = unroll_gru(&graph).unwrap();
            assert!(!unrolled.nodes.iter().any(|node| matches!(node.op, Op::Gru(_))));
            let input: Vec<u8> = (0..36).flat_map(|at| (at as f32 * 0.37).cos().to_le_bytes()).collect();
            let run = |graph: &Graph| Interpreter::new(graph).unwrap().run(&input).unwrap();
            assert_eq!(run(&unrolled), run(&graph), "case {bits}");
        }
    }

    #[test]
    fn what_cannot_be_unrolled_stays() {
        let mut net = Builder::new("gru", |_| Vec::new());
        let x = net.input("x", &[2, 3, 1]);
        let weights = net.constant(Tensor::const_f32("w", vec![3, 1], &[0.5; 3]));
        let op = Gru { time_major: false, reverse: false, reset_after: false };
        let y = net.node(Op::Gru(op), &[Some(x), Some(weights), Some(weights)], None);
        let graph = net.finish(&[y]).unwrap();
        assert_eq!(unroll_gru(&graph).unwrap(), graph);
        assert_eq!(graph.tensor(graph.outputs[0]).dtype, DType::F32);
    }
}
