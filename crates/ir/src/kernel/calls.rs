//! What the list of kernels becomes: the enum, its names and types, and the call on the host.

use smidgen_kernels::memory::{Pod, view, view_mut};

use crate::program::Elem;

/// The element types of kernel operands.
pub(super) trait Element: Pod {
    const ELEM: Elem;
}

macro_rules! element {
    ($($type:ty, $variant:ident;)*) => {
        $(impl Element for $type {
            const ELEM: Elem = Elem::$variant;
        })*
    };
}

element! { f32, F32; i8, I8; u8, U8; i16, I16; u16, U16; i32, I32; u32, U32; i64, I64; u64, U64; }

/// The next operand of a call as elements of one type.
pub(super) fn next<'a, T: Element>(operands: &mut std::slice::Iter<'_, &'a [u8]>) -> Result<&'a [T], String> {
    operands.next().map(|bytes| view(bytes)).ok_or_else(|| "the call has too few operands".into())
}

/// The next target of a call as elements of one type.
pub(super) fn next_mut<'a, T: Element>(
    targets: &mut std::slice::IterMut<'a, &mut [u8]>,
) -> Result<&'a mut [T], String> {
    targets.next().map(|bytes| view_mut(bytes)).ok_or_else(|| "the call has too few targets".into())
}

macro_rules! kernels {
    ($($variant:ident: $module:ident::$type:ident($spec:ident),
        ($($operand:ident: $elem:ty),*) -> ($($target:ident: $written:ty),*);)*) => {
        /// A kernel of `smidgen-kernels` and the specification that constructs it.
        #[derive(Debug, Clone, Copy, PartialEq)]
        #[expect(missing_docs, reason = "a variant is named after the module and the type that it holds")]
        pub enum Kernel {
            $($variant(ops::$module::$spec),)*
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

            /// Names and element types of what `run` reads: its first arguments, in order.
            pub const fn operands(&self) -> &'static [(&'static str, Elem)] {
                match self {
                    $(Kernel::$variant(_) => &[$((stringify!($operand), <$elem as Element>::ELEM)),*],)*
                }
            }

            /// Names and element types of what `run` writes: its last arguments, in order.
            pub const fn targets(&self) -> &'static [(&'static str, Elem)] {
                match self {
                    $(Kernel::$variant(_) => &[$((stringify!($target), <$written as Element>::ELEM)),*],)*
                }
            }

            /// The constructed kernel.
            pub(crate) fn ready(&self) -> Result<Ready, InvalidSpec> {
                match *self {
                    $(Kernel::$variant(spec) => ops::$module::$type::new(spec).map(Ready::$variant),)*
                }
            }
        }

        /// A kernel whose specification was checked.
        #[derive(Debug, Clone, Copy)]
        pub(crate) enum Ready {
            $($variant(ops::$module::$type),)*
        }

        impl Ready {
            /// Runs the kernel on the bytes of its operands and targets, aligned for their element types.
            // Inlined so that it is compiled for the vector unit of its caller, see `vector.rs`.
            #[inline(always)]
            pub(crate) fn run(&self, operands: &[&[u8]], targets: &mut [&mut [u8]]) -> Result<(), String> {
                let (mut operands, mut targets) = (operands.iter(), targets.iter_mut());
                match self {
                    $(Ready::$variant(kernel) => {
                        $(let $operand = next::<$elem>(&mut operands)?;)*
                        $(let $target = next_mut::<$written>(&mut targets)?;)*
                        kernel.run($($operand,)* $($target,)*).map_err(|error| error.to_string())
                    })*
                }
            }
        }
    };
}

pub(super) use kernels;
