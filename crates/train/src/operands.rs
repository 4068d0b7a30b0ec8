//! What an operator may ask about its node while it is compiled; every answer is checked.

use std::ops::Range;

use smidgen_ir::build::Builder;
use smidgen_ir::{DType, Graph, Interpreter, IrError, Node, NodeIdx, Op, Tensor};

use crate::error::TrainError;
use crate::ops::Role;
use crate::parameters::Parameters;

/// A node with its graph.
#[derive(Debug)]
pub(crate) struct Operands<'a> {
    graph: &'a Graph,
    inputs: Vec<Option<&'a Tensor>>,
    node: NodeIdx,
    /// Which result of the node is meant, and its shape.
    result: usize,
    output: &'a [usize],
    parameters: &'a Parameters,
    norm: usize,
    place: String,
}

impl<'a> Operands<'a> {
    /// The operands of `node` and its result `result`; it follows `norm` batch normalisations.
    pub(crate) fn new(
        graph: &'a Graph,
        (node, result): (NodeIdx, usize),
        parameters: &'a Parameters,
        norm: usize,
    ) -> Result<Self, TrainError> {
        let place = graph.describe(node);
        let broken = |problem: &str| TrainError::graph(place.clone(), problem);
        let found = graph.nodes.get(node.idx()).ok_or_else(|| broken("is not there"))?;
        let output = found.outputs.get(result).and_then(|&output| graph.get(output));
        let output = output.ok_or_else(|| broken("names a tensor that is not there"))?;
        if output.dtype != DType::F32 {
            let problem = format!("makes {}; only float32 can be trained", output.dtype.name());
            return Err(TrainError::graph(place, problem));
        }
        let inputs = found.inputs.iter().map(|input| input.and_then(|idx| graph.get(idx))).collect();
        Ok(Operands { graph, inputs, node, result, output: &output.shape, parameters, norm, place })
    }

    /// The node's name for errors.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// Shape of the result.
    pub(crate) fn output(&self) -> &'a [usize] {
        self.output
    }

    /// Number of batch normalisations before this node.
    pub(crate) fn norm(&self) -> usize {
        self.norm
    }

    fn tensor(&self, operand: usize) -> Result<&'a Tensor, TrainError> {
        let missing = || TrainError::graph(self.place(), format!("operand {operand} is missing"));
        self.inputs.get(operand).copied().flatten().ok_or_else(missing)
    }

    /// Shape of an operand.
    pub(crate) fn shape(&self, operand: usize) -> Result<&'a [usize], TrainError> {
        Ok(&self.tensor(operand)?.shape)
    }

    /// Last extent of an operand's shape, at least 1.
    pub(crate) fn last_extent(&self, operand: usize) -> Result<usize, TrainError> {
        match self.shape(operand)?.last() {
            Some(&extent) if extent > 0 => Ok(extent),
            _ => Err(TrainError::graph(
                self.place(),
                format!("operand {operand} has no elements along its last axis"),
            )),
        }
    }

    /// The values of an operand that is a float32 constant; `None` when it is an activation.
    pub(crate) fn constant(&self, operand: usize) -> Result<Option<Vec<f32>>, TrainError> {
        let tensor = self.tensor(operand)?;
        match tensor.f32s() {
            None if tensor.is_const() => {
                let problem = format!("operand {operand} is {}; expected float32", tensor.dtype.name());
                Err(TrainError::graph(self.place(), problem))
            }
            values => Ok(values),
        }
    }

    /// The operands that are float32 activations, with their elements.
    pub(crate) fn activations(&self) -> Vec<(usize, usize)> {
        let inputs = self.inputs.iter().enumerate();
        let inputs = inputs.filter_map(|(at, input)| Some((at, (*input)?)));
        let activations = inputs.filter(|(_, tensor)| is_activation(tensor));
        activations.map(|(at, tensor)| (at, tensor.n_elements())).collect()
    }

    /// The result of the node alone, for these values of its activations, one after the other.
    pub(crate) fn run(&self, values: &[f32]) -> Result<Vec<f32>, TrainError> {
        let node = &self.graph.nodes[self.node.idx()];
        let mut alone = Graph::default();
        let mut operands = Vec::with_capacity(node.inputs.len());
        for input in &self.inputs {
            let idx = input.map(|tensor| (alone.add_tensor(tensor.clone()), is_activation(tensor)));
            if let Some((idx, true)) = idx {
                alone.inputs.push(idx);
            }
            operands.push(idx.map(|(idx, _)| idx));
        }
        let results = node.outputs.iter().map(|&output| alone.add_tensor(self.graph.tensor(output).clone()));
        let results: Vec<_> = results.collect();
        alone.outputs = results.get(self.result).copied().into_iter().collect();
        alone.nodes.push(Node { op: node.op.clone(), inputs: operands, outputs: results });
        evaluate(&alone, values).map_err(|error| self.refuse(error.to_string()))
    }

    /// Checks that input 0 has as many elements as the result.
    pub(crate) fn same_elements(&self) -> Result<(), TrainError> {
        let shape = self.shape(0)?;
        if shape.iter().product::<usize>() == self.output.iter().product::<usize>() {
            return Ok(());
        }
        let problem = format!("an input of {shape:?} and a result of {:?} differ in size", self.output);
        Err(TrainError::graph(self.place(), problem))
    }

    /// Shape of an operand of `N` dimensions.
    pub(crate) fn extents<const N: usize>(&self, operand: usize) -> Result<[usize; N], TrainError> {
        let shape = self.shape(operand)?;
        let problem = || {
            TrainError::graph(self.place(), format!("operand {operand} is {shape:?}, not of {N} dimensions"))
        };
        shape.try_into().map_err(|_| problem())
    }

    /// An error at this node.
    pub(crate) fn refuse(&self, problem: impl Into<String>) -> TrainError {
        TrainError::graph(self.place(), problem)
    }

    fn range(&self, operand: usize, len: usize, is_moving: bool) -> Result<Range<usize>, TrainError> {
        self.tensor(operand)?;
        let idx = self
            .graph
            .nodes
            .get(self.node.idx())
            .and_then(|node| node.inputs.get(operand).copied().flatten());
        let parameter = idx.and_then(|idx| self.parameters.find(idx));
        match parameter.filter(|parameter| (parameter.role == Role::Moving) == is_moving) {
            Some(parameter) if parameter.range.len() == len => Ok(parameter.range.clone()),
            Some(parameter) => {
                let problem =
                    format!("operand {operand} has {} elements, expected {len}", parameter.range.len());
                Err(TrainError::graph(self.place(), problem))
            }
            None => {
                Err(TrainError::graph(self.place(), format!("operand {operand} is not a trained constant")))
            }
        }
    }

    /// Where a trained operand of `len` elements stands in the parameters.
    pub(crate) fn param(&self, operand: usize, len: usize) -> Result<Range<usize>, TrainError> {
        self.range(operand, len, false)
    }

    /// The same for an operand that may be absent.
    pub(crate) fn optional_param(
        &self,
        operand: usize,
        len: usize,
    ) -> Result<Option<Range<usize>>, TrainError> {
        match self.inputs.get(operand) {
            Some(Some(_)) => self.range(operand, len, false).map(Some),
            _ => Ok(None),
        }
    }

    /// Where a moving statistic of `len` elements stands among the moving values.
    pub(crate) fn moving(&self, operand: usize, len: usize) -> Result<Range<usize>, TrainError> {
        self.range(operand, len, true)
    }
}

fn is_activation(tensor: &Tensor) -> bool {
    tensor.dtype == DType::F32 && !tensor.is_const() && !tensor.is_variable
}

/// The result of an operator with one operand of this shape and these values.
pub(crate) fn run(op: &Op, shape: Vec<usize>, values: &[f32]) -> Result<Vec<f32>, IrError> {
    let mut net = Builder::new("node", |_| Vec::new());
    let x = net.input("x", &shape);
    let y = net.node(op.clone(), &[Some(x)], None);
    evaluate(&net.finish(&[y])?, values)
}

fn evaluate(graph: &Graph, values: &[f32]) -> Result<Vec<f32>, IrError> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let bytes = Interpreter::new(graph)?.run(&bytes)?;
    let words = bytes.as_chunks::<4>().0;
    Ok(words.iter().map(|word| f32::from_le_bytes(*word)).collect())
}
