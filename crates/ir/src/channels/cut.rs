//! Taking channels out of a graph: shapes, filters, biases and every constant that runs along them.

use std::sync::Arc;

use super::Class;
use crate::{DType, Graph, IrError, Node, Op, Quant, Tensor, TensorIdx, passes};

/// The graph without the channels of `classes`.
///
/// # Errors
/// A graph that the verifier refuses afterwards: a constant of packed 4-bit values, which is not cut.
pub fn without<'c>(graph: &Graph, classes: impl Iterator<Item = &'c Class>) -> Result<Graph, IrError> {
    let depth = |tensor: &Tensor| tensor.shape.last().copied().unwrap_or(1);
    let mut kept: Vec<Vec<bool>> = graph.tensors.iter().map(|tensor| vec![true; depth(tensor)]).collect();
    for &(tensor, channel) in classes.flatten() {
        kept[tensor][channel] = false;
    }
    let kept: Vec<Vec<usize>> = kept
        .iter()
        .map(|kept| kept.iter().enumerate().filter(|(_, kept)| **kept).map(|(at, _)| at).collect())
        .collect();
    let mut cut = graph.clone();
    let mut scales = graph.meta.norm_scales();
    for at in 0..cut.nodes.len() {
        node(graph, &kept, &mut cut, at);
        infer(&mut cut, at)?;
        let Node { inputs, outputs, .. } = &graph.nodes[at];
        let filter =
            inputs.get(1).copied().flatten().and_then(|filter| scales.get_mut(&graph.tensor(filter).name));
        if let (Some(scales), Some(output)) = (filter, outputs.first()) {
            *scales = kept[output.idx()].iter().filter_map(|&at| scales.get(at).copied()).collect();
        }
    }
    cut.meta.set_norm_scales(&scales);
    let cut = passes::dead_code(&cut)?;
    cut.verify().map_err(IrError::Invalid)?;
    Ok(cut)
}

/// Exchanges the constants of a node, and its shape where that is written down.
fn node(graph: &Graph, kept: &[Vec<usize>], cut: &mut Graph, at: usize) {
    let Node { op, inputs, outputs } = &graph.nodes[at];
    let (Some(&Some(input)), Some(&output)) = (inputs.first(), outputs.first()) else { return };
    let (from, to) = (&kept[input.idx()], &kept[output.idx()]);
    // Nothing is known of how operators that keep all their channels read them.
    let is_whole = |tensor: TensorIdx, kept: &[usize]| {
        graph.tensor(tensor).shape.last().is_none_or(|&extent| extent == kept.len())
    };
    if is_whole(input, from) && is_whole(output, to) {
        return;
    }
    let exchange = |cut: &mut Graph, operand: usize, along: &[(usize, &[usize])]| {
        let Some(tensor) = inputs.get(operand).copied().flatten() else { return };
        if let Some(smaller) = sliced(graph.tensor(tensor), along) {
            let smaller = cut.add_tensor(smaller);
            cut.nodes[at].inputs[operand] = Some(smaller);
        }
    };
    match op {
        Op::Conv2d(_) => {
            exchange(cut, 1, &[(0, to), (3, from)]);
            exchange(cut, 2, &[(0, to)]);
        }
        Op::DepthwiseConv2d(_) => {
            exchange(cut, 1, &[(3, to)]);
            exchange(cut, 2, &[(0, to)]);
        }
        Op::FullyConnected(_) => {
            let n = graph.tensor(input).shape.last().copied().unwrap_or(1).max(1);
            let width =
                inputs.get(1).copied().flatten().and_then(|weights| graph.tensor(weights).shape.get(1));
            let rows = 0..width.map_or(1, |width| width / n);
            let from: Vec<usize> = rows.flat_map(|row| from.iter().map(move |at| row * n + at)).collect();
            exchange(cut, 1, &[(0, to), (1, &from)]);
            exchange(cut, 2, &[(0, to)]);
        }
        Op::Reshape(_) => {
            let n_dimensions = graph.tensor(output).shape.len();
            if let Op::Reshape(reshape) = &mut cut.nodes[at].op
                && let Some(last) = reshape.shape.get_mut(n_dimensions.saturating_sub(1))
                && *last != -1
            {
                *last = to.len() as i32;
            }
        }
        _ => {
            // Constants that run along the channels; one of a single channel serves all.
            let n = graph.tensor(output).shape.last().copied().unwrap_or(1);
            for (operand, tensor) in inputs.iter().enumerate() {
                let Some(tensor) = *tensor else { continue };
                let shape = &graph.tensor(tensor).shape;
                if n > 1 && shape.last() == Some(&n) {
                    exchange(cut, operand, &[(shape.len() - 1, to)]);
                }
            }
        }
    }
}

/// A constant with only these places along these dimensions; `None` for anything else, or where nothing goes.
fn sliced(tensor: &Tensor, along: &[(usize, &[usize])]) -> Option<Tensor> {
    let data = tensor.data.as_deref().filter(|_| tensor.dtype != DType::I4)?;
    let (mut bytes, mut shape, mut quant) = (data.to_vec(), tensor.shape.clone(), tensor.quant.clone());
    for &(axis, kept) in along {
        let inner = shape[axis + 1..].iter().product::<usize>() * tensor.dtype.n_bytes(1);
        let of_row = |row: &[u8]| -> Vec<u8> {
            kept.iter().flat_map(|&at| row[at * inner..(at + 1) * inner].iter().copied()).collect()
        };
        bytes = bytes.chunks(shape[axis] * inner).flat_map(of_row).collect();
        shape[axis] = kept.len();
        if let Some(Quant { scales, zero_points, axis: along }) = &mut quant
            && *along == axis
            && scales.len() > 1
        {
            *scales = kept.iter().filter_map(|&at| scales.get(at).copied()).collect();
            if zero_points.len() > 1 {
                *zero_points = kept.iter().filter_map(|&at| zero_points.get(at).copied()).collect();
            }
        }
    }
    (shape != tensor.shape).then(|| Tensor { shape, quant, data: Some(Arc::from(bytes)), ..tensor.clone() })
}

/// The shapes of a node's results, from those of its operands.
fn infer(graph: &mut Graph, at: usize) -> Result<(), IrError> {
    let node = &graph.nodes[at];
    let operands: Vec<Option<&Tensor>> =
        node.inputs.iter().map(|input| input.map(|tensor| graph.tensor(tensor))).collect();
    let Ok(types) = node.op.infer(&operands) else {
        // The verifier says what is wrong, and where.
        return graph.verify().map_err(IrError::Invalid);
    };
    let outputs: Vec<TensorIdx> = node.outputs.clone();
    for (output, inferred) in outputs.into_iter().zip(types) {
        graph.tensor_mut(output).shape = inferred.shape;
    }
    Ok(())
}
