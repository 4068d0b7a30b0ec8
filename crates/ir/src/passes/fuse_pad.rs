//! Moves PAD into the convolution behind it.
//!
//! A CONV_2D or DEPTHWISE_CONV_2D without padding that reads zeros around an image is one with padding SAME of the image itself,
//! where SAME begins as many rows and columns before it and makes as many outputs. What is past the end adds nothing either way.

use super::{dead_code, readers};
use crate::error::IrError;
use crate::graph::{Graph, Node, TensorIdx};
use crate::ops::{Op, Padding};
use crate::tensor::Tensor;

/// The graph with every PAD (and PADV2 of zeros) in the convolution that is its only reader, where SAME means the same.
///
/// # Errors
/// [`IrError::Invalid`] for a graph that the verifier refuses.
pub fn fuse_pad(graph: &Graph) -> Result<Graph, IrError> {
    graph.verify().map_err(IrError::Invalid)?;
    let mut fused = graph.clone();
    let readers = readers(graph);
    for at in 0..fused.nodes.len() {
        let node = &fused.nodes[at];
        let Some(input) = node.inputs.first().copied().flatten() else { continue };
        let pad =
            fused.nodes.iter().find(|node| node.outputs == [input]).filter(|_| readers[input.idx()] == 1);
        let Some((image, before)) = pad.and_then(|pad| padded(&fused, pad)) else { continue };
        let Some(convolution) = same(&fused, node, image, before) else { continue };
        fused.nodes[at].op = convolution;
        fused.nodes[at].inputs[0] = Some(image);
    }
    dead_code(&fused)
}

/// The image that a node puts zeros around, and how many rows and columns before it; `None` for any other node.
fn padded(graph: &Graph, node: &Node) -> Option<(TensorIdx, [usize; 2])> {
    let image = node.inputs.first().copied().flatten()?;
    let paddings = match &node.op {
        Op::Pad(pad) => &pad.paddings,
        Op::PadV2(pad) => {
            let value = graph.tensor(node.inputs.get(1).copied().flatten()?);
            is_zero(graph.tensor(image), value).then_some(&pad.paddings)?
        }
        _ => return None,
    };
    match paddings.as_slice() {
        [[0, 0], [top, _], [left, _], [0, 0]] => Some((image, [*top, *left])),
        _ => None,
    }
}

/// Whether a constant stands for 0 among the values of an image.
fn is_zero(image: &Tensor, value: &Tensor) -> bool {
    let zero_point = image.quant.as_ref().and_then(|quant| quant.zero_points.first()).copied();
    match (value.f32s(), value.i8s(), zero_point) {
        (Some(values), _, _) => values == [0.0],
        (None, Some(values), Some(zero_point)) => values.iter().all(|&value| i32::from(value) == zero_point),
        _ => false,
    }
}

/// The convolution with padding SAME, if on the image it does what it does on the padded one.
fn same(graph: &Graph, node: &Node, image: TensorIdx, before: [usize; 2]) -> Option<Op> {
    let filter = graph.tensor(node.inputs.get(1).copied().flatten()?);
    let [height, width] = [1, 2].map(|axis| filter.shape.get(axis).copied());
    let (op, stride, dilation) = match &node.op {
        Op::Conv2d(conv) if conv.padding == Padding::Valid => {
            let mut same = conv.clone();
            same.padding = Padding::Same;
            (Op::Conv2d(same), conv.stride, conv.dilation)
        }
        Op::DepthwiseConv2d(conv) if conv.padding == Padding::Valid => {
            let mut same = conv.clone();
            same.padding = Padding::Same;
            (Op::DepthwiseConv2d(same), conv.stride, conv.dilation)
        }
        _ => return None,
    };
    let image = &graph.tensor(image).shape;
    let output = &graph.tensor(*node.outputs.first()?).shape;
    let agrees = |axis: usize, kernel: usize| {
        let (extent, made) = (image.get(axis + 1).copied()?, output.get(axis + 1).copied()?);
        let reach = (made.checked_sub(1)?) * stride[axis] + (kernel - 1) * dilation[axis] + 1;
        let begins = reach.saturating_sub(extent) / 2;
        Some(made == extent.div_ceil(stride[axis]) && begins == before[axis])
    };
    (agrees(0, height?)? && agrees(1, width?)?).then_some(op)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Interpreter;
    use crate::build::{Builder, Conv};

    fn network(pad: [[usize; 2]; 2], conv: Conv) -> Graph {
        let mut at = 0.0f32;
        let mut net = Builder::new("net", move |parameter| {
            (0..parameter.n_elements())
                .map(|_| {
                    at += 0.37;
                    at.sin()
                })
                .collect()
        });
        let x = net.input("x", &[1, 6, 7, 2]);
        let x = net.pad(x, &[[0, 0], pad[0], pad[1], [0, 0]]);
        let x = net.conv_2d(x, conv.valid());
        net.finish(&[x]).unwrap()
    }

    #[test]
    fn pads_go_where_same_padding_does_what_they_did() {
        let cases = [
            ([[1, 1], [1, 1]], Conv::new(3, [3, 3]), true),
            // An even image with stride 2 is padded behind only.
            ([[0, 1], [1, 1]], Conv::new(3, [3, 3]).stride([2, 2]), true),
            ([[1, 1], [1, 1]], Conv::new(3, [3, 3]).stride([2, 2]), false),
            ([[2, 2], [1, 1]], Conv::new(3, [3, 3]).dilation([2, 1]), true),
            ([[1, 1], [0, 0]], Conv::new(3, [3, 3]), false),
            ([[2, 1], [1, 1]], Conv::new(3, [3, 3]), false),
        ];
        for (pad, conv, goes) in cases {
            let graph = network(pad, conv);
            let fused = fuse_pad(&graph).unwrap();
            assert_eq!(fused.nodes.len(), if goes { 1 } else { 2 }, "{pad:?}");
            let input: Vec<u8> = (0..84).flat_map(|at| (at as f32 * 0.1 - 3.0).to_le_bytes()).collect();
            let outputs = |graph| Interpreter::new(graph).unwrap().run(&input).unwrap();
            assert_eq!(outputs(&fused), outputs(&graph), "{pad:?}");
        }
    }
}
