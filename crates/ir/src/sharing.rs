//! Which kernels may write their result over an operand that they have used up.

use smidgen_kernels::ops::{conv_2d, depthwise_conv_2d};
use smidgen_kernels::window::Lags;
pub use smidgen_kernels::window::Window;

use crate::kernel::Kernel;
use crate::program::{Call, Operand};

/// How a result and the first operand may lie in the same memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// The kernel's `run_shared` goes from pixel to pixel, or from so many to the next.
    Pixels {
        /// Shapes, strides, dilation and padding.
        window: Window,
        /// Output pixels of which none is written before the inputs of all are read.
        at_once: usize,
    },
    /// The kernel's `run_shared` goes from element to element, perhaps beside other operands that have memory of their own.
    Elements,
}

impl Sharing {
    /// How far apart both must begin, in elements.
    pub fn lags(self) -> Lags {
        match self {
            Sharing::Pixels { window, at_once } => window.lags(at_once),
            Sharing::Elements => Lags { below: 0, above: 0 },
        }
    }
}

impl Call {
    /// How the result may share the memory of the first operand; `None` where each needs its own.
    pub fn sharing(&self) -> Option<Sharing> {
        let Some((Operand::Tensor(_), _)) = self.operands.first() else { return None };
        let (window, at_once) = match self.kernel {
            Kernel::AddInt8(spec) => return (spec.a_shape == spec.b_shape).then_some(Sharing::Elements),
            Kernel::SubInt8(spec) => return (spec.a_shape == spec.b_shape).then_some(Sharing::Elements),
            Kernel::Conv2dInt8Added(_) => return Some(Sharing::Elements),
            kernel if is_elementwise(kernel) => return Some(Sharing::Elements),
            Kernel::Conv2dInt8(spec) | Kernel::Conv2dInt4(spec) => (spec.window, 1),
            Kernel::Conv2dInt8Asymmetric(spec) => (spec.window, 1),
            Kernel::Conv2dStored(spec) => {
                let skips = self.operands.get(1).is_some_and(|(mask, _)| *mask != Operand::Absent);
                (spec.window, conv_2d::Stored::pixels_at_once(&spec.window, skips))
            }
            Kernel::Conv2dCoded(spec) => (spec.window, conv_2d::Stored::pixels_at_once(&spec.window, false)),
            Kernel::DepthwiseConv2dInt8(spec) | Kernel::DepthwiseConv2dInt4(spec) => (spec.window, 1),
            Kernel::DepthwiseConv2dInt8Asymmetric(spec) => (spec.window, 1),
            Kernel::DepthwiseConv2dStored(spec) if depthwise_conv_2d::Stored::is_shared(&spec.window) => {
                (spec.window, 1)
            }
            Kernel::AveragePool2dInt8(spec) => (spec.window, 1),
            Kernel::MaxPool2dInt8(spec) => (spec.window, 1),
            _ => return None,
        };
        Some(Sharing::Pixels { window, at_once })
    }
}

/// Whether each element of the result is a function of that element of the only operand, of the same size.
fn is_elementwise(kernel: Kernel) -> bool {
    matches!(
        kernel,
        Kernel::AbsFloat32(_)
            | Kernel::AbsInt8(_)
            | Kernel::CeilFloat32(_)
            | Kernel::CosFloat32(_)
            | Kernel::EluFloat32(_)
            | Kernel::EluInt8(_)
            | Kernel::ExpFloat32(_)
            | Kernel::ExpInt8(_)
            | Kernel::FloorFloat32(_)
            | Kernel::GeluInt8(_)
            | Kernel::HardSwishFloat32(_)
            | Kernel::HardSwishInt8(_)
            | Kernel::LeakyReluInt8(_)
            | Kernel::LogFloat32(_)
            | Kernel::LogInt8(_)
            | Kernel::LogisticFloat32(_)
            | Kernel::LogisticInt8(_)
            | Kernel::NegFloat32(_)
            | Kernel::QuantizeInt8(_)
            | Kernel::QuantizeInt8ToUint8(_)
            | Kernel::QuantizeUint8ToInt8(_)
            | Kernel::Relu6Float32(_)
            | Kernel::ReluFloat32(_)
            | Kernel::ReluInt8(_)
            | Kernel::ReluN1To1Float32(_)
            | Kernel::ReluN1To1Int8(_)
            | Kernel::RoundFloat32(_)
            | Kernel::RsqrtFloat32(_)
            | Kernel::RsqrtInt8(_)
            | Kernel::SinFloat32(_)
            | Kernel::SqrtFloat32(_)
            | Kernel::SqrtInt8(_)
            | Kernel::SquareFloat32(_)
            | Kernel::TanhFloat32(_)
            | Kernel::TanhInt8(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{NodeIdx, TensorIdx};
    use crate::program::{ConstIdx, Elem, Target};
    use smidgen_kernels::ops::add;

    #[test]
    fn sums_share_the_memory_of_their_first_operand_if_it_has_some() {
        let shape = [1, 1, 1, 1, 1, 8];
        let spec = add::Int8Spec {
            a_shape: shape,
            b_shape: shape,
            a_zero_point: 0,
            b_zero_point: 0,
            output_zero_point: 0,
            left_shift: 20,
            a_multiplier: 1 << 30,
            a_shift: 0,
            b_multiplier: 1 << 30,
            b_shift: 0,
            output_multiplier: 1 << 30,
            output_shift: -18,
            act_min: -128,
            act_max: 127,
        };
        let sharing = |spec: add::Int8Spec, operands: [Operand; 2]| {
            let operands = operands.map(|operand| (operand, Elem::I8)).to_vec();
            let targets = vec![(Target::Result(TensorIdx(2)), Elem::I8)];
            Call { node: NodeIdx(0), kernel: Kernel::AddInt8(spec), operands, targets }.sharing()
        };
        let (tensor, constant) = (Operand::Tensor(TensorIdx(0)), Operand::Const(ConstIdx(0)));
        assert_eq!(sharing(spec, [tensor, constant]), Some(Sharing::Elements));
        assert_eq!(sharing(spec, [constant, tensor]), None);
        let stretched = add::Int8Spec { b_shape: [1; 6], ..spec };
        assert_eq!(sharing(stretched, [tensor, constant]), None);
    }
}
