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
    /// The kernel's `run_shared` goes from element to element, beside a second operand that has memory of its own.
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
        let (window, at_once) = match self.kernel {
            Kernel::AddInt8(spec) => return (spec.a_shape == spec.b_shape).then_some(Sharing::Elements),
            Kernel::SubInt8(spec) => return (spec.a_shape == spec.b_shape).then_some(Sharing::Elements),
            Kernel::Conv2dInt8(spec) | Kernel::Conv2dInt4(spec) => (spec.window, 1),
            Kernel::Conv2dInt8Asymmetric(spec) => (spec.window, 1),
            Kernel::Conv2dStored(spec) => {
                let skips = self.operands.get(1).is_some_and(|(mask, _)| *mask != Operand::Absent);
                (spec.window, conv_2d::Stored::pixels_at_once(&spec.window, skips))
            }
            Kernel::Conv2dCoded(spec) => (spec.window, conv_2d::Stored::pixels_at_once(&spec.window, false)),
            Kernel::DepthwiseConv2dInt8(spec) => (spec.window, 1),
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
