//! Conv: CONV_2D and DEPTHWISE_CONV_2D.

use std::rc::Rc;

use smidgen_ir::ops::conv_2d::Conv2d;
use smidgen_ir::ops::depthwise_conv_2d::DepthwiseConv2d;
use smidgen_ir::{Activation, Op, Padding, Tensor, TensorIdx};

use super::encode::Written;
use super::window::{Window, padded};
use crate::constant::{Const, Data, Elem};
use crate::findings::Fallible;
use crate::import::{Act, Importer};
use crate::layout::Layout;
use crate::node::Node;
use crate::quant::integer_bias;
use crate::write::{Writer, int, ints, pads};

/// The operands of a convolution, weights with two dimensions in space.
pub(super) struct Layer {
    pub(super) x: Act,
    pub(super) weights: Const,
    pub(super) bias: Option<Rc<Const>>,
    pub(super) group: usize,
}

impl Layer {
    pub(super) fn read<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<Layer> {
        let x = importer.act(node, 0)?;
        if !(3..=4).contains(&x.rank()) {
            return Err(format!(
                "its input has shape {:?}; convolutions in one or two dimensions are supported (3 or 4 extents)",
                x.dims
            ));
        }
        let weights = importer.constant(node, 1)?;
        if weights.dims.len() != x.rank() {
            return Err(format!("its weights {:?} do not fit its input {:?}", weights.dims, x.dims));
        }
        let mut dims = weights.dims.clone();
        if dims.len() == 3 {
            dims.insert(2, 1);
        }
        let weights = weights.with_dims(dims)?;
        let bias = importer.optional_const(node, 2)?;
        let group = usize::try_from(node.int("group", 1)?).ok().filter(|&group| group > 0);
        let group = group.ok_or("its group must be at least 1; export the model again")?;
        if let Data::Quantized(_, quant) = &weights.data
            && importer.target.is_some()
            && quant.zero_points.iter().any(|&zero_point| zero_point != 0)
            && (quant.scales.len() > 1 || node.op() == "ConvTranspose")
        {
            return Err("its weights have zero points that int8 kernels do not have; quantise the weights symmetrically \
                        (onnxruntime: weight_type=QuantType.QInt8 with extra_options={\"WeightSymmetric\": True})"
                .to_owned());
        }
        Ok(Layer { x, weights, bias, group })
    }

    /// The kernel's extents in space, as many as the input has.
    pub(super) fn kernel(&self) -> &[usize] {
        let skipped = if self.x.rank() == 3 { 3 } else { 2 };
        self.weights.dims.get(skipped..).unwrap_or_default()
    }

    /// Adds the weights with their axes in this order.
    pub(super) fn filter<'m>(
        &self,
        importer: &mut Importer<'m>,
        node: &Node<'m>,
        perm: &[usize],
    ) -> Fallible<TensorIdx> {
        let filter = self.weights.transposed(perm)?;
        add_weights(importer, &filter, node.input_name(1))
    }

    /// Adds the bias, in int32 beside an int8 filter.
    pub(super) fn bias<'m>(
        &self,
        importer: &mut Importer<'m>,
        node: &Node<'m>,
        x: TensorIdx,
        filter: TensorIdx,
    ) -> Fallible<Option<TensorIdx>> {
        let Some(bias) = &self.bias else { return Ok(None) };
        add_bias(importer, bias, node.input_name(2), x, filter).map(Some)
    }
}

/// Adds weights: int8 when the node is computed in integers.
pub(super) fn add_weights(importer: &mut Importer<'_>, weights: &Const, name: &str) -> Fallible<TensorIdx> {
    let tensor = match (&weights.data, &importer.target) {
        (Data::Int(_), _) => {
            return Err(format!(
                "its weights are {} without a scale; export the model again",
                weights.elem.name()
            ));
        }
        (Data::Quantized(..), Some(_)) if weights.elem == Elem::I8 => weights.tensor(name)?,
        _ => Tensor::const_f32(name, weights.dims.clone(), &weights.to_floats()),
    };
    Ok(importer.graph.add_tensor(tensor))
}

/// Adds a bias: int32 with the scale of input times filter beside an int8 filter.
pub(super) fn add_bias(
    importer: &mut Importer<'_>,
    bias: &Const,
    name: &str,
    x: TensorIdx,
    filter: TensorIdx,
) -> Fallible<TensorIdx> {
    let scale = importer.graph.tensor(x).quant.as_ref().and_then(|quant| quant.scales.first().copied());
    let tensor = match (scale, &importer.graph.tensor(filter).quant) {
        (Some(scale), Some(quant)) => integer_bias(bias, name, scale, quant)?,
        _ if matches!(bias.data, Data::Int(_)) => {
            return Err("its bias is an integer without a scale; export the model again".to_owned());
        }
        _ => Tensor::const_f32(name, vec![bias.len()], &bias.to_floats()),
    };
    Ok(importer.graph.add_tensor(tensor))
}

/// Conv.
pub(super) fn conv<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let layer = Layer::read(importer, node)?;
    let (rank, dims) = (layer.x.rank(), layer.x.dims.clone());
    let window = Window::read(node, layer.kernel(), &dims[2..])?;
    let (channels, out_channels, of_group) = (dims[1], layer.weights.dims[0], layer.weights.dims[1]);
    if of_group.checked_mul(layer.group) != Some(channels) || !out_channels.is_multiple_of(layer.group) {
        return Err(format!(
            "its weights {:?} in {} groups do not fit {channels} channels; export the model again",
            layer.weights.dims, layer.group
        ));
    }
    let layout = Layout::image(rank);
    let x = importer.stored(&layer.x, &layout)?;
    let (padded_x, padding) = padded(importer, x, &window)?;
    let Window { stride, dilation, .. } = window;
    let activation = Activation::None;
    let depthwise = layer.group == channels && channels > 1;
    let (op, filter) = if depthwise {
        let depth_multiplier = out_channels / channels;
        let op =
            Op::DepthwiseConv2d(DepthwiseConv2d { depth_multiplier, stride, dilation, padding, activation });
        (op, layer.filter(importer, node, &[1, 2, 3, 0])?)
    } else {
        let op = Op::Conv2d(Conv2d { stride, dilation, padding, activation });
        (op, layer.filter(importer, node, &[0, 2, 3, 1])?)
    };
    let bias = layer.bias(importer, node, x, filter)?;
    let y = importer.emit(op, &operands(padded_x, filter, bias), node.output_name(0))?;
    let shape = importer.graph.tensor(y).shape.clone();
    let mut out = vec![dims[0], out_channels];
    out.extend(if rank == 3 { &shape[2..3] } else { &shape[1..3] });
    importer.result(node, y, out, layout)
}

/// The operands of a layer, without an absent bias.
pub(super) fn operands(x: TensorIdx, filter: TensorIdx, bias: Option<TensorIdx>) -> Vec<Option<TensorIdx>> {
    let mut operands = vec![Some(x), Some(filter)];
    if bias.is_some() {
        operands.push(bias);
    }
    operands
}

/// Writes CONV_2D.
pub(super) fn write(writer: &mut Writer<'_>, node: Written<'_>, op: &Conv2d) -> Fallible<()> {
    let Conv2d { stride, dilation, padding, activation } = *op;
    write_conv(writer, node, [0, 3, 1, 2], Geometry { stride, dilation, padding, activation, kernel: [1, 2] })
}

/// Writes DEPTHWISE_CONV_2D.
pub(super) fn write_depthwise(
    writer: &mut Writer<'_>,
    node: Written<'_>,
    op: &DepthwiseConv2d,
) -> Fallible<()> {
    let DepthwiseConv2d { stride, dilation, padding, activation, .. } = *op;
    write_conv(writer, node, [3, 0, 1, 2], Geometry { stride, dilation, padding, activation, kernel: [1, 2] })
}

/// Where the windows of a convolution lie.
struct Geometry {
    stride: [usize; 2],
    dilation: [usize; 2],
    padding: Padding,
    activation: Activation,
    /// The filter's dimensions in space.
    kernel: [usize; 2],
}

fn write_conv(
    writer: &mut Writer<'_>,
    node: Written<'_>,
    perm: [usize; 4],
    geometry: Geometry,
) -> Fallible<()> {
    let Geometry { stride, dilation, padding, activation, kernel } = geometry;
    let (x, filter, y) = (node.input(0)?, node.input(1)?, node.output()?);
    let graph = writer.graph;
    let (input, output) = (&graph.tensor(x).shape, &graph.tensor(y).shape);
    let weights = floats_of(graph.tensor(filter))?;
    let size = kernel.map(|axis| weights.dims[axis]);
    let weights = weights.transposed(&perm)?;
    let group = input[3] / weights.dims[1];
    let held = writer.get_first(x)?;
    let weights = writer.floats(&weights.dims, &weights.to_floats(), &graph.tensor(filter).name);
    let mut operands = vec![held.as_str(), weights.as_str()];
    let bias = node.optional(2).map(|bias| writer.get(bias)).transpose()?;
    operands.extend(bias.as_deref());
    let pads = pads(padding, [input[1], input[2]], [output[1], output[2]], size, stride, dilation);
    let pair = |values: [usize; 2]| values.map(|value| value as i64);
    let attributes = vec![
        ints("kernel_shape", &pair(size)),
        ints("strides", &pair(stride)),
        ints("dilations", &pair(dilation)),
        ints("pads", &pads),
        int("group", group as i64),
    ];
    let name = writer.node("Conv", &operands, attributes, node.name);
    let name = writer.activated(name, activation, node.name);
    writer.put(y, name, true);
    Ok(())
}

/// A float constant of the graph.
pub(super) fn floats_of(tensor: &Tensor) -> Fallible<Const> {
    let values = tensor.f32s().ok_or("its weights are not float constants; write a .tflite")?;
    Ok(Const::floats(tensor.shape.clone(), values))
}
