//! How exactly one layer computes, where it is not as the others.

use super::Config;
use serde::{Deserialize, Serialize};
use smidgen_ir::{DType, Graph, Node, OutputQuant, TensorIdx};
use std::collections::BTreeMap;

/// The arithmetic of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Weights of 4 bits, activations of 8.
    Int8x4,
    /// Both of 8 bits.
    Int8,
    /// Activations of 16 bits, weights of 8.
    Int16x8,
    /// Not quantised.
    Float32,
}

impl Precision {
    /// The word for it: `int8x4`, `int8`, `int16x8`, `float32`.
    pub fn name(self) -> &'static str {
        match self {
            Precision::Int8x4 => "int8x4",
            Precision::Int8 => "int8",
            Precision::Int16x8 => "int16x8",
            Precision::Float32 => "float32",
        }
    }

    /// Element type of activations.
    pub(super) fn dtype(self) -> DType {
        match self {
            Precision::Int8x4 | Precision::Int8 => DType::I8,
            Precision::Int16x8 => DType::I16,
            Precision::Float32 => DType::F32,
        }
    }
}

/// Layers by the name of their result, with another precision than the rest.
pub type Layers = BTreeMap<String, Precision>;

/// The name that a node goes by.
pub(crate) fn name<'a>(graph: &'a Graph, node: &Node) -> &'a str {
    node.outputs.first().map_or("", |&output| graph.tensor(output).name.as_str())
}

impl Config {
    /// What all layers have that [`Config::layers`] does not name.
    pub(super) fn precision(&self) -> Precision {
        if self.activation_bits == 16 { Precision::Int16x8 } else { Precision::Int8 }
    }

    /// The precision that was asked for.
    pub(crate) fn asked(&self, graph: &Graph, node: &Node) -> Option<Precision> {
        self.layers.get(name(graph, node)).copied()
    }

    /// Bits of the weights of a layer that may have fewer than 8.
    pub(super) fn bits(&self, graph: &Graph, node: &Node) -> u32 {
        match self.asked(graph, node) {
            None => self.weight_bits,
            Some(Precision::Int8x4) => 4,
            Some(_) => 8,
        }
    }
}

/// The one activation that a node hands on with its own scale, whose precision it then has too.
pub(crate) fn handed_on(graph: &Graph, node: &Node) -> Option<TensorIdx> {
    let mut inputs = node.inputs.iter().flatten().copied().filter(|&input| {
        let tensor = graph.tensor(input);
        !tensor.is_const() && (tensor.quant.is_some() || tensor.dtype == DType::F32)
    });
    let only = inputs.next().filter(|_| node.op.output_quant() == OutputQuant::SameAsInput);
    only.filter(|_| inputs.next().is_none())
}
