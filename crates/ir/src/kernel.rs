//! The kernels that a lowered graph calls: one list gives their names, signatures and host calls.

use smidgen_kernels::InvalidSpec;
use smidgen_kernels::ops::{
    add, average_pool_2d, conv_2d, depthwise_conv_2d, dequantize, fully_connected, max_pool_2d, pad,
    quantize, relu, relu6, reshape, softmax,
};

use crate::program::Elem;

/// A typed slice that a kernel reads.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Slice<'a> {
    F32(&'a [f32]),
    I8(&'a [i8]),
    I32(&'a [i32]),
}

impl Slice<'_> {
    /// An absent operand.
    pub(crate) const fn empty(elem: Elem) -> Self {
        match elem {
            Elem::F32 => Slice::F32(&[]),
            Elem::I8 => Slice::I8(&[]),
            Elem::I32 => Slice::I32(&[]),
        }
    }
}

/// A typed slice that a kernel writes.
#[derive(Debug)]
pub(crate) enum SliceMut<'a> {
    F32(&'a mut [f32]),
    I8(&'a mut [i8]),
    I32(&'a mut [i32]),
}

/// The element types of kernel operands.
trait Element: Sized {
    const ELEM: Elem;
    fn read(slice: Slice<'_>) -> Option<&[Self]>;
    fn write(slice: SliceMut<'_>) -> Option<&mut [Self]>;
}

macro_rules! element {
    ($type:ty, $variant:ident) => {
        impl Element for $type {
            const ELEM: Elem = Elem::$variant;

            fn read(slice: Slice<'_>) -> Option<&[Self]> {
                if let Slice::$variant(slice) = slice { Some(slice) } else { None }
            }

            fn write(slice: SliceMut<'_>) -> Option<&mut [Self]> {
                if let SliceMut::$variant(slice) = slice { Some(slice) } else { None }
            }
        }
    };
}

element!(f32, F32);
element!(i8, I8);
element!(i32, I32);

/// The next operand of a call as elements of one type.
fn next<'a, T: Element>(operands: &mut std::slice::Iter<'_, Slice<'a>>) -> Result<&'a [T], String> {
    let slice = operands.next().ok_or("the call has too few operands")?;
    T::read(*slice).ok_or_else(|| format!("the call passes {slice:?} where {:?} is expected", T::ELEM))
}

fn write<T: Element>(slice: SliceMut<'_>) -> Result<&mut [T], String> {
    T::write(slice).ok_or_else(|| format!("the call writes another element type than {:?}", T::ELEM))
}

macro_rules! kernels {
    ($($variant:ident: $module:ident::$type:ident($spec:ident), ($($operand:ident: $elem:ty),*) -> $output:ty;)*) => {
        /// A kernel of `smidgen-kernels` and the specification that constructs it.
        #[derive(Debug, Clone, Copy, PartialEq)]
        #[expect(missing_docs, reason = "a variant is named after the module and the type that it holds")]
        pub enum Kernel {
            $($variant($module::$spec),)*
        }

        impl Kernel {
            /// Module and type inside `smidgen_kernels::ops`: `conv_2d::Int8`.
            pub const fn path(&self) -> &'static str {
                match self {
                    $(Kernel::$variant(_) => concat!(stringify!($module), "::", stringify!($type)),)*
                }
            }

            /// The module inside `smidgen_kernels::ops`: `conv_2d`.
            pub const fn module(&self) -> &'static str {
                match self {
                    $(Kernel::$variant(_) => stringify!($module),)*
                }
            }

            /// The specification as Rust source, `Int8Spec { … }`, for a scope with the names of the kernel's module
            /// and `smidgen_kernels::window::Window`.
            pub fn spec(&self) -> String {
                match self {
                    $(Kernel::$variant(spec) => format!("{spec:?}"),)*
                }
            }

            /// Names and element types of the operands of `run`, in order, without the output.
            pub const fn operands(&self) -> &'static [(&'static str, Elem)] {
                match self {
                    $(Kernel::$variant(_) => &[$((stringify!($operand), <$elem as Element>::ELEM)),*],)*
                }
            }

            /// Element type of the output.
            pub const fn output(&self) -> Elem {
                match self {
                    $(Kernel::$variant(_) => <$output as Element>::ELEM,)*
                }
            }

            /// The constructed kernel.
            pub(crate) fn ready(&self) -> Result<Ready, InvalidSpec> {
                match *self {
                    $(Kernel::$variant(spec) => $module::$type::new(spec).map(Ready::$variant),)*
                }
            }
        }

        /// A kernel whose specification was checked.
        #[derive(Debug, Clone, Copy)]
        pub(crate) enum Ready {
            $($variant($module::$type),)*
        }

        impl Ready {
            /// Runs the kernel on operands of the types that [`Kernel::operands`] lists.
            pub(crate) fn run(&self, operands: &[Slice<'_>], output: SliceMut<'_>) -> Result<(), String> {
                let mut operands = operands.iter();
                match self {
                    $(Ready::$variant(kernel) => {
                        $(let $operand = next::<$elem>(&mut operands)?;)*
                        kernel.run($($operand,)* write::<$output>(output)?).map_err(|error| error.to_string())
                    })*
                }
            }
        }
    };
}

kernels! {
    AddFloat32: add::Float32(Float32Spec), (a: f32, b: f32) -> f32;
    AddInt8: add::Int8(Int8Spec), (a: i8, b: i8) -> i8;
    AveragePool2dFloat32: average_pool_2d::Float32(Float32Spec), (input: f32) -> f32;
    AveragePool2dInt8: average_pool_2d::Int8(Int8Spec), (input: i8) -> i8;
    Conv2dFloat32: conv_2d::Float32(Float32Spec), (input: f32, filter: f32, bias: f32) -> f32;
    Conv2dInt8: conv_2d::Int8(Int8Spec), (input: i8, filter: i8, bias: i32, multiplier: i32, shift: i8) -> i8;
    DepthwiseConv2dFloat32: depthwise_conv_2d::Float32(Float32Spec), (input: f32, filter: f32, bias: f32) -> f32;
    DepthwiseConv2dInt8: depthwise_conv_2d::Int8(Int8Spec),
        (input: i8, filter: i8, bias: i32, multiplier: i32, shift: i8) -> i8;
    DequantizeInt8: dequantize::Int8(Int8Spec), (input: i8) -> f32;
    FullyConnectedFloat32: fully_connected::Float32(Float32Spec), (input: f32, filter: f32, bias: f32) -> f32;
    FullyConnectedInt8: fully_connected::Int8(Int8Spec),
        (input: i8, filter: i8, bias: i32, multiplier: i32, shift: i8) -> i8;
    MaxPool2dFloat32: max_pool_2d::Float32(Float32Spec), (input: f32) -> f32;
    MaxPool2dInt8: max_pool_2d::Int8(Int8Spec), (input: i8) -> i8;
    PadFloat32: pad::Float32(Float32Spec), (input: f32) -> f32;
    PadInt8: pad::Int8(Int8Spec), (input: i8) -> i8;
    QuantizeFloat32ToInt8: quantize::Float32ToInt8(Float32ToInt8Spec), (input: f32) -> i8;
    QuantizeInt8: quantize::Int8(Int8Spec), (input: i8) -> i8;
    ReluFloat32: relu::Float32(Float32Spec), (input: f32) -> f32;
    ReluInt8: relu::Int8(Int8Spec), (input: i8) -> i8;
    Relu6Float32: relu6::Float32(Float32Spec), (input: f32) -> f32;
    Relu6Int8: relu6::Int8(Int8Spec), (input: i8) -> i8;
    ReshapeFloat32: reshape::Float32(Float32Spec), (input: f32) -> f32;
    ReshapeInt8: reshape::Int8(Int8Spec), (input: i8) -> i8;
    SoftmaxFloat32: softmax::Float32(Float32Spec), (input: f32) -> f32;
    SoftmaxInt8: softmax::Int8(Int8Spec), (input: i8) -> i8;
}
