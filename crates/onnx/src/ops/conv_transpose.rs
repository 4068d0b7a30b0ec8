//! ConvTranspose: TRANSPOSE_CONV, and SLICE where ONNX cuts the border of the result.

use smidgen_ir::ops::slice::Slice;
use smidgen_ir::ops::transpose_conv::TransposeConv;
use smidgen_ir::{Activation, Op, Padding};

use super::convolution::{Layer, floats_of, operands};
use super::encode::Written;
use super::movement::narrow;
use super::window::pair;
use crate::findings::Fallible;
use crate::fold::sizes;
use crate::import::Importer;
use crate::layout::Layout;
use crate::node::Node;
use crate::write::{Writer, ints};

/// ConvTranspose without groups and dilations.
pub(super) fn read<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let layer = Layer::read(importer, node)?;
    if layer.group != 1 {
        return Err("transposed convolutions in groups are not supported; use one group".to_owned());
    }
    let (rank, dims) = (layer.x.rank(), layer.x.dims.clone());
    let n_space = rank - 2;
    let (stride, extra) =
        (numbers(node, n_space, "strides", 1)?, numbers(node, n_space, "output_padding", 0)?);
    if numbers(node, n_space, "dilations", 1)? != [1, 1] || stride.contains(&0) {
        return Err("dilations of transposed convolutions are not supported; use a larger kernel".to_owned());
    }
    let [channels, out_channels, k_h, k_w] = layer.weights.dims[..] else {
        return Err(format!("its weights {:?} must have one or two dimensions in space", layer.weights.dims));
    };
    if channels != dims[1] {
        return Err(format!("its weights {:?} do not fit {} channels", layer.weights.dims, dims[1]));
    }
    let input = if rank == 3 { [1, dims[2]] } else { [dims[2], dims[3]] };
    let full = [0, 1].map(|at| (input[at] - 1) * stride[at] + [k_h, k_w][at]);
    let Border { cut, extra } = border(node, n_space, full, extra, input, stride)?;
    let output =
        [0, 1].map(|at| (full[at] + extra[at]).checked_sub(cut[at][0] + cut[at][1]).filter(|&n| n > 0));
    let [Some(out_h), Some(out_w)] = output else {
        return Err("its pads cut away the whole result; export the model again".to_owned());
    };
    let layout = Layout::image(rank);
    let x = importer.stored(&layer.x, &layout)?;
    let filter = layer.filter(importer, node, &[1, 2, 3, 0])?;
    let bias = layer.bias(importer, node, x, filter)?;
    // TFLite's SAME cuts the smaller half before.
    let total = [0, 1].map(|at| full[at].saturating_sub(input[at] * stride[at]));
    let same = [0, 1].iter().all(|&at| {
        let out = [out_h, out_w][at];
        out == input[at] * stride[at] && cut[at][0] == total[at] / 2
    });
    let valid = [0, 1]
        .iter()
        .all(|&at| cut[at][0] == 0 && [out_h, out_w][at] == full[at].max(input[at] * stride[at]));
    let (padding, size) = if valid {
        (Padding::Valid, [out_h, out_w])
    } else if same {
        (Padding::Same, [out_h, out_w])
    } else {
        // Everything, with what output_padding adds behind; the border is cut off after that.
        (Padding::Valid, [0, 1].map(|at| full[at] + extra[at]))
    };
    let op = Op::TransposeConv(TransposeConv { output: size, stride, padding, activation: Activation::None });
    let name = node.output_name(0);
    let mut y = importer.emit(op, &operands(x, filter, bias), name)?;
    if size != [out_h, out_w] {
        let begin = vec![0, narrow(cut[0][0])?, narrow(cut[1][0])?, 0];
        let size = [dims[0], out_h, out_w, out_channels].into_iter().map(narrow).collect::<Fallible<_>>()?;
        y = importer.emit(Op::Slice(Slice { begin, size }), &[Some(y)], &format!("{name}/cut"))?;
    }
    let mut out = vec![dims[0], out_channels];
    out.extend(if rank == 3 { vec![out_w] } else { vec![out_h, out_w] });
    importer.result(node, y, out, layout)
}

/// An attribute with a number for each dimension in space; `default` where it is absent and for the first of one.
fn numbers(node: &Node<'_>, n_space: usize, name: &str, default: usize) -> Fallible<[usize; 2]> {
    let found = node.ints(name)?.map_or(Ok(vec![default; n_space]), sizes)?;
    if found.len() != n_space || found.iter().any(|&n| n >= 1 << 20) {
        return Err(format!("its {name} {found:?} must be {n_space} small numbers; export the model again"));
    }
    Ok(if n_space == 1 { [default, found[0]] } else { pair(&found) })
}

/// What makes the result of the full one, along each axis.
struct Border {
    /// Elements cut off before and behind.
    cut: [[usize; 2]; 2],
    /// Elements of the bias alone that are added behind.
    extra: [usize; 2],
}

fn border(
    node: &Node<'_>,
    n_space: usize,
    full: [usize; 2],
    extra: [usize; 2],
    input: [usize; 2],
    stride: [usize; 2],
) -> Fallible<Border> {
    let auto = node.text("auto_pad", "NOTSET")?;
    let wanted = match node.ints("output_shape")? {
        Some(shape) if shape.len() >= n_space => Some(sizes(&shape[shape.len() - n_space..])?),
        Some(shape) => {
            return Err(format!("its output_shape {shape:?} is too short; export the model again"));
        }
        None if auto.starts_with("SAME") => None.or(Some(if n_space == 1 {
            vec![input[1] * stride[1]]
        } else {
            vec![input[0] * stride[0], input[1] * stride[1]]
        })),
        None => None,
    };
    if let Some(wanted) = wanted {
        let wanted = pair(&wanted);
        if let Some(&extent) = wanted.iter().find(|&&extent| extent > 1 << 20) {
            return Err(format!("its output_shape has an extent of {extent}; make the model smaller"));
        }
        let extra = [0, 1].map(|at| extra[at].max(wanted[at].saturating_sub(full[at])));
        let cut = [0, 1].map(|at| {
            let total = (full[at] + extra[at]).saturating_sub(wanted[at]);
            let (less, more) = (total / 2, total - total / 2);
            if auto == "SAME_UPPER" { [less, more] } else { [more, less] }
        });
        return Ok(Border { cut, extra });
    }
    let pads = sizes(node.ints("pads")?.unwrap_or(&[]))?;
    let cut = match pads[..] {
        [] => [[0; 2]; 2],
        [before, after] if n_space == 1 => [[0, 0], [before, after]],
        [top, left, bottom, right] if n_space == 2 => [[top, bottom], [left, right]],
        _ => {
            return Err(format!("its pads {pads:?} must be {} numbers; export the model again", 2 * n_space));
        }
    };
    Ok(Border { cut, extra })
}

/// Writes TRANSPOSE_CONV.
pub(super) fn write(writer: &mut Writer<'_>, node: Written<'_>, op: &TransposeConv) -> Fallible<()> {
    let (x, filter, y) = (node.input(0)?, node.input(1)?, node.output()?);
    let graph = writer.graph;
    let (input, output) = (&graph.tensor(x).shape, &graph.tensor(y).shape);
    // Outputs, height, width, inputs to inputs, outputs, height, width.
    let weights = floats_of(graph.tensor(filter))?.transposed(&[3, 0, 1, 2])?;
    let size = [weights.dims[2], weights.dims[3]];
    let along = |at: usize| {
        let full = (input[at + 1] - 1) * op.stride[at] + size[at];
        let total = full.saturating_sub(output[at + 1]);
        let before = if op.padding == Padding::Same { total / 2 } else { 0 };
        ([before as i64, (total - before) as i64], output[at + 1].saturating_sub(full) as i64)
    };
    let [([top, bottom], more_h), ([left, right], more_w)] = [along(0), along(1)];
    let held = writer.get_first(x)?;
    let weights = writer.floats(&weights.dims, &weights.to_floats(), &graph.tensor(filter).name);
    let bias = node.optional(2).map(|bias| writer.get(bias)).transpose()?;
    let mut names = vec![held.as_str(), weights.as_str()];
    names.extend(bias.as_deref());
    let attributes = vec![
        ints("strides", &op.stride.map(|stride| stride as i64)),
        ints("pads", &[top, left, bottom, right]),
        ints("output_padding", &[more_h, more_w]),
    ];
    let name = writer.node("ConvTranspose", &names, attributes, node.name);
    let name = writer.activated(name, op.activation, node.name);
    writer.put(y, name, true);
    Ok(())
}
