//! RESIZE_BILINEAR: images of another size, each pixel a mean of the input's four around it.

use smidgen_kernels::ops::resize_bilinear::Spec;

use super::attributes::Attributes;
use super::movers::keeps_quant;
use super::operator::{Operands, Operator, Results, TensorType, rank_4};
use super::resize_nearest_neighbor::resized;
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::tensor::DType;

/// Attributes of RESIZE_BILINEAR. Inputs: x, NHWC; the size operand of TFLite is an attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct ResizeBilinear {
    /// Rows and columns of the result.
    pub size: [usize; 2],
    /// Whether the corner pixels of input and result have the same centres.
    pub align_corners: bool,
    /// Whether a pixel's position is its centre instead of its corner; not together with `align_corners`.
    pub half_pixel_centers: bool,
}

impl Operator for ResizeBilinear {
    keeps_quant!();

    fn name() -> &'static str {
        "RESIZE_BILINEAR"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(ResizeBilinear {
            size: attributes.take_pair("size")?,
            align_corners: attributes.take("align_corners")?,
            half_pixel_centers: attributes.take("half_pixel_centers")?,
        })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
            .with_list("size", &self.size)
            .with("align_corners", self.align_corners)
            .with("half_pixel_centers", self.half_pixel_centers)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        if !matches!(input.dtype, DType::F32 | DType::I8 | DType::I16) {
            let found = input.dtype.name();
            return Err(format!("its input must be float32, int8 or int16, found {found}"));
        }
        if self.align_corners && self.half_pixel_centers {
            return Err("align_corners and half_pixel_centers exclude each other".into());
        }
        resized(input, input.dtype, self.size)
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let input = operands.get(0)?;
        let spec = Spec {
            in_shape: rank_4("input", input)?,
            out_h: self.size[0],
            out_w: self.size[1],
            align_corners: self.align_corners,
            half_pixel_centers: self.half_pixel_centers,
        };
        let kernel = match input.dtype {
            DType::I8 => Kernel::ResizeBilinearInt8(spec),
            DType::I16 => Kernel::ResizeBilinearInt16(spec),
            _ => Kernel::ResizeBilinearFloat32(spec),
        };
        let arguments = vec![to.operand(0)];
        to.call(kernel, arguments)
    }
}
