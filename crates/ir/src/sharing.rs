//! Which kernels may write their result over an operand that they have used up.

use smidgen_kernels::window::Lags;
pub use smidgen_kernels::window::Window;

use crate::kernel::Kernel;

/// How a result and the first operand may lie in the same memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// The kernel's `run_shared` goes from pixel to pixel.
    Pixels(Window),
    /// The kernel's `run_shared` goes from element to element, beside a second operand that has memory of its own.
    Elements,
}

impl Sharing {
    /// How far apart both must begin, in elements.
    pub fn lags(self) -> Lags {
        match self {
            Sharing::Pixels(window) => window.lags(),
            Sharing::Elements => Lags { below: 0, above: 0 },
        }
    }
}

impl Kernel {
    /// How the result may share the memory of the first operand; `None` where each needs its own.
    pub fn sharing(&self) -> Option<Sharing> {
        let window = match self {
            Kernel::AddInt8(spec) => return (spec.a_shape == spec.b_shape).then_some(Sharing::Elements),
            Kernel::SubInt8(spec) => return (spec.a_shape == spec.b_shape).then_some(Sharing::Elements),
            Kernel::Conv2dInt8(spec) | Kernel::Conv2dInt4(spec) => spec.window,
            Kernel::Conv2dInt8Asymmetric(spec) => spec.window,
            Kernel::DepthwiseConv2dInt8(spec) => spec.window,
            Kernel::AveragePool2dInt8(spec) => spec.window,
            Kernel::MaxPool2dInt8(spec) => spec.window,
            _ => return None,
        };
        Some(Sharing::Pixels(window))
    }
}
