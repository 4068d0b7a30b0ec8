//! Whole layers removed: the branch of a residual sum, or a layer whose result has the shape of its input. What is left is trained
//! on; which layers go is what changes the network's output least, one after the other.

use smidgen_ir::ops::relu::Relu;
use smidgen_ir::ops::relu_n1_to_1::ReluN1To1;
use smidgen_ir::ops::relu6::Relu6;
use smidgen_ir::{Activation, Graph, Interpreter, IrError, Node, Op, TensorIdx, passes};

use crate::quantize::floats;
use crate::{CompressError, Context};

/// Inputs that the change of the output is measured on.
const INPUTS: usize = 64;

/// A node that its operand can stand in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Removal {
    node: usize,
    /// What takes the place of its result, before its activation.
    instead: TensorIdx,
}

/// The graph without `n` layers.
///
/// # Errors
/// Fewer layers than that which could go, and no data to choose by.
pub(super) fn without(graph: &Graph, n: u32, context: &mut Context<'_>) -> Result<Graph, CompressError> {
    let inputs = inputs(context)?;
    let expected = outputs(graph, &inputs)?;
    let mut left = graph.clone();
    for done in 0..n {
        let mut best: Option<(f64, Graph, String)> = None;
        for removal in candidates(&left) {
            let (smaller, name) =
                (removal.apply(&left)?, left.tensor(left.nodes[removal.node].outputs[0]).name.clone());
            let made = outputs(&smaller, &inputs)?;
            let change: f64 = made.iter().zip(&expected).map(|(a, b)| f64::from((a - b) * (a - b))).sum();
            let change = if change.is_finite() { change } else { f64::INFINITY };
            if best.as_ref().is_none_or(|(least, ..)| change < *least) {
                best = Some((change, smaller, name));
            }
        }
        let Some((_, smaller, name)) = best else {
            return Err(CompressError::Options(format!(
                "structured_pruning: {n} layers cannot go, only {done}: what can is the branch of a residual sum and a layer whose \
                 result has the shape of its input"
            )));
        };
        context.log.push(format!("structured_pruning: the layer that makes \"{name}\" went"));
        left = smaller;
    }
    Ok(left)
}

/// What could be removed, in the order of the nodes.
fn candidates(graph: &Graph) -> Vec<Removal> {
    let of = |(at, node): (usize, &Node)| {
        let &[output] = node.outputs.as_slice() else { return None };
        let is_activation = |tensor: &TensorIdx| !graph.tensor(*tensor).is_const();
        let operands: Vec<TensorIdx> = node.inputs.iter().flatten().copied().filter(is_activation).collect();
        let shape = |tensor: TensorIdx| &graph.tensor(tensor).shape;
        let instead = match (&node.op, operands.as_slice()) {
            (Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::FullyConnected(_), &[input]) => Some(input),
            // The operand that the other one is made of.
            (Op::Add(_), &[a, b]) if is_made_of(graph, b, a) => Some(a),
            (Op::Add(_), &[a, b]) if is_made_of(graph, a, b) => Some(b),
            _ => None,
        };
        let instead =
            instead.filter(|&instead| shape(instead) == shape(output) && !graph.outputs.contains(&output));
        instead.map(|instead| Removal { node: at, instead })
    };
    graph.nodes.iter().enumerate().filter_map(of).collect()
}

/// Whether `tensor` is computed from `origin`.
fn is_made_of(graph: &Graph, tensor: TensorIdx, origin: TensorIdx) -> bool {
    let mut reached = vec![origin];
    for node in &graph.nodes {
        if node.inputs.iter().flatten().any(|input| reached.contains(input)) {
            reached.extend(&node.outputs);
        }
    }
    tensor != origin && reached.contains(&tensor)
}

impl Removal {
    fn apply(self, graph: &Graph) -> Result<Graph, CompressError> {
        let mut graph = graph.clone();
        let node = &mut graph.nodes[self.node];
        let output = node.outputs[0];
        let activation = node.op.activation_mut().map_or(Activation::None, |activation| *activation);
        let op = match activation {
            Activation::None => None,
            Activation::Relu => Some(Op::Relu(Relu)),
            Activation::Relu6 => Some(Op::Relu6(Relu6)),
            Activation::ReluN1To1 => Some(Op::ReluN1To1(ReluN1To1)),
        };
        match op {
            Some(op) => *node = Node { op, inputs: vec![Some(self.instead)], outputs: vec![output] },
            None => {
                graph.nodes.remove(self.node);
                let inputs = graph.nodes.iter_mut().flat_map(|node| node.inputs.iter_mut().flatten());
                inputs.filter(|input| **input == output).for_each(|input| *input = self.instead);
            }
        }
        let graph = passes::dead_code(&graph)?;
        graph.verify().map_err(IrError::Invalid)?;
        Ok(graph)
    }
}

/// The inputs that a change is measured on.
pub(super) fn inputs(context: &Context<'_>) -> Result<Vec<Vec<u8>>, CompressError> {
    if context.calibration.is_empty() {
        return Err(CompressError::Data(
            "structured_pruning: a change is measured on calibration data, and there are none".into(),
        ));
    }
    Ok(context.calibration.iter().take(INPUTS).map(|input| bytes(input)).collect())
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

pub(super) fn outputs(graph: &Graph, inputs: &[Vec<u8>]) -> Result<Vec<f32>, CompressError> {
    let mut interpreter = Interpreter::new(graph)?;
    let mut outputs = Vec::new();
    for input in inputs {
        interpreter.reset();
        outputs.extend(floats(&interpreter.run(input)?));
    }
    Ok(outputs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::post_training_quantization::tests::Noise;
    use crate::structured_pruning::{Config, Target, apply};
    use smidgen_ir::build::{Builder, Conv};

    /// Two residual branches, of which the second makes nothing, and a layer that keeps its shape.
    fn network() -> Graph {
        let mut noise = Noise(2);
        let mut net = Builder::new("net", move |parameter| noise.values(parameter.n_elements(), 0.4));
        let x = net.input("x", &[1, 6, 6, 4]);
        let x = net.conv_2d(x, Conv::new(8, [3, 3]).relu());
        let branch = net.conv_2d(x, Conv::new(8, [3, 3]).relu());
        let branch = net.conv_2d(branch, Conv::new(8, [3, 3]));
        let x = net.add(x, branch);
        let branch = net.conv_2d(x, Conv::new(16, [1, 1]).relu());
        let branch = net.conv_2d(branch, Conv::new(8, [3, 3]));
        let x = net.add(x, branch);
        let x = net.relu(x);
        let x = net.reshape(x, &[1, -1]);
        let x = net.fully_connected(x, 5);
        let mut graph = net.finish(&[x]).unwrap();
        let node = graph.nodes.iter().rposition(|node| matches!(node.op, Op::Conv2d(_))).unwrap();
        for operand in [1, 2] {
            let tensor = graph.nodes[node].inputs[operand].unwrap();
            let n = graph.tensor(tensor).n_elements();
            graph.tensor_mut(tensor).data = Some(vec![0; 4 * n].into());
        }
        graph
    }

    fn data() -> Vec<Vec<f32>> {
        let mut noise = Noise(9);
        (0..8).map(|_| noise.values(144, 1.0)).collect()
    }

    fn made(n: u32) -> (Result<Graph, CompressError>, Vec<String>) {
        let data = data();
        let mut context = Context::new(&data);
        let config = Config { target: Target::Layers(n), ..Config::default() };
        (apply(&network(), &config, &mut context), context.log)
    }

    #[test]
    fn what_changes_nothing_goes_first_and_with_it_all_that_only_it_reads() {
        let convs =
            |graph: &Graph| graph.nodes.iter().filter(|node| matches!(node.op, Op::Conv2d(_))).count();
        let (graph, log) = made(1);
        let graph = graph.unwrap();
        assert_eq!((convs(&network()), convs(&graph)), (5, 3), "{log:?}");
        let inputs: Vec<Vec<u8>> = data().iter().map(|input| bytes(input)).collect();
        assert_eq!(outputs(&graph, &inputs).unwrap(), outputs(&network(), &inputs).unwrap());
        let less = made(2).0.unwrap();
        assert!(convs(&less) < 3 && less.nodes.iter().all(|node| node.outputs.len() == 1));
    }

    #[test]
    fn more_layers_than_there_are_cannot_go() {
        let error = made(9).0.unwrap_err().to_string();
        assert!(error.contains("9 layers cannot go, only"), "{error}");
        let config = Config { target: Target::Layers(1), ..Config::default() };
        let error = apply(&network(), &config, &mut Context::new(&[])).unwrap_err().to_string();
        assert!(error.contains("measured on calibration data"), "{error}");
        assert!(Config { target: Target::Layers(0), ..Config::default() }.check().is_err());
    }
}
