//! Low-rank factorisation: a layer becomes two or three whose product is near to it and which have fewer weights.
//!
//! * FULLY_CONNECTED and 1×1 CONV_2D: by singular values, `W ≈ (U √S)(√S Vᵀ)` (Xue, Li and Gong, *Restructuring of Deep Neural
//!   Network Acoustic Models with Singular Value Decomposition*, 2013);
//! * k×k CONV_2D: by Tucker-2, a 1×1 before, a smaller k×k and a 1×1 behind (Kim et al., *Compression of Deep Convolutional
//!   Neural Networks for Fast and Low Power Mobile Applications*, 2016), or as a k×1 and a 1×k (Jaderberg, Vedaldi and
//!   Zisserman, *Speeding up Convolutional Neural Networks with Low Rank Expansions*, 2014).
//!
//! There is no activation between the parts; the last one has the bias and the activation of the layer. A layer that would
//! not get smaller stays. With [`Config::sparse`] a few weights that no low rank comes near to stand beside the product.

mod rank;
mod sparse;

use nalgebra::{DMatrix, SVD};
use serde::{Deserialize, Serialize};
use smidgen_ir::{Activation, DType, Graph, IrError, Node, Op, Tensor, TensorIdx, passes};

use crate::post_training_quantization::{check_float, prepared};
use crate::{CompressError, Context};

/// How many singular values stay.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Rank {
    /// So many that this share of the squares of all is in them.
    Energy(f64),
    /// So many that this share of the parameters goes: the same energy in all layers.
    Parameters(f64),
    /// Those that stand out of noise, by variational Bayes.
    VariationalBayes,
}

/// What becomes of a CONV_2D with a window of more than 1×1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Windows {
    /// It stays.
    Keep,
    /// 1×1, k×k, 1×1.
    #[default]
    Tucker,
    /// k×1, 1×k.
    Spatial,
}

/// Options.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How many singular values stay.
    pub rank: Rank,
    /// What becomes of a CONV_2D with a window of more than 1×1.
    pub windows: Windows,
    /// Share of a layer's weights that stay beside the product; none when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sparse: Option<f64>,
}

impl Default for Config {
    fn default() -> Self {
        Config { rank: Rank::Parameters(0.5), windows: Windows::default(), sparse: None }
    }
}

impl Config {
    /// Checks that the options make sense.
    ///
    /// # Errors
    /// [`CompressError::Options`] with what was found and expected.
    pub fn check(&self) -> Result<(), CompressError> {
        if let Some(share) = self.sparse.filter(|share| !(*share > 0.0 && *share <= 0.5)) {
            let message = format!("low_rank_factorization: sparse {share}, expected above 0 and at most 0.5");
            return Err(CompressError::Options(message));
        }
        match self.rank {
            Rank::Energy(share) | Rank::Parameters(share) if !(share > 0.0 && share < 1.0) => {
                let message =
                    format!("low_rank_factorization: a share of {share}, expected above 0 and below 1");
                Err(CompressError::Options(message))
            }
            _ => Ok(()),
        }
    }
}

/// The graph with factorised layers. The log of `context` says which, and what they have lost.
///
/// # Errors
/// Options that make no sense or cannot be reached, and a graph that is not float32.
pub fn apply(graph: &Graph, config: &Config, context: &mut Context<'_>) -> Result<Graph, CompressError> {
    config.check()?;
    graph.verify().map_err(IrError::Invalid)?;
    check_float(graph)?;
    let graph = prepared(graph)?;
    let layers: Vec<Layer> = (0..graph.nodes.len()).filter_map(|at| Layer::of(&graph, at, config)).collect();
    let before = parameters(&graph);
    let factorized = match config.rank {
        Rank::Energy(share) => factorized(&graph, &layers, &|part| rank::by_energy(&part.singular, share))?,
        Rank::VariationalBayes => factorized(&graph, &layers, &|part| {
            rank::by_variational_bayes(&part.singular, part.rows, part.columns)
        })?,
        Rank::Parameters(share) => within(&graph, &layers, (1.0 - share) * before as f64, share)?,
    };
    let after = parameters(&factorized);
    context.log.push(format!(
        "low_rank_factorization: {} → {} layers, parameters {before} → {after}",
        graph.nodes.len(),
        factorized.nodes.len()
    ));
    if after >= before {
        let message = "low_rank_factorization: no layer gets smaller at this rank; ask for less energy";
        return Err(CompressError::Options(message.into()));
    }
    Ok(factorized)
}

/// Parameters other than 0.
fn parameters(graph: &Graph) -> usize {
    let values = graph.tensors.iter().filter(|tensor| tensor.is_const()).filter_map(Tensor::f32s);
    values.map(|values| values.iter().filter(|value| **value != 0.0).count()).sum()
}

/// The most energy with which at most this many parameters stay.
fn within(graph: &Graph, layers: &[Layer], budget: f64, share: f64) -> Result<Graph, CompressError> {
    let at = |energy: f64| factorized(graph, layers, &|part| rank::by_energy(&part.singular, energy));
    let smallest = at(0.0)?;
    if parameters(&smallest) as f64 > budget {
        return Err(CompressError::Options(format!(
            "low_rank_factorization: {:.1} % of the parameters cannot go: with rank 1 everywhere {} of {} stay; ask for \
             less",
            100.0 * share,
            parameters(&smallest),
            parameters(graph)
        )));
    }
    let (mut low, mut high, mut best) = (0.0, 1.0, smallest);
    for _ in 0..20 {
        let middle = 0.5 * (low + high);
        let graph = at(middle)?;
        if parameters(&graph) as f64 <= budget {
            (low, best) = (middle, graph);
        } else {
            high = middle;
        }
    }
    Ok(best)
}

/// A matrix with its singular values, descending.
struct Part {
    rows: usize,
    columns: usize,
    singular: Vec<f64>,
    /// Left and right vectors, in the order of the values.
    left: DMatrix<f64>,
    right: DMatrix<f64>,
}

impl Part {
    fn of(matrix: DMatrix<f64>) -> Option<Self> {
        let (rows, columns) = matrix.shape();
        // Sorted, descending.
        let SVD { u, v_t, singular_values } = SVD::new(matrix, true, true);
        let singular: Vec<f64> = singular_values.iter().copied().collect();
        Some(Part { rows, columns, singular, left: u?, right: v_t? })
    }
}

/// How a layer may be factorised.
enum Form {
    /// FULLY_CONNECTED or 1×1: `[out, in]`.
    Product(Part),
    /// k×1 and 1×k: `[k_h * in, out * k_w]`.
    Spatial(Part),
    /// The outputs' and the inputs' vectors.
    Tucker(Part, Part),
}

impl Form {
    /// Of the filter `[o, h, w, i]`; `None` for one that is to stay.
    fn of(values: &[f64], [o, h, w, i]: [usize; 4], windows: Windows) -> Option<Self> {
        let value = |o: usize, y: usize, x: usize, c: usize| values[((o * h + y) * w + x) * i + c];
        Some(match windows {
            _ if h * w == 1 => Form::Product(Part::of(DMatrix::from_fn(o, i, |o, c| value(o, 0, 0, c)))?),
            Windows::Keep => return None,
            Windows::Spatial => Form::Spatial(Part::of(DMatrix::from_fn(h * i, o * w, |row, column| {
                value(column / w, row / i, column % w, row % i)
            }))?),
            Windows::Tucker => Form::Tucker(
                Part::of(DMatrix::from_fn(o, h * w * i, |o, rest| {
                    value(o, rest / i / w, rest / i % w, rest % i)
                }))?,
                Part::of(DMatrix::from_fn(i, h * w * o, |c, rest| {
                    value(rest / h / w, rest / w % h, rest % w, c)
                }))?,
            ),
        })
    }
}

/// The filter of a part of a layer.
struct Factor {
    shape: [usize; 4],
    values: Vec<f32>,
    /// Whether it strides, and dilates, along height and width as the layer does.
    strides: [bool; 2],
}

impl Factor {
    fn new(shape: [usize; 4], strides: [bool; 2], value: impl Fn([usize; 4]) -> f64) -> Self {
        let [a, b, c, d] = shape;
        let of = |at: usize| value([at / d / c / b, at / d / c % b, at / d % c, at % d]) as f32;
        Factor { shape, values: (0..a * b * c * d).map(of).collect(), strides }
    }
}

/// A layer that may be factorised.
struct Layer {
    node: usize,
    /// Filter: outputs, height, width, inputs.
    shape: [usize; 4],
    values: Vec<f64>,
    /// Weights that stand beside the product, and are not in `values`; 0 in all other places.
    sparse: Vec<f64>,
    form: Form,
}

impl Layer {
    fn of(graph: &Graph, at: usize, config: &Config) -> Option<Self> {
        let node = &graph.nodes[at];
        let filter = graph.tensor(node.inputs.get(1).copied().flatten()?);
        let values: Vec<f64> = filter.f32s()?.into_iter().map(f64::from).collect();
        if values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let input = graph.tensor(node.inputs.first().copied().flatten()?);
        let shape = match (&node.op, filter.shape.as_slice()) {
            (Op::FullyConnected(_), &[o, i]) => [o, 1, 1, i],
            (Op::Conv2d(_), &[o, h, w, i]) if input.shape.last() == Some(&i) => [o, h, w, i],
            _ => return None,
        };
        if values.is_empty() {
            return None;
        }
        let mut layer = Layer {
            node: at,
            shape,
            form: Form::of(&values, shape, config.windows)?,
            values,
            sparse: Vec::new(),
        };
        if let Some(share) = config.sparse {
            layer.set_apart(share, config.windows)?;
        }
        Some(layer)
    }

    /// The filters of the parts at these ranks, in the order of the data; `None` where they are no smaller.
    fn factors(&self, rank: &dyn Fn(&Part) -> usize) -> Option<Vec<Factor>> {
        let [o, h, w, i] = self.shape;
        let factors = match &self.form {
            Form::Product(part) => {
                let r = rank(part);
                let root = |at: usize| part.singular[at].sqrt();
                vec![
                    Factor::new([r, 1, 1, i], [true; 2], |[r, _, _, c]| root(r) * part.right[(r, c)]),
                    Factor::new([o, 1, 1, r], [false; 2], |[o, _, _, r]| part.left[(o, r)] * root(r)),
                ]
            }
            Form::Spatial(part) => {
                let r = rank(part);
                let root = |at: usize| part.singular[at].sqrt();
                let first = |[r, y, _, c]: [usize; 4]| part.left[(y * i + c, r)] * root(r);
                let second = |[o, _, x, r]: [usize; 4]| root(r) * part.right[(r, o * w + x)];
                vec![
                    Factor::new([r, h, 1, i], [true, false], first),
                    Factor::new([o, 1, w, r], [false, true], second),
                ]
            }
            Form::Tucker(outputs, inputs) => {
                let (r_o, r_i) = (rank(outputs), rank(inputs));
                let core = self.core(&outputs.left, &inputs.left, [r_o, r_i]);
                vec![
                    Factor::new([r_i, 1, 1, i], [false; 2], |[q, _, _, c]| inputs.left[(c, q)]),
                    Factor::new([r_o, h, w, r_i], [true; 2], |[p, y, x, q]| core[(p, (y * w + x) * r_i + q)]),
                    Factor::new([o, 1, 1, r_o], [false; 2], |[o, _, _, p]| outputs.left[(o, p)]),
                ]
            }
        };
        let n: usize = factors.iter().map(|factor| factor.values.len()).sum();
        (n + self.n_sparse() < self.values.len()).then_some(factors)
    }

    /// The filter seen from the first vectors of its outputs and inputs: `[r_o, (h * w) * r_i]`.
    fn core(&self, outputs: &DMatrix<f64>, inputs: &DMatrix<f64>, [r_o, r_i]: [usize; 2]) -> DMatrix<f64> {
        let [o, h, w, i] = self.shape;
        let taps = DMatrix::from_row_slice(o * h * w, i, &self.values) * inputs.columns(0, r_i);
        let by_output = DMatrix::from_fn(o, h * w * r_i, |o, at| taps[(o * h * w + at / r_i, at % r_i)]);
        outputs.columns(0, r_o).transpose() * by_output
    }
}

fn factorized(
    graph: &Graph,
    layers: &[Layer],
    rank: &dyn Fn(&Part) -> usize,
) -> Result<Graph, CompressError> {
    let mut made = graph.clone();
    made.nodes.clear();
    for (at, node) in graph.nodes.iter().enumerate() {
        let layer = layers.iter().find(|layer| layer.node == at);
        match layer.and_then(|layer| Some((layer, layer.factors(rank)?))) {
            Some((layer, factors)) if layer.sparse.is_empty() => replace(&mut made, node, factors)?,
            Some((layer, factors)) => {
                let product = layer.product(&mut made, node);
                replace(&mut made, &product, factors)?;
                layer.add_sparse(&mut made, node, &product);
            }
            None => made.nodes.push(node.clone()),
        }
    }
    let made = passes::dead_code(&made)?;
    made.verify().map_err(IrError::Invalid)?;
    Ok(made)
}

/// Puts a chain of layers where `node` was.
fn replace(graph: &mut Graph, node: &Node, factors: Vec<Factor>) -> Result<(), CompressError> {
    let n = factors.len();
    let name = node.outputs.first().map_or_else(String::new, |&output| graph.tensor(output).name.clone());
    let is_dense = matches!(node.op, Op::FullyConnected(_));
    let mut x = node.inputs.first().copied().flatten();
    for (part, factor) in factors.into_iter().enumerate() {
        let is_last = part + 1 == n;
        let op = part_of(&node.op, factor.strides, is_last);
        let [o, _, _, i] = factor.shape;
        let shape = if is_dense { vec![o, i] } else { factor.shape.to_vec() };
        let filter = Tensor::const_f32(format!("{name}/factor_{part}"), shape, &factor.values);
        let mut inputs = vec![x, Some(graph.add_tensor(filter))];
        if is_last {
            inputs.extend(node.inputs.iter().skip(2));
        }
        let output = match node.outputs.first() {
            Some(&output) if is_last => output,
            _ => between(graph, &op, &inputs, format!("{name}/rank_{part}"))?,
        };
        graph.nodes.push(Node { op, inputs, outputs: vec![output] });
        x = Some(output);
    }
    Ok(())
}

/// The operator of a part: it strides and dilates where its factor does, and activates where it is the last.
fn part_of(op: &Op, strides: [bool; 2], is_last: bool) -> Op {
    let mut op = op.clone();
    if let Op::Conv2d(conv) = &mut op {
        for (axis, _) in strides.into_iter().enumerate().filter(|(_, strides)| !strides) {
            (conv.stride[axis], conv.dilation[axis]) = (1, 1);
        }
    }
    if let Some(activation) = op.activation_mut().filter(|_| !is_last) {
        *activation = Activation::None;
    }
    op
}

fn between(
    graph: &mut Graph,
    op: &Op,
    inputs: &[Option<TensorIdx>],
    name: String,
) -> Result<TensorIdx, CompressError> {
    let operands: Vec<Option<&Tensor>> =
        inputs.iter().map(|input| input.map(|idx| graph.tensor(idx))).collect();
    let place = || name.clone();
    let inferred = op.infer(&operands).map_err(|message| CompressError::Place { place: place(), message })?;
    let shape = inferred.into_iter().next().map(|result| result.shape).unwrap_or_default();
    Ok(graph.add_tensor(Tensor::activation(name, DType::F32, shape)))
}

#[cfg(test)]
mod tests;
