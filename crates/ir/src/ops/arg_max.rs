//! ARG_MAX: `y = the first index along an axis where x is largest`.

use smidgen_kernels::ops::arg_max;

use super::arg::arg_operator;

/// Attributes of ARG_MAX. Inputs: x; the axis operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct ArgMax {
    /// The dimension that is searched and disappears; a negative one counts from the last.
    pub axis: i32,
    /// Whether indices are int64 instead of int32.
    pub int64: bool,
}

arg_operator!(
    ArgMax,
    "ARG_MAX",
    arg_max,
    [
        (F32, ArgMaxFloat32, ArgMaxFloat32ToInt64),
        (I8, ArgMaxInt8, ArgMaxInt8ToInt64),
        (U8, ArgMaxUint8, ArgMaxUint8ToInt64),
        (I16, ArgMaxInt16, ArgMaxInt16ToInt64),
        (I32, ArgMaxInt32, ArgMaxInt32ToInt64),
    ]
);
