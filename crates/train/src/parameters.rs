//! Which constants of a graph are trained, and where they stand in one flat array.

use std::ops::Range;

use smidgen_ir::{DType, Graph, NodeIdx, TensorIdx};

use crate::error::TrainError;
use crate::ops::{Role, roles};

/// A constant that training changes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parameter {
    pub(crate) tensor: TensorIdx,
    pub(crate) role: Role,
    /// Elements in the array of trained values, or of moving ones.
    pub(crate) range: Range<usize>,
}

/// All parameters: those with weight decay first, then the other trained ones and those that are frozen, which have no
/// gradient; the moving ones in an array of their own.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Parameters {
    pub(crate) list: Vec<Parameter>,
    /// Trained elements subject to weight decay.
    pub(crate) n_decayed: usize,
    /// Trained elements.
    pub(crate) n_trained: usize,
    /// Elements of moving means and variances.
    pub(crate) n_moving: usize,
}

impl Parameters {
    /// The parameters of the nodes for which `is_live` holds; those of the first `frozen` nodes only are frozen.
    pub(crate) fn of(graph: &Graph, is_live: &[bool], frozen: usize) -> Result<Self, TrainError> {
        let mut found: Vec<(TensorIdx, Role)> = Vec::new();
        let mut trained: Vec<TensorIdx> = Vec::new();
        for (at, node) in
            (0u32..).zip(&graph.nodes).filter(|(at, _)| is_live.get(*at as usize) == Some(&true))
        {
            for &(operand, role) in roles(&node.op) {
                let Some(&Some(tensor)) = node.inputs.get(operand) else { continue };
                let constant =
                    graph.get(tensor).filter(|tensor| tensor.is_const() && tensor.dtype == DType::F32);
                if constant.is_none() {
                    let problem = format!("operand {operand} must be a float32 constant to be trained");
                    return Err(TrainError::graph(graph.describe(NodeIdx(at)), problem));
                }
                match found.iter().find(|(other, _)| *other == tensor) {
                    Some((_, other)) if *other != role => {
                        let problem = format!(
                            "operand {operand} also serves as {other:?} elsewhere; copy the constant"
                        );
                        return Err(TrainError::graph(graph.describe(NodeIdx(at)), problem));
                    }
                    Some(_) => {}
                    None => found.push((tensor, role)),
                }
                if at as usize >= frozen {
                    trained.push(tensor);
                }
            }
        }
        let mut parameters = Parameters::default();
        for (wanted, is_trained) in
            [(Role::Weights, true), (Role::Trained, true), (Role::Weights, false), (Role::Trained, false)]
        {
            let own = |(tensor, role): &&(TensorIdx, Role)| {
                *role == wanted && trained.contains(tensor) == is_trained
            };
            for &(tensor, role) in found.iter().filter(own) {
                parameters.place(tensor, role, graph.tensor(tensor).n_elements(), is_trained);
            }
        }
        for &(tensor, role) in found.iter().filter(|(_, role)| *role == Role::Moving) {
            parameters.place(tensor, role, graph.tensor(tensor).n_elements(), true);
        }
        Ok(parameters)
    }

    fn place(&mut self, tensor: TensorIdx, role: Role, n_elements: usize, is_trained: bool) {
        let end = if role == Role::Moving { &mut self.n_moving } else { &mut self.n_trained };
        let range = *end..*end + n_elements;
        *end = range.end;
        if role == Role::Weights && is_trained {
            self.n_decayed = range.end;
        }
        self.list.push(Parameter { tensor, role, range });
    }

    /// Place for `n` learnt scales, which belong to no tensor of the graph.
    pub(crate) fn place_scales(&mut self, n: usize) -> Range<usize> {
        let start = self.n_trained;
        self.n_trained += n;
        start..self.n_trained
    }

    /// Where the elements of `tensor` stand.
    pub(crate) fn find(&self, tensor: TensorIdx) -> Option<&Parameter> {
        self.list.iter().find(|parameter| parameter.tensor == tensor)
    }

    /// Where the elements of `tensor` stand, if it is trained.
    pub(crate) fn trained(&self, tensor: TensorIdx) -> Option<Range<usize>> {
        self.find(tensor).filter(|parameter| parameter.role != Role::Moving).map(|found| found.range.clone())
    }

    /// Reads the trained and the moving values out of a graph.
    pub(crate) fn load(&self, graph: &Graph) -> (Vec<f32>, Vec<f32>) {
        let (mut trained, mut moving) = (vec![0.0; self.n_trained], vec![0.0; self.n_moving]);
        for Parameter { tensor, role, range } in &self.list {
            let values = graph.tensor(*tensor).f32s().unwrap_or_default();
            let array = if *role == Role::Moving { &mut moving } else { &mut trained };
            array[range.clone()].copy_from_slice(&values);
        }
        (trained, moving)
    }

    /// Writes the trained and the moving values into a graph.
    pub(crate) fn store(&self, trained: &[f32], moving: &[f32], graph: &mut Graph) {
        for Parameter { tensor, role, range } in &self.list {
            let array = if *role == Role::Moving { moving } else { trained };
            let bytes = array[range.clone()].iter().flat_map(|value| value.to_le_bytes()).collect();
            graph.tensor_mut(*tensor).data = Some(bytes);
        }
    }
}
