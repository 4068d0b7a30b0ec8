//! A few weights beside the product: `W ≈ L + S`, with `L` of low rank and most of `S` 0 (Yu et al., *On Compressing Deep Models by
//! Low Rank and Sparse Decomposition*, 2017). Both are found in turn (Zhou and Tao, *GoDec*, 2011): `L` holds half of the energy
//! of what `S` leaves, `S` the largest differences that `L` leaves.

use nalgebra::DMatrix;
use smidgen_ir::ops::add::Add;
use smidgen_ir::{DType, Graph, Node, Op, Tensor, TensorIdx};

use super::{Form, Layer, Part, Windows, rank};

/// How often both are found.
const ROUNDS: usize = 5;

/// Share of the squares that the low rank holds meanwhile.
const ENERGY: f64 = 0.5;

impl Layer {
    /// Takes this share of the weights out of the product; `None` where there is no decomposition.
    pub(super) fn set_apart(&mut self, share: f64, windows: Windows) -> Option<()> {
        let n_kept = ((share * self.values.len() as f64).round() as usize).clamp(1, self.values.len());
        let (rows, columns) = (self.shape[0], self.values.len() / self.shape[0].max(1));
        let mut sparse = vec![0.0; self.values.len()];
        for _ in 0..ROUNDS {
            let rest: Vec<f64> = self.values.iter().zip(&sparse).map(|(value, kept)| value - kept).collect();
            let low = low_rank(DMatrix::from_row_slice(rows, columns, &rest))?;
            let missed = |at: usize| self.values[at] - low[(at / columns, at % columns)];
            let mut order: Vec<usize> = (0..sparse.len()).collect();
            order.sort_by(|&a, &b| missed(b).abs().total_cmp(&missed(a).abs()).then(a.cmp(&b)));
            sparse.fill(0.0);
            order.into_iter().take(n_kept).for_each(|at| sparse[at] = missed(at));
        }
        self.values.iter_mut().zip(&sparse).for_each(|(value, kept)| *value -= kept);
        self.form = Form::of(&self.values, self.shape, windows)?;
        self.sparse = sparse;
        Some(())
    }

    /// Weights beside the product.
    pub(super) fn n_sparse(&self) -> usize {
        self.sparse.iter().filter(|value| **value != 0.0).count()
    }

    /// `node` as the layer that the product takes the place of: it has the bias, and no activation.
    pub(super) fn product(&self, graph: &mut Graph, node: &Node) -> Node {
        let mut product = without_activation(node);
        product.outputs = vec![like(graph, node, "product")];
        product
    }

    /// Puts the layer of the weights beside `product` behind it, and adds both where the result of `node` was.
    pub(super) fn add_sparse(&self, graph: &mut Graph, node: &Node, product: &Node) {
        let Some(&Some(filter)) = node.inputs.get(1) else { return };
        let Tensor { name, shape, .. } = graph.tensor(filter);
        let values: Vec<f32> = self.sparse.iter().map(|value| *value as f32).collect();
        let filter = Tensor::const_f32(format!("{name}/sparse"), shape.clone(), &values);
        let filter = graph.add_tensor(filter);
        let mut sparse = without_activation(node);
        sparse.inputs.truncate(1);
        sparse.inputs.push(Some(filter));
        sparse.outputs = vec![like(graph, node, "sparse")];
        let activation = node.op.clone().activation_mut().map(|activation| *activation).unwrap_or_default();
        let parts = product.outputs.iter().chain(&sparse.outputs).map(|&part| Some(part)).collect();
        let sum = Node { op: Op::Add(Add { activation }), inputs: parts, outputs: node.outputs.clone() };
        graph.nodes.extend([sparse, sum]);
    }
}

fn low_rank(matrix: DMatrix<f64>) -> Option<DMatrix<f64>> {
    let Part { singular, left, right, .. } = Part::of(matrix)?;
    let r = rank::by_energy(&singular, ENERGY);
    let weighted = DMatrix::from_fn(left.nrows(), r, |row, at| left[(row, at)] * singular[at]);
    Some(weighted * right.rows(0, r))
}

fn without_activation(node: &Node) -> Node {
    let mut node = node.clone();
    if let Some(activation) = node.op.activation_mut() {
        *activation = smidgen_ir::Activation::None;
    }
    node
}

/// A tensor like the result of a node.
fn like(graph: &mut Graph, node: &Node, what: &str) -> TensorIdx {
    let result = node.outputs.first().map(|&output| graph.tensor(output));
    let (name, shape) =
        result.map_or_else(Default::default, |result| (result.name.clone(), result.shape.clone()));
    graph.add_tensor(Tensor::activation(format!("{name}/{what}"), DType::F32, shape))
}
