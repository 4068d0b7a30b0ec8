//! ARG_MIN: `y = the first index along an axis where x is smallest`.

use smidgen_kernels::ops::arg_min;

use super::arg::arg_operator;

/// Attributes of ARG_MIN. Inputs: x; the axis operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct ArgMin {
    /// The dimension that is searched and disappears; a negative one counts from the last.
    pub axis: i32,
    /// Whether indices are int64 instead of int32.
    pub int64: bool,
}

arg_operator!(
    ArgMin,
    "ARG_MIN",
    arg_min,
    [
        (F32, ArgMinFloat32, ArgMinFloat32ToInt64),
        (I8, ArgMinInt8, ArgMinInt8ToInt64),
        (U8, ArgMinUint8, ArgMinUint8ToInt64),
        (I16, ArgMinInt16, ArgMinInt16ToInt64),
        (I32, ArgMinInt32, ArgMinInt32ToInt64),
    ]
);
