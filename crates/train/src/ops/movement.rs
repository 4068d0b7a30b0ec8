//! Operators whose result is made of elements of their operands and of constants: their gradient goes back the same way.
//!
//! Where an element comes from is read off the kernel itself: the node is run once on operands that hold the numbers of
//! their elements, and once on the negatives, which a constant does not follow.

use smidgen_ir::ops::Op;

use crate::error::TrainError;
use crate::operands::Operands;
use crate::ops::Seen;
use crate::ops::rule::{Rule, examples, examples_mut};

/// Numbers up to here are exact in float32.
const MAX_ELEMENTS: usize = 1 << 24;

/// Whether `op` only moves elements.
pub(crate) fn moves(op: &Op) -> bool {
    matches!(
        op,
        Op::BatchToSpaceNd(_)
            | Op::BroadcastTo(_)
            | Op::Concatenation(_)
            | Op::DepthToSpace(_)
            | Op::ExpandDims(_)
            | Op::Gather(_)
            | Op::GatherNd(_)
            | Op::MirrorPad(_)
            | Op::Pack(_)
            | Op::PadV2(_)
            | Op::ResizeNearestNeighbor(_)
            | Op::ReverseV2(_)
            | Op::Slice(_)
            | Op::SpaceToBatchNd(_)
            | Op::SpaceToDepth(_)
            | Op::Split(_)
            | Op::SplitV(_)
            | Op::Squeeze(_)
            | Op::StridedSlice(_)
            | Op::Tile(_)
            | Op::Transpose(_)
            | Op::Unpack(_)
    )
}

/// Where an element of the result comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Origin {
    Element { operand: u32, at: u32 },
    Constant(f32),
}

/// A compiled movement: the origins of one example's result.
#[derive(Debug)]
pub(crate) struct Layer {
    origins: Vec<Origin>,
}

impl Layer {
    pub(crate) fn compile(operands: &Operands<'_>) -> Result<Self, TrainError> {
        let sizes = operands.activations();
        let total: usize = sizes.iter().map(|&(_, elements)| elements).sum();
        if total == 0 || total >= MAX_ELEMENTS {
            return Err(
                operands.refuse(format!("moves {total} elements; the trainer takes 1 to {MAX_ELEMENTS}"))
            );
        }
        let numbers = |sign: f32| {
            let numbers = (1..=total).map(|number| sign * number as f32);
            operands.run(&numbers.collect::<Vec<_>>())
        };
        let (there, back) = (numbers(1.0)?, numbers(-1.0)?);
        let origin = |(&value, &opposite): (&f32, &f32)| {
            if value != -opposite || value == 0.0 {
                return Some(Origin::Constant(value));
            }
            let mut at = (value as usize).checked_sub(1)?;
            for &(operand, elements) in &sizes {
                if at < elements {
                    return Some(Origin::Element { operand: operand as u32, at: at as u32 });
                }
                at -= elements;
            }
            None
        };
        let origins: Option<Vec<Origin>> = there.iter().zip(&back).map(origin).collect();
        let origins = origins.ok_or_else(|| operands.refuse("makes values that its operands do not hold"))?;
        Ok(Layer { origins })
    }
}

impl Rule for Layer {
    fn forward(&self, _params: &[f32], x: &[&[f32]], y: &mut [f32], n: usize) {
        let lens: Vec<usize> = x.iter().map(|x| x.len() / n.max(1)).collect();
        for (example, y) in examples_mut(y, n).enumerate() {
            for (y, origin) in y.iter_mut().zip(&self.origins) {
                *y = match *origin {
                    Origin::Constant(value) => value,
                    Origin::Element { operand, at } => {
                        x[operand as usize][example * lens[operand as usize] + at as usize]
                    }
                };
            }
        }
    }

    fn input_gradient(&self, seen: Seen<'_>, operand: usize, dx: &mut [f32], n: usize) {
        dx.fill(0.0);
        for (dx, dy) in examples_mut(dx, n).zip(examples(seen.dy, n)) {
            for (dy, origin) in dy.iter().zip(&self.origins) {
                if let Origin::Element { operand: from, at } = *origin
                    && from as usize == operand
                {
                    dx[at as usize] += dy;
                }
            }
        }
    }
}
