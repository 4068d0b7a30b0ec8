//! BatchNormalization, LayerNormalization, RMSNormalization, InstanceNormalization, GroupNormalization and
//! LpNormalization.

use smidgen_ir::ops::add::Add;
use smidgen_ir::ops::batch_normalization::BatchNormalization;
use smidgen_ir::ops::l2_normalization::L2Normalization;
use smidgen_ir::ops::mean::Mean;
use smidgen_ir::ops::mul::Mul;
use smidgen_ir::ops::rsqrt::Rsqrt;
use smidgen_ir::ops::sub::Sub;
use smidgen_ir::{Activation, Op, TensorIdx};

use super::encode::Written;
use super::movement::narrow;
use crate::findings::Fallible;
use crate::import::Importer;
use crate::layout::Layout;
use crate::node::{Node, axis};
use crate::write::{Writer, float};

const MUL: Op = Op::Mul(Mul { activation: Activation::None });
const ADD: Op = Op::Add(Add { activation: Activation::None });
const SUB: Op = Op::Sub(Sub { activation: Activation::None });

/// BatchNormalization for inference: folded into the layer before it where that is possible, else MUL and ADD.
pub(super) fn batch<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    if node.flag("training_mode")? {
        return Err("it is in training mode; export the model for inference (model.eval())".to_owned());
    }
    if node.opset < 9 && node.int("spatial", 1)? == 0 {
        return Err(
            "statistics for each place (spatial = 0) are not supported; train with one for each channel"
                .into(),
        );
    }
    let epsilon = node.float("epsilon", 1e-5)?;
    let act = importer.act(node, 0)?;
    let rank = act.rank();
    if rank < 2 {
        return Err(format!("its input must have at least 2 dimensions, found {:?}", act.dims));
    }
    let channels = act.dims[1];
    let mut parameters = Vec::new();
    for at in 1..5 {
        let values = importer.constant(node, at)?.to_floats();
        if values.len() != channels {
            return Err(format!(
                "operand {at} has {} values for {channels} channels; export the model again",
                values.len()
            ));
        }
        parameters.push(values);
    }
    let [gamma, beta, mean, variance] = &parameters[..] else { return Err("it lacks operands".to_owned()) };
    let last = act.layout.place(1).is_some_and(|place| place + 1 == act.layout.0.len());
    let layout = if last { act.layout.clone() } else { Layout::channels_last(rank) };
    let x = importer.stored(&act, &layout)?;
    let name = node.output_name(0);
    let producer = importer.graph.producer(x).and_then(|idx| importer.graph.nodes.get(idx.idx()));
    let behind_layer = producer.is_some_and(|layer| {
        matches!(layer.op, Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::FullyConnected(_))
    });
    let input = node.input_name(0);
    let y = if behind_layer && importer.uses(input).len() == 1 && !importer.is_output(input) {
        let constants = [("gamma", gamma), ("beta", beta), ("mean", mean), ("variance", variance)]
            .map(|(part, values)| Some(importer.floats(&format!("{name}/{part}"), vec![channels], values)));
        let operands: Vec<_> = [Some(x)].into_iter().chain(constants).collect();
        importer.emit(Op::BatchNormalization(BatchNormalization { epsilon }), &operands, name)?
    } else {
        let deviation = |at: usize| (f64::from(variance[at]) + f64::from(epsilon)).sqrt();
        let factor = |at: usize| f64::from(gamma[at]) / deviation(at);
        let factors: Vec<f32> = (0..channels).map(|at| factor(at) as f32).collect();
        let offset = |at: usize| (f64::from(beta[at]) - f64::from(mean[at]) * factor(at)) as f32;
        let offsets: Vec<f32> = (0..channels).map(offset).collect();
        scaled(importer, x, &factors, &offsets, name)?
    };
    importer.result(node, y, act.dims, layout)
}

/// `x * factors + offsets` along the last dimension.
fn scaled(
    importer: &mut Importer<'_>,
    x: TensorIdx,
    factors: &[f32],
    offsets: &[f32],
    name: &str,
) -> Fallible<TensorIdx> {
    let factors = importer.floats(&format!("{name}/factor"), vec![factors.len()], factors);
    let product = importer.emit(MUL, &[Some(x), Some(factors)], &format!("{name}/scaled"))?;
    let offsets = importer.floats(&format!("{name}/offset"), vec![offsets.len()], offsets);
    importer.emit(ADD, &[Some(product), Some(offsets)], name)
}

/// `(x - mean) / sqrt(variance + epsilon)` over the dimensions `axes` of the tensor.
fn standardized(
    importer: &mut Importer<'_>,
    x: TensorIdx,
    axes: &[i32],
    epsilon: f32,
    name: &str,
) -> Fallible<TensorIdx> {
    let mean_over = || Op::Mean(Mean { axes: axes.to_vec(), keep_dims: true });
    let mean = importer.emit(mean_over(), &[Some(x)], &format!("{name}/mean"))?;
    let centred = importer.emit(SUB, &[Some(x), Some(mean)], &format!("{name}/centred"))?;
    let squares = importer.emit(MUL, &[Some(centred), Some(centred)], &format!("{name}/squares"))?;
    let variance = importer.emit(mean_over(), &[Some(squares)], &format!("{name}/variance"))?;
    divided_by_root(importer, centred, variance, epsilon, name)
}

/// `x / sqrt(square + epsilon)`.
fn divided_by_root(
    importer: &mut Importer<'_>,
    x: TensorIdx,
    square: TensorIdx,
    epsilon: f32,
    name: &str,
) -> Fallible<TensorIdx> {
    let epsilon = importer.floats(&format!("{name}/epsilon"), vec![1], &[epsilon]);
    let square = importer.emit(ADD, &[Some(square), Some(epsilon)], &format!("{name}/stabilised"))?;
    let factor = importer.emit(Op::Rsqrt(Rsqrt), &[Some(square)], &format!("{name}/factor"))?;
    importer.emit(MUL, &[Some(x), Some(factor)], &format!("{name}/standardised"))
}

/// LayerNormalization, or RMSNormalization without the mean, over the axes from `axis` on.
pub(super) fn layer<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    for at in 1..node.n_outputs().max(1) {
        if !importer.uses(node.output_name(at)).is_empty() {
            return Err(
                "its mean or deviation is used; export the model for inference (model.eval())".to_owned()
            );
        }
    }
    let act = importer.act(node, 0)?;
    let rank = act.rank();
    let first = axis(node.int("axis", -1)?, rank)?;
    let epsilon = node.float("epsilon", 1e-5)?;
    let x = importer.stored(&act, &Layout::logical(rank))?;
    let axes: Vec<i32> = (first..rank).map(narrow).collect::<Fallible<_>>()?;
    let name = node.output_name(0);
    let mut y = if node.op() == "RMSNormalization" {
        let squares = importer.emit(MUL, &[Some(x), Some(x)], &format!("{name}/squares"))?;
        let mean = Op::Mean(Mean { axes, keep_dims: true });
        let mean = importer.emit(mean, &[Some(squares)], &format!("{name}/mean_square"))?;
        divided_by_root(importer, x, mean, epsilon, name)?
    } else {
        standardized(importer, x, &axes, epsilon, name)?
    };
    for (at, op) in [(1, MUL), (2, ADD)] {
        if let Some(constant) = importer.optional_const(node, at)? {
            let constant = importer.floats(node.input_name(at), constant.dims.clone(), &constant.to_floats());
            y = importer.emit(op, &[Some(y), Some(constant)], &format!("{name}/{at}"))?;
        }
    }
    importer.result(node, y, act.dims, Layout::logical(rank))
}

/// InstanceNormalization: over the places of each channel.
pub(super) fn instance<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let act = importer.act(node, 0)?;
    let rank = act.rank();
    if !(3..=4).contains(&rank) {
        return Err(format!("its input has shape {:?}, expected 3 or 4 extents", act.dims));
    }
    let layout = Layout::channels_last(rank);
    let x = importer.stored(&act, &layout)?;
    let axes: Vec<i32> = (1..rank - 1).map(narrow).collect::<Fallible<_>>()?;
    let name = node.output_name(0);
    let standardised = standardized(importer, x, &axes, node.float("epsilon", 1e-5)?, name)?;
    let (gamma, beta) = (importer.constant(node, 1)?.to_floats(), importer.constant(node, 2)?.to_floats());
    let y = scaled(importer, standardised, &gamma, &beta, name)?;
    importer.result(node, y, act.dims, layout)
}

/// GroupNormalization: over the places and the channels of each group. Its scale and bias are one for each group before
/// operator set 21, one for each channel since.
pub(super) fn group<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let act = importer.act(node, 0)?;
    let rank = act.rank();
    if !(3..=4).contains(&rank) {
        return Err(format!("its input has shape {:?}, expected 3 or 4 extents", act.dims));
    }
    let channels = act.dims[1];
    let groups = usize::try_from(node.int("num_groups", 0)?).unwrap_or(0);
    let size = channels.checked_div(groups).unwrap_or(0);
    if size == 0 || size * groups != channels {
        return Err(format!("its {groups} groups do not divide {channels} channels; export the model again"));
    }
    let layout = Layout::channels_last(rank);
    let x = importer.stored(&act, &layout)?;
    let shape = layout.shape(&act.dims);
    let places = act.dims[2..].iter().product();
    let x = importer.reshape(x, &[act.dims[0], places, groups, size])?;
    let name = node.output_name(0);
    let y = standardized(importer, x, &[1, 3], node.float("epsilon", 1e-5)?, name)?;
    let y = importer.reshape(y, &shape)?;
    let mut parameters = Vec::new();
    for at in [1, 2] {
        let values = importer.constant(node, at)?.to_floats();
        importer.folder.charge(&[channels])?;
        parameters.push(match values.len() {
            n if n == channels => values,
            n if n == groups => values.iter().flat_map(|&value| std::iter::repeat_n(value, size)).collect(),
            n => {
                return Err(format!(
                    "operand {at} has {n} values for {channels} channels; export the model again"
                ));
            }
        });
    }
    let y = scaled(importer, y, &parameters[0], &parameters[1], name)?;
    importer.result(node, y, act.dims, layout)
}

/// LpNormalization with p = 2: every value divided by the length along an axis.
pub(super) fn lp<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    if node.int("p", 2)? != 2 {
        return Err("only p = 2 is supported".to_owned());
    }
    let act = importer.act(node, 0)?;
    let rank = act.rank();
    let along = axis(node.int("axis", -1)?, rank)?;
    let mut order: Vec<usize> =
        act.layout.full(rank).0.into_iter().flatten().filter(|&axis| axis != along).collect();
    order.push(along);
    let layout = Layout::of(&order);
    let x = importer.stored(&act, &layout)?;
    let y = importer.emit(Op::L2Normalization(L2Normalization), &[Some(x)], node.output_name(0))?;
    importer.result(node, y, act.dims, layout)
}

/// Writes BATCH_NORMALIZATION, which ONNX has with the channels second.
pub(super) fn write(writer: &mut Writer<'_>, node: Written<'_>, op: &BatchNormalization) -> Fallible<()> {
    let (x, y) = (node.input(0)?, node.output()?);
    let rank = writer.graph.tensor(x).shape.len();
    let first = rank == 4;
    if !first && rank != 2 {
        return Err(
            "a normalisation of other than 2 or 4 dimensions is not written; fold it first".to_owned()
        );
    }
    let held = if first { writer.get_first(x)? } else { writer.get(x)? };
    let mut operands = vec![held];
    for at in 1..5 {
        operands.push(writer.get(node.input(at)?)?);
    }
    let operands: Vec<&str> = operands.iter().map(String::as_str).collect();
    let name = writer.node("BatchNormalization", &operands, vec![float("epsilon", op.epsilon)], node.name);
    writer.put(y, name, first);
    Ok(())
}
