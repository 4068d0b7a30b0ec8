//! MaxPool, AveragePool and the global pools.

use smidgen_ir::ops::average_pool_2d::AveragePool2d;
use smidgen_ir::ops::max_pool_2d::MaxPool2d;
use smidgen_ir::ops::mean::Mean;
use smidgen_ir::ops::mul::Mul;
use smidgen_ir::ops::padv2::PadV2;
use smidgen_ir::ops::reduce_max::ReduceMax;
use smidgen_ir::{Activation, Op, Padding, TensorIdx};

use super::encode::Written;
use super::window::{Fit, Window, padded};
use crate::findings::Fallible;
use crate::fold::sizes;
use crate::import::{Act, Importer};
use crate::layout::Layout;
use crate::node::Node;
use crate::write::{Writer, ints, pads};

/// The pooled value in its image order, its window, and the input's extents.
struct Pool {
    act: Act,
    layout: Layout,
    x: TensorIdx,
    window: Window,
}

impl Pool {
    fn read<'m>(importer: &mut Importer<'m>, node: &Node<'m>, act: Act) -> Fallible<Pool> {
        let rank = act.rank();
        if !(3..=4).contains(&rank) {
            return Err(format!(
                "its input has shape {:?}; pools in one or two dimensions are supported (3 or 4 extents)",
                act.dims
            ));
        }
        let kernel =
            sizes(node.ints("kernel_shape")?.ok_or("it has no kernel_shape; export the model again")?)?;
        let window = Window::read(node, &kernel, &act.dims[2..])?;
        if window.dilation != [1, 1] {
            return Err("pools with dilations are not supported; use a stride instead".to_owned());
        }
        let layout = Layout::image(rank);
        let x = importer.stored(&act, &layout)?;
        Ok(Pool { act, layout, x, window })
    }

    /// The file's extents of the result.
    fn dims(&self, importer: &Importer<'_>, y: TensorIdx) -> Vec<usize> {
        let shape = &importer.graph.tensor(y).shape;
        let mut dims = self.act.dims[..2].to_vec();
        dims.extend(if self.act.rank() == 3 { &shape[2..3] } else { &shape[1..3] });
        dims
    }
}

/// MaxPool.
pub(super) fn max<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    if !node.output_name(1).is_empty() && !importer.uses(node.output_name(1)).is_empty() {
        return Err(
            "its indices are used, which TFLite's pool does not give; remove the unpooling".to_owned()
        );
    }
    let act = importer.moved(node, 0)?;
    let pool = Pool::read(importer, node, act)?;
    let shape = importer.graph.tensor(pool.x).shape.clone();
    let (x, padding) = match pool.window.fit([shape[1], shape[2]])? {
        Fit::Padding(padding) => (pool.x, padding),
        Fit::Pads([height, width]) => {
            let pads = vec![[0, 0], height, width, [0, 0]];
            let name = format!("{}/pad", importer.graph.tensor(pool.x).name);
            (pad_with_least(importer, pool.x, pads, &name)?, Padding::Valid)
        }
    };
    let Window { kernel, stride, .. } = pool.window;
    let op = Op::MaxPool2d(MaxPool2d { window: kernel, stride, padding, activation: Activation::None });
    let y = importer.emit(op, &[Some(x)], node.output_name(0))?;
    let dims = pool.dims(importer, y);
    importer.moved_result(node, 0, &pool.act, (y, dims, pool.layout))
}

/// The tensor with values around it that no maximum is.
fn pad_with_least(
    importer: &mut Importer<'_>,
    x: TensorIdx,
    paddings: Vec<[usize; 2]>,
    name: &str,
) -> Fallible<TensorIdx> {
    let value = super::movement::least(importer, x, name);
    importer.emit(Op::PadV2(PadV2 { paddings }), &[Some(x), Some(value)], name)
}

/// AveragePool; pads count as zeros only with `count_include_pad`.
pub(super) fn average<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let act = importer.act(node, 0)?;
    let pool = Pool::read(importer, node, act)?;
    let shape = importer.graph.tensor(pool.x).shape.clone();
    let space = [shape[1], shape[2]];
    let counts_pads = node.flag("count_include_pad")? && pool.window.pads != [[0; 2]; 2];
    let Window { kernel, stride, .. } = pool.window;
    let fit = pool.window.fit(space)?;
    // A last window beyond the pads counts what lies inside of them.
    let overhangs = [0, 1].iter().any(|&at| match fit {
        Fit::Pads(pads) => pads[at][1] > pool.window.pads[at][1],
        Fit::Padding(_) => false,
    });
    let (x, padding) = match fit {
        Fit::Padding(padding) if padding == Padding::Valid || !counts_pads => (pool.x, padding),
        _ if counts_pads && !overhangs && !pool.window.ceil => {
            let [height, width] = pool.window.pads;
            let pad = Op::Pad(smidgen_ir::ops::pad::Pad { paddings: vec![[0, 0], height, width, [0, 0]] });
            let name = format!("{}/pad", importer.graph.tensor(pool.x).name);
            (importer.emit(pad, &[Some(pool.x)], &name)?, Padding::Valid)
        }
        _ => padded(importer, pool.x, &pool.window)?,
    };
    let op =
        Op::AveragePool2d(AveragePool2d { window: kernel, stride, padding, activation: Activation::None });
    let name = node.output_name(0);
    let corrected = x != pool.x && !(counts_pads && !overhangs && !pool.window.ceil);
    if corrected && importer.target.is_some() {
        return Err("pads that do not count and are not TFLite's SAME are not supported in int8; use \
                    count_include_pad or pads that keep the size"
            .to_owned());
    }
    let y = importer.emit(op, &[Some(x)], name)?;
    let y = if corrected { counted(importer, &pool, y, counts_pads, name)? } else { y };
    let dims = pool.dims(importer, y);
    importer.result(node, y, dims, pool.layout)
}

/// Means over whole windows made means over the elements that count.
fn counted(
    importer: &mut Importer<'_>,
    pool: &Pool,
    y: TensorIdx,
    pads_count: bool,
    name: &str,
) -> Fallible<TensorIdx> {
    let (in_shape, out_shape) =
        (importer.graph.tensor(pool.x).shape.clone(), importer.graph.tensor(y).shape.clone());
    let Window { kernel, stride, pads, .. } = pool.window;
    let count = |at: usize, output: usize| -> f32 {
        let (start, [before, after]) = (output * stride[at], pads[at]);
        let extent = in_shape[at + 1] + before;
        let (from, to) = if pads_count { (0, extent + after) } else { (before, extent) };
        (start + kernel[at]).min(to).saturating_sub(start.max(from)) as f32
    };
    importer.folder.charge(&out_shape[1..3])?;
    let whole = (kernel[0] * kernel[1]) as f32;
    let factors: Vec<f32> = (0..out_shape[1])
        .flat_map(|row| (0..out_shape[2]).map(move |column| (row, column)))
        .map(|(row, column)| whole / (count(0, row) * count(1, column)))
        .collect();
    let factors = importer.floats(&format!("{name}/count"), vec![1, out_shape[1], out_shape[2], 1], &factors);
    let op = Op::Mul(Mul { activation: Activation::None });
    importer.emit(op, &[Some(y), Some(factors)], &format!("{name}/counted"))
}

/// GlobalAveragePool and GlobalMaxPool.
pub(super) fn global<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let average = node.op() == "GlobalAveragePool";
    let act = if average { importer.act(node, 0)? } else { importer.moved(node, 0)? };
    let rank = act.rank();
    if !(3..=4).contains(&rank) {
        return Err(format!("its input has shape {:?}, expected 3 or 4 extents", act.dims));
    }
    let layout = Layout::channels_last(rank);
    let x = importer.stored(&act, &layout)?;
    let axes: Vec<i32> = (1..rank as i32 - 1).collect();
    let op = if average {
        Op::Mean(Mean { axes, keep_dims: true })
    } else {
        Op::ReduceMax(ReduceMax { axes, keep_dims: true })
    };
    let y = importer.emit(op, &[Some(x)], node.output_name(0))?;
    let mut dims = vec![1; rank];
    dims[..2].copy_from_slice(&act.dims[..2]);
    if average {
        importer.result(node, y, dims, layout)
    } else {
        importer.moved_result(node, 0, &act, (y, dims, layout))
    }
}

/// Writes AVERAGE_POOL_2D or MAX_POOL_2D; pads do not count in either format.
pub(super) fn write(
    writer: &mut Writer<'_>,
    node: Written<'_>,
    op: &str,
    window: [usize; 2],
    stride: [usize; 2],
    padding: Padding,
    activation: Activation,
) -> Fallible<()> {
    let (x, y) = (node.input(0)?, node.output()?);
    let (input, output) = (&writer.graph.tensor(x).shape, &writer.graph.tensor(y).shape);
    let pads = pads(padding, [input[1], input[2]], [output[1], output[2]], window, stride, [1, 1]);
    let pair = |values: [usize; 2]| values.map(|value| value as i64);
    let attributes =
        vec![ints("kernel_shape", &pair(window)), ints("strides", &pair(stride)), ints("pads", &pads)];
    let held = writer.get_first(x)?;
    let name = writer.node(op, &[&held], attributes, node.name);
    let name = writer.activated(name, activation, node.name);
    writer.put(y, name, true);
    Ok(())
}
