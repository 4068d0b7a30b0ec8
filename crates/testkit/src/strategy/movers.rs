//! Operators that move the elements of images, and those that reduce or add them up along axes, in random graphs.

use smidgen_ir::ops::{
    batch_to_space_nd::BatchToSpaceNd, concatenation::Concatenation, cumsum::Cumsum,
    depth_to_space::DepthToSpace, expand_dims::ExpandDims, gather::Gather, mean::Mean, mirror_pad::MirrorPad,
    pack::Pack, padv2::PadV2, reduce_max::ReduceMax, reduce_min::ReduceMin, resize_bilinear::ResizeBilinear,
    resize_nearest_neighbor::ResizeNearestNeighbor, reverse_v2::ReverseV2, slice::Slice,
    space_to_batch_nd::SpaceToBatchNd, space_to_depth::SpaceToDepth, split::Split, split_v::SplitV,
    squeeze::Squeeze, strided_slice::StridedSlice, sum::Sum, tile::Tile, transpose::Transpose,
    unpack::Unpack,
};
use smidgen_ir::{Op, Tensor};

use super::Chain;

/// Images of more elements are not made larger.
const LARGE: usize = 1000;

impl Chain {
    /// One operator, or a pair that ends in images again.
    pub(super) fn mover(&mut self) {
        let shape = self.shape();
        let axis = self.random.below(4);
        match self.random.below(20) {
            0 | 1 => self.parts(axis, shape[axis]),
            2 => self.slices(axis),
            3 => self.gather(axis, shape[axis]),
            4 => self.detour(axis as i32),
            5 => self.padded(),
            at => {
                let op = match at {
                    6 | 7 => self.ranges(&shape),
                    8 | 9 => self.reduction(),
                    10 | 11 => self.resize(),
                    12 | 13 => self.blocks(&shape),
                    14 | 15 => self.permutation(),
                    16 => self.repetition(axis, &shape),
                    17 => self.mirror(&shape),
                    18 => self.running_sum(axis as i32),
                    _ => Op::ReverseV2(ReverseV2 { axes: vec![self.either_end(axis)] }),
                };
                self.apply(op, &[self.at]);
            }
        }
    }

    /// An axis of images counted from the front or from the back.
    fn either_end(&mut self, axis: usize) -> i32 {
        self.random.pick(&[axis as i32, axis as i32 - 4])
    }

    /// SPLIT or SPLIT_V, then CONCATENATION in the other order.
    fn parts(&mut self, axis: usize, extent: usize) {
        let (from, at) = (self.either_end(axis), self.at);
        let op = if self.random.below(2) == 0 {
            let divisors: Vec<usize> =
                (1..=extent.min(4)).filter(|&parts| extent.is_multiple_of(parts)).collect();
            Op::Split(Split { axis: from, parts: self.random.pick(&divisors) })
        } else {
            let first = self.random.below(extent) as i32;
            let sizes = if first == 0 { vec![-1] } else { vec![first, -1] };
            Op::SplitV(SplitV { axis: from, sizes })
        };
        let mut parts = self.apply(op, &[at]);
        parts.reverse();
        if self.random.below(3) == 0 && self.graph.tensor(at).n_elements() < LARGE {
            parts.push(at);
        }
        self.apply(Op::Concatenation(Concatenation { axis: axis as i32 }), &parts);
    }

    /// UNPACK, then PACK in the other order.
    fn slices(&mut self, axis: usize) {
        let axis = self.either_end(axis);
        let mut slices = self.apply(Op::Unpack(Unpack { axis }), &[self.at]);
        slices.reverse();
        self.apply(Op::Pack(Pack { axis }), &slices);
    }

    fn gather(&mut self, axis: usize, extent: usize) {
        let n = 1 + self.random.below(4);
        let positions: Vec<i32> = (0..n).map(|_| self.random.below(extent) as i32).collect();
        let positions = self.graph.add_tensor(Tensor::const_i32("positions", vec![n], &positions, None));
        let op = Gather { axis: self.either_end(axis), batch_dims: 0 };
        self.apply(Op::Gather(op), &[self.at, positions]);
    }

    /// EXPAND_DIMS, then SQUEEZE of the same dimension.
    fn detour(&mut self, axis: i32) {
        self.apply(Op::ExpandDims(ExpandDims { axis }), &[self.at]);
        self.apply(Op::Squeeze(Squeeze { axes: vec![axis] }), &[self.at]);
    }

    /// PADV2 with a number of its own.
    fn padded(&mut self) {
        let paddings = (0..4).map(|_| [self.random.below(2), self.random.below(2)]).collect();
        let value = match self.graph.tensor(self.at).quant.clone() {
            Some(quant) => Tensor::const_i8("value", vec![1], &[self.random.bits() as i8], quant),
            None => Tensor::const_f32("value", vec![1], &[0.5]),
        };
        let value = self.graph.add_tensor(value);
        self.apply(Op::PadV2(PadV2 { paddings }), &[self.at, value]);
    }

    /// SLICE or STRIDED_SLICE of a range on each dimension.
    fn ranges(&mut self, shape: &[usize]) -> Op {
        let range = |extent: &usize| {
            let first = self.random.below(*extent);
            (first as i32, 1 + self.random.below(extent - first) as i32)
        };
        let (begin, size): (Vec<i32>, Vec<i32>) = shape.iter().map(range).unzip();
        if self.random.below(2) == 0 {
            return Op::Slice(Slice { begin, size });
        }
        let end: Vec<i32> = begin.iter().zip(&size).map(|(begin, size)| begin + size).collect();
        let strides = begin.iter().map(|_| self.random.pick(&[1, 1, 2, 3])).collect();
        let slice = StridedSlice { begin, end, strides, ..StridedSlice::default() };
        Op::StridedSlice(match self.random.below(4) {
            // One dimension backwards: from its range's begin to the front.
            0 => {
                let at = self.random.below(4);
                let mut strides = slice.strides.clone();
                strides[at] = -1;
                StridedSlice { strides, end_mask: 1 << at, ..slice }
            }
            1 => StridedSlice { begin_mask: 0b0110, end_mask: 0b0011, ..slice },
            2 => StridedSlice { ellipsis_mask: 0b0010, ..slice },
            _ => slice,
        })
    }

    fn reduction(&mut self) -> Op {
        let axes = self.random.pick(&[vec![1, 2], vec![3], vec![-2], vec![0, -1], vec![1]]);
        let keep_dims = true;
        match self.random.below(4) {
            0 => Op::Mean(Mean { axes, keep_dims }),
            1 => Op::Sum(Sum { axes, keep_dims }),
            2 => Op::ReduceMax(ReduceMax { axes, keep_dims }),
            _ => Op::ReduceMin(ReduceMin { axes, keep_dims }),
        }
    }

    fn resize(&mut self) -> Op {
        let size = [1 + self.random.below(7), 1 + self.random.below(7)];
        let (align_corners, half_pixel_centers) =
            self.random.pick(&[(false, false), (true, false), (false, true)]);
        match self.random.below(2) {
            0 => Op::ResizeBilinear(ResizeBilinear { size, align_corners, half_pixel_centers }),
            _ => Op::ResizeNearestNeighbor(ResizeNearestNeighbor { size, align_corners, half_pixel_centers }),
        }
    }

    /// Blocks of pixels to channels or batches, or back where there are enough of those.
    fn blocks(&mut self, shape: &[usize]) -> Op {
        let halves = |extent: usize| if extent.is_multiple_of(2) { 2 } else { 1 };
        match self.random.below(4) {
            0 => Op::SpaceToDepth(SpaceToDepth { block: halves(shape[1]).min(halves(shape[2])) }),
            1 => {
                let block = if shape[3].is_multiple_of(4) { 2 } else { 1 };
                Op::DepthToSpace(DepthToSpace { block })
            }
            2 => {
                let paddings = vec![[0, shape[1] % 2], [shape[2] % 2, 0]];
                Op::SpaceToBatchNd(SpaceToBatchNd { block: vec![2, 2], paddings })
            }
            _ => {
                let block = vec![halves(shape[0]), 1];
                let crops = vec![[0, halves(shape[0]) - 1], [0, 0]];
                Op::BatchToSpaceNd(BatchToSpaceNd { block, crops })
            }
        }
    }

    fn permutation(&mut self) -> Op {
        let mut permutation: Vec<usize> = (0..4).collect();
        for at in 1..4 {
            permutation.swap(at, self.random.below(at + 1));
        }
        Op::Transpose(Transpose { permutation })
    }

    fn repetition(&mut self, axis: usize, shape: &[usize]) -> Op {
        let mut multiples = vec![1; 4];
        if shape.iter().product::<usize>() < LARGE {
            multiples[axis] = 1 + self.random.below(3);
        }
        Op::Tile(Tile { multiples })
    }

    fn mirror(&mut self, shape: &[usize]) -> Op {
        let symmetric = self.random.below(2) == 0;
        let mut amount = |extent: usize| self.random.below(extent.min(2) + usize::from(symmetric));
        let paddings = shape.iter().map(|&extent| [amount(extent), amount(extent)]).collect();
        Op::MirrorPad(MirrorPad { paddings, symmetric })
    }

    fn running_sum(&mut self, axis: i32) -> Op {
        let (exclusive, reverse) = (self.random.below(2) == 0, self.random.below(2) == 0);
        Op::Cumsum(Cumsum { axis, exclusive, reverse })
    }
}
