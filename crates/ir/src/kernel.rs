//! The kernels that a lowered graph calls, each with its specification.

/// A kernel of `smidgen-kernels` and the specification that constructs it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kernel {}

impl Kernel {
    /// Module and type inside `smidgen_kernels::ops`: `conv_2d::Int8`.
    pub fn path(&self) -> &'static str {
        match *self {}
    }

    /// The module inside `smidgen_kernels::ops`: `conv_2d`.
    pub fn module(&self) -> &'static str {
        match *self {}
    }

    /// The specification as Rust source: `Int8Spec { … }`.
    pub fn spec(&self) -> String {
        match *self {}
    }
}
