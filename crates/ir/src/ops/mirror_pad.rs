//! MIRROR_PAD: the data's own reflection around it.

use smidgen_kernels::ops::mirror_pad::Spec;

use super::attributes::Attributes;
use super::movers::{keeps_quant, kernel_by_width, movable};
use super::operator::{Operands, Operator, Results, TensorType, rank_6};
use super::pad::{padded, read_paddings, side, with_paddings};
use crate::lower::NodeLowering;

/// Attributes of MIRROR_PAD. Inputs: x; the paddings operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct MirrorPad {
    /// For each dimension, elements before and after.
    pub paddings: Vec<[usize; 2]>,
    /// Whether the outermost element is repeated (SYMMETRIC) or stands once (REFLECT).
    pub symmetric: bool,
}

impl Operator for MirrorPad {
    keeps_quant!();

    fn name() -> &'static str {
        "MIRROR_PAD"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        let symmetric = attributes.take("symmetric")?;
        Ok(MirrorPad { paddings: read_paddings(attributes)?, symmetric })
    }

    fn attributes(&self) -> Attributes {
        with_paddings(Attributes::default().with("symmetric", self.symmetric), &self.paddings)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        let shape = padded(input, &self.paddings)?;
        for (&extent, pair) in input.shape.iter().zip(&self.paddings) {
            let most = extent.saturating_sub(usize::from(!self.symmetric));
            if pair.iter().any(|&amount| amount > most) {
                return Err(format!(
                    "its paddings {pair:?} must be at most {most}, what an extent of {extent} can reflect"
                ));
            }
        }
        Ok(TensorType::one(movable("input", input)?, shape))
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let input = operands.get(0)?;
        let spec = Spec {
            in_shape: rank_6("input", &input.shape)?,
            before: side(&self.paddings, 0),
            after: side(&self.paddings, 1),
            skip: usize::from(!self.symmetric),
        };
        let kernel = kernel_by_width!(input.dtype, spec, MirrorPad8, MirrorPad16, MirrorPad32, MirrorPad64)?;
        let arguments = vec![to.operand(0)];
        to.call(kernel, arguments)
    }
}
