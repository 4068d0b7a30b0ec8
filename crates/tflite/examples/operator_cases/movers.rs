//! Operators that move elements, in every type that TFLM or LiteRT moves.

use smidgen_ir::ops::batch_to_space_nd::BatchToSpaceNd;
use smidgen_ir::ops::broadcast_to::BroadcastTo;
use smidgen_ir::ops::concatenation::Concatenation;
use smidgen_ir::ops::depth_to_space::DepthToSpace;
use smidgen_ir::ops::dynamic_update_slice::DynamicUpdateSlice;
use smidgen_ir::ops::expand_dims::ExpandDims;
use smidgen_ir::ops::fill::Fill;
use smidgen_ir::ops::gather::Gather;
use smidgen_ir::ops::gather_nd::GatherNd;
use smidgen_ir::ops::mirror_pad::MirrorPad;
use smidgen_ir::ops::pack::Pack;
use smidgen_ir::ops::pad::Pad;
use smidgen_ir::ops::padv2::PadV2;
use smidgen_ir::ops::reshape::Reshape;
use smidgen_ir::ops::resize_bilinear::ResizeBilinear;
use smidgen_ir::ops::resize_nearest_neighbor::ResizeNearestNeighbor;
use smidgen_ir::ops::reverse_v2::ReverseV2;
use smidgen_ir::ops::shape::Shape;
use smidgen_ir::ops::slice::Slice;
use smidgen_ir::ops::space_to_batch_nd::SpaceToBatchNd;
use smidgen_ir::ops::space_to_depth::SpaceToDepth;
use smidgen_ir::ops::split::Split;
use smidgen_ir::ops::split_v::SplitV;
use smidgen_ir::ops::squeeze::Squeeze;
use smidgen_ir::ops::strided_slice::StridedSlice;
use smidgen_ir::ops::tile::Tile;
use smidgen_ir::ops::transpose::Transpose;
use smidgen_ir::ops::unpack::Unpack;
use smidgen_ir::ops::zeros_like::ZerosLike;
use smidgen_ir::{DType, Op, Quant, Tensor, TensorIdx};

use crate::net::{Case, Net};

pub(crate) fn cases() -> Vec<Case> {
    [shapes(), slices(), gathers(), joints(), parts(), paddings(), blocks(), images()].concat()
}

/// Cases of one operator on one input: folder, name, type and shape of the input, operator.
macro_rules! on_one_input {
    ($($operator:literal $name:literal $dtype:ident $shape:expr => $op:expr;)*) => {
        vec![$(Case::new($operator, $name, |net| {
            let x = input(net, DType::$dtype, &$shape);
            net.node($op, &[x], None)
        }),)*]
    };
}

/// Cases of one operator with several results on one input.
macro_rules! with_several_results {
    ($($operator:literal $name:literal $dtype:ident $shape:expr => $op:expr;)*) => {
        vec![$(Case::several($operator, $name, |net| {
            let x = input(net, DType::$dtype, &$shape);
            net.float().nodes($op, &[Some(x)], &[])
        }),)*]
    };
}

/// Cases of one operator on several inputs of one type and scale.
macro_rules! on_several_inputs {
    ($($operator:literal $name:literal $dtype:ident $shapes:expr => $op:expr;)*) => {
        vec![$(Case::new($operator, $name, |net| {
            let quant = quant(net, DType::$dtype);
            let operands = $shapes.map(|shape| typed(net, DType::$dtype, &shape, quant.clone()));
            net.node($op, &operands, None)
        }),)*]
    };
}

fn quant(net: &mut Net, dtype: DType) -> Option<Quant> {
    match dtype {
        DType::I16 => Some(Quant::per_tensor(net.quant().scales[0], 0)),
        dtype if dtype.is_quantized() => Some(net.quant()),
        _ => None,
    }
}

fn typed(net: &mut Net, dtype: DType, shape: &[usize], quant: Option<Quant>) -> TensorIdx {
    net.float().input_tensor(Tensor { quant, ..Tensor::activation("input", dtype, shape.to_vec()) })
}

fn input(net: &mut Net, dtype: DType, shape: &[usize]) -> TensorIdx {
    let quant = quant(net, dtype);
    typed(net, dtype, shape, quant)
}

fn int32s(net: &mut Net, shape: &[usize], values: &[i32]) -> TensorIdx {
    net.float().constant(Tensor::const_i32("positions", shape.to_vec(), values, None))
}

fn shapes() -> Vec<Case> {
    on_one_input! {
        "reshape" "int16" I16 [2, 3, 4] => Op::Reshape(Reshape { shape: vec![4, -1] });
        "reshape" "int32" I32 [2, 3] => Op::Reshape(Reshape { shape: vec![6] });
        "squeeze" "int8_all" I8 [1, 3, 1, 2] => Op::Squeeze(Squeeze { axes: vec![] });
        "squeeze" "float_one" F32 [1, 3, 1, 2] => Op::Squeeze(Squeeze { axes: vec![-2] });
        "expand_dims" "int8" I8 [3, 2] => Op::ExpandDims(ExpandDims { axis: 0 });
        "expand_dims" "float" F32 [3, 2] => Op::ExpandDims(ExpandDims { axis: -1 });
        "shape" "int32" I8 [259, 2, 5, 7] => Op::Shape(Shape { wide: false });
        "transpose" "int8_matrix" I8 [3, 5] => Op::Transpose(Transpose { permutation: vec![1, 0] });
        "transpose" "int8_channels_first" I8 [2, 3, 4, 5] => Op::Transpose(Transpose { permutation: vec![0, 3, 1, 2] });
        "transpose" "int16_rows_last" I16 [3, 4, 2] => Op::Transpose(Transpose { permutation: vec![2, 0, 1] });
        "transpose" "float_five" F32 [2, 3, 1, 2, 4] => Op::Transpose(Transpose { permutation: vec![4, 1, 3, 2, 0] });
        "reverse_v2" "float" F32 [2, 3, 4] => Op::ReverseV2(ReverseV2 { axes: vec![1] });
        "reverse_v2" "int8_last" I8 [3, 4] => Op::ReverseV2(ReverseV2 { axes: vec![-1] });
        "tile" "float" F32 [2, 3] => Op::Tile(Tile { multiples: vec![3, 2] });
        "tile" "int8_four" I8 [2, 1, 3, 2] => Op::Tile(Tile { multiples: vec![2, 3, 2, 2] });
        "broadcast_to" "int8" I8 [3, 1, 2] => Op::BroadcastTo(BroadcastTo { shape: vec![2, 3, 4, 2] });
        "broadcast_to" "float" F32 [1, 3] => Op::BroadcastTo(BroadcastTo { shape: vec![2, 3] });
        "zeros_like" "float" F32 [2, 3] => Op::ZerosLike(ZerosLike {});
        "zeros_like" "int32" I32 [2, 3] => Op::ZerosLike(ZerosLike {});
        "fill" "float" F32 [] => Op::Fill(Fill { shape: vec![2, 3] });
        "fill" "int8" I8 [] => Op::Fill(Fill { shape: vec![4] });
        "fill" "int32" I32 [] => Op::Fill(Fill { shape: vec![2, 2] });
    }
}

fn strided(begin: &[i32], end: &[i32], strides: &[i32]) -> StridedSlice {
    StridedSlice {
        begin: begin.to_vec(),
        end: end.to_vec(),
        strides: strides.to_vec(),
        ..StridedSlice::default()
    }
}

fn slices() -> Vec<Case> {
    on_one_input! {
        "slice" "int8" I8 [3, 4, 5] => Op::Slice(Slice { begin: vec![1, 0, 2], size: vec![2, -1, 2] });
        "slice" "int16" I16 [4, 6] => Op::Slice(Slice { begin: vec![1, 2], size: vec![2, 3] });
        "slice" "float_five" F32 [2, 2, 3, 2, 3] =>
            Op::Slice(Slice { begin: vec![0, 1, 0, 0, 1], size: vec![2, 1, 3, -1, 2] });
        "slice" "int32" I32 [5] => Op::Slice(Slice { begin: vec![1], size: vec![3] });
        "strided_slice" "int8" I8 [5, 6] => Op::StridedSlice(strided(&[1, 0], &[5, 6], &[2, 3]));
        "strided_slice" "int8_backwards" I8 [5, 6] => Op::StridedSlice(strided(&[-1, 4], &[0, -7], &[-2, -1]));
        "strided_slice" "int16_masks" I16 [3, 4, 5] => Op::StridedSlice(StridedSlice {
            begin_mask: 1,
            end_mask: 2,
            shrink_axis_mask: 4,
            ..strided(&[2, 1, -2], &[2, 1, 0], &[1, 2, 1])
        });
        "strided_slice" "float_new_axis" F32 [3, 4, 5] => Op::StridedSlice(StridedSlice {
            ellipsis_mask: 1,
            new_axis_mask: 2,
            ..strided(&[0, 0, 1], &[0, 0, 4], &[1, 1, 2])
        });
        "strided_slice" "int32_shrink" I32 [4] =>
            Op::StridedSlice(StridedSlice { shrink_axis_mask: 1, ..strided(&[2], &[3], &[1]) });
        "strided_slice" "float_offset" F32 [6, 2] =>
            Op::StridedSlice(StridedSlice { offset: true, ..strided(&[1, 0], &[3, 2], &[1, 1]) });
    }
}

fn gathers() -> Vec<Case> {
    vec![
        Case::new("gather", "int8_rows", |net| {
            let x = input(net, DType::I8, &[4, 3]);
            let positions = int32s(net, &[2, 2], &[3, 0, 1, 3]);
            net.node(Op::Gather(Gather { axis: 0, batch_dims: 0 }), &[x, positions], None)
        }),
        Case::new("gather", "float_columns", |net| {
            let x = input(net, DType::F32, &[2, 4, 3]);
            let positions = int32s(net, &[2], &[2, 0]);
            net.node(Op::Gather(Gather { axis: -1, batch_dims: 0 }), &[x, positions], None)
        }),
        Case::new("gather", "int8_batches", |net| {
            let x = input(net, DType::I8, &[2, 3, 4, 2]);
            let positions = int32s(net, &[2, 3], &[2, 0, 1, 3, 3, 0]);
            net.node(Op::Gather(Gather { axis: 2, batch_dims: 1 }), &[x, positions], None)
        }),
        Case::new("gather", "int16_scalar", |net| {
            let x = input(net, DType::I16, &[4, 3]);
            let positions = int32s(net, &[], &[1]);
            net.node(Op::Gather(Gather { axis: 1, batch_dims: 0 }), &[x, positions], None)
        }),
        Case::new("gather_nd", "int8_slices", |net| {
            let x = input(net, DType::I8, &[3, 4, 2]);
            let positions = int32s(net, &[3, 2], &[0, 1, 2, 3, 1, 0]);
            net.node(Op::GatherNd(GatherNd {}), &[x, positions], None)
        }),
        Case::new("gather_nd", "float_elements", |net| {
            let x = input(net, DType::F32, &[3, 4]);
            let positions = int32s(net, &[2, 2, 2], &[0, 1, 2, 3, 1, 0, 2, 2]);
            net.node(Op::GatherNd(GatherNd {}), &[x, positions], None)
        }),
        Case::new("dynamic_update_slice", "float", |net| {
            let (x, update) = (input(net, DType::F32, &[4, 5]), input(net, DType::F32, &[2, 3]));
            let start = int32s(net, &[2], &[1, 7]);
            net.node(Op::DynamicUpdateSlice(DynamicUpdateSlice {}), &[x, update, start], None)
        }),
        Case::new("dynamic_update_slice", "int8", |net| {
            let quant = quant(net, DType::I8);
            let x = typed(net, DType::I8, &[3, 4], quant.clone());
            let update = typed(net, DType::I8, &[1, 4], quant);
            let start = int32s(net, &[2], &[2, 0]);
            net.node(Op::DynamicUpdateSlice(DynamicUpdateSlice {}), &[x, update, start], None)
        }),
    ]
}

fn joints() -> Vec<Case> {
    let concatenation = on_several_inputs! {
        "concatenation" "int8_channels" I8 [[1, 2, 3, 4], [1, 2, 3, 2], [1, 2, 3, 1]] =>
            Op::Concatenation(Concatenation { axis: -1 });
        "concatenation" "int8_rows" I8 [[2, 3], [1, 3]] => Op::Concatenation(Concatenation { axis: 0 });
        "concatenation" "int16" I16 [[2, 3, 2], [2, 1, 2]] => Op::Concatenation(Concatenation { axis: 1 });
        "concatenation" "float" F32 [[2, 3], [2, 2]] => Op::Concatenation(Concatenation { axis: 1 });
        "concatenation" "int32" I32 [[2], [3]] => Op::Concatenation(Concatenation { axis: 0 });
    };
    let pack = on_several_inputs! {
        "pack" "int8" I8 [[2, 3], [2, 3]] => Op::Pack(Pack { axis: 0 });
        "pack" "float" F32 [[2, 3], [2, 3], [2, 3]] => Op::Pack(Pack { axis: 1 });
        "pack" "int32_last" I32 [[4], [4]] => Op::Pack(Pack { axis: -1 });
    };
    [concatenation, pack].concat()
}

fn parts() -> Vec<Case> {
    with_several_results! {
        "split" "int8_channels" I8 [1, 2, 3, 4] => Op::Split(Split { axis: 3, parts: 2 });
        "split" "int16" I16 [4, 3] => Op::Split(Split { axis: 0, parts: 4 });
        "split" "float" F32 [2, 6, 2] => Op::Split(Split { axis: -2, parts: 3 });
        "split_v" "int8" I8 [2, 7] => Op::SplitV(SplitV { axis: 1, sizes: vec![3, 4] });
        "split_v" "float" F32 [6, 2] => Op::SplitV(SplitV { axis: 0, sizes: vec![1, -1, 2] });
        "unpack" "int8" I8 [3, 4] => Op::Unpack(Unpack { axis: 0 });
        "unpack" "float_last" F32 [2, 3, 2] => Op::Unpack(Unpack { axis: -1 });
    }
}

fn paddings() -> Vec<Case> {
    let mut cases = on_one_input! {
        "pad" "int16" I16 [2, 3, 2] => Op::Pad(Pad { paddings: vec![[1, 0], [0, 2], [1, 1]] });
        "pad" "int32" I32 [3] => Op::Pad(Pad { paddings: vec![[2, 1]] });
        "mirror_pad" "int8_reflect" I8 [1, 3, 4, 2] =>
            Op::MirrorPad(MirrorPad { paddings: vec![[0, 0], [1, 2], [2, 0], [0, 0]], symmetric: false });
        "mirror_pad" "float_symmetric" F32 [3, 4] =>
            Op::MirrorPad(MirrorPad { paddings: vec![[3, 1], [0, 4]], symmetric: true });
        "mirror_pad" "float_reflect" F32 [3, 4] =>
            Op::MirrorPad(MirrorPad { paddings: vec![[2, 1], [3, 0]], symmetric: false });
    };
    cases.extend([
        Case::new("padv2", "int8", |net| {
            let quant = net.quant();
            let x = typed(net, DType::I8, &[1, 3, 4, 2], Some(quant.clone()));
            let value = net.float().constant(Tensor::const_i8("value", vec![], &[-77], quant));
            let paddings = vec![[0, 0], [1, 2], [2, 0], [0, 1]];
            net.node(Op::PadV2(PadV2 { paddings }), &[x, value], None)
        }),
        Case::new("padv2", "float", |net| {
            let x = input(net, DType::F32, &[3, 4]);
            let value = net.float().constant(Tensor::const_f32("value", vec![1], &[1.5]));
            net.node(Op::PadV2(PadV2 { paddings: vec![[0, 1], [2, 0]] }), &[x, value], None)
        }),
    ]);
    cases
}

/// Cases of SPACE_TO_BATCH_ND in int8: their zero point is 0, because TFLM's kernel reads a padding that nobody sets.
fn blocks_int8(net: &mut Net, shape: &[usize], block: &[usize], paddings: &[[usize; 2]]) -> TensorIdx {
    let x = typed(net, DType::I8, shape, Some(Quant::per_tensor(0.05, 0)));
    net.node(
        Op::SpaceToBatchNd(SpaceToBatchNd { block: block.to_vec(), paddings: paddings.to_vec() }),
        &[x],
        None,
    )
}

fn blocks() -> Vec<Case> {
    let mut cases = on_one_input! {
        "space_to_depth" "int8" I8 [1, 4, 6, 3] => Op::SpaceToDepth(SpaceToDepth { block: 2 });
        "space_to_depth" "float" F32 [2, 3, 3, 1] => Op::SpaceToDepth(SpaceToDepth { block: 3 });
        "depth_to_space" "int8" I8 [1, 2, 3, 8] => Op::DepthToSpace(DepthToSpace { block: 2 });
        "depth_to_space" "float" F32 [2, 1, 2, 9] => Op::DepthToSpace(DepthToSpace { block: 3 });
        "space_to_batch_nd" "float" F32 [2, 4, 4, 1] => Op::SpaceToBatchNd(SpaceToBatchNd {
            block: vec![2, 2],
            paddings: vec![[0, 0], [2, 0]],
        });
        "batch_to_space_nd" "int8" I8 [6, 3, 2, 2] => Op::BatchToSpaceNd(BatchToSpaceNd {
            block: vec![2, 3],
            crops: vec![[1, 1], [0, 1]],
        });
        "batch_to_space_nd" "float" F32 [8, 2, 3, 1] => Op::BatchToSpaceNd(BatchToSpaceNd {
            block: vec![2, 2],
            crops: vec![[0, 0], [2, 0]],
        });
        "batch_to_space_nd" "float_rows" F32 [4, 3, 2] =>
            Op::BatchToSpaceNd(BatchToSpaceNd { block: vec![2], crops: vec![[1, 0]] });
    };
    cases.push(Case::new("space_to_batch_nd", "int8", |net| {
        blocks_int8(net, &[1, 4, 5, 2], &[2, 3], &[[1, 1], [0, 1]])
    }));
    cases.push(Case::new("space_to_batch_nd", "int8_rows", |net| {
        blocks_int8(net, &[1, 5, 3], &[2], &[[1, 0]])
    }));
    cases
}

fn nearest(size: [usize; 2], align_corners: bool, half_pixel_centers: bool) -> Op {
    Op::ResizeNearestNeighbor(ResizeNearestNeighbor { size, align_corners, half_pixel_centers })
}

fn bilinear(size: [usize; 2], align_corners: bool, half_pixel_centers: bool) -> Op {
    Op::ResizeBilinear(ResizeBilinear { size, align_corners, half_pixel_centers })
}

fn images() -> Vec<Case> {
    on_one_input! {
        "resize_nearest_neighbor" "int8_double" I8 [1, 3, 4, 2] => nearest([6, 8], false, false);
        "resize_nearest_neighbor" "int8_odd" I8 [2, 5, 7, 1] => nearest([8, 3], false, false);
        "resize_nearest_neighbor" "int8_corners" I8 [1, 5, 7, 1] => nearest([9, 4], true, false);
        "resize_nearest_neighbor" "float_centers" F32 [1, 5, 7, 1] => nearest([9, 4], false, true);
        "resize_nearest_neighbor" "int16" I16 [1, 3, 2, 1] => nearest([7, 5], false, false);
        "resize_bilinear" "int8_double" I8 [1, 3, 4, 2] => bilinear([6, 8], false, false);
        "resize_bilinear" "int8_odd" I8 [2, 5, 7, 1] => bilinear([8, 3], false, false);
        "resize_bilinear" "int8_corners" I8 [1, 5, 7, 2] => bilinear([9, 11], true, false);
        "resize_bilinear" "int8_centers" I8 [1, 5, 7, 1] => bilinear([13, 4], false, true);
        "resize_bilinear" "int16" I16 [1, 3, 4, 1] => bilinear([7, 5], false, true);
        "resize_bilinear" "float" F32 [1, 3, 4, 2] => bilinear([7, 5], false, false);
        "resize_bilinear" "float_corners" F32 [1, 5, 7, 1] => bilinear([9, 11], true, false);
        "resize_bilinear" "float_centers" F32 [1, 5, 7, 1] => bilinear([8, 15], false, true);
    }
}
