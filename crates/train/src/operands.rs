//! What an operator may ask about its node while it is compiled; every answer is checked.

use std::ops::Range;

use smidgen_ir::{DType, Graph, NodeIdx, Tensor};

use crate::error::TrainError;
use crate::ops::Role;
use crate::parameters::Parameters;

/// A node with its graph.
#[derive(Debug)]
pub(crate) struct Operands<'a> {
    graph: &'a Graph,
    inputs: Vec<Option<&'a Tensor>>,
    node: NodeIdx,
    output: &'a [usize],
    parameters: &'a Parameters,
    norm: usize,
    place: String,
}

impl<'a> Operands<'a> {
    /// The operands of `node`, which follows `norm` batch normalisations.
    pub(crate) fn new(
        graph: &'a Graph,
        node: NodeIdx,
        parameters: &'a Parameters,
        norm: usize,
    ) -> Result<Self, TrainError> {
        let place = graph.describe(node);
        let broken = |problem: &str| TrainError::graph(place.clone(), problem);
        let found = graph.nodes.get(node.idx()).ok_or_else(|| broken("is not there"))?;
        let output = match found.outputs[..] {
            [output] => graph.get(output).ok_or_else(|| broken("names a tensor that is not there"))?,
            _ => return Err(broken("expected one result")),
        };
        if output.dtype != DType::F32 {
            let problem = format!("makes {}; only float32 can be trained", output.dtype.name());
            return Err(TrainError::graph(place, problem));
        }
        let inputs = found.inputs.iter().map(|input| input.and_then(|idx| graph.get(idx))).collect();
        Ok(Operands { graph, inputs, node, output: &output.shape, parameters, norm, place })
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
