//! Field numbers and enumerations of the TFLite schema, version 3 (`schema.fbs` of TensorFlow), that are read or written.

/// The four bytes after the root offset.
pub(crate) const FILE_IDENTIFIER: &str = "TFL3";
/// The only version of the schema since 2017.
pub(crate) const SCHEMA_VERSION: u32 = 3;

/// Declares a module of field numbers, one for each table.
macro_rules! fields {
    ($($table:ident { $($field:ident = $id:literal),* $(,)? })*) => {
        $(pub(crate) mod $table {
            $(pub(crate) const $field: u16 = $id;)*
        })*
    };
}

fields! {
    model {
        VERSION = 0, OPERATOR_CODES = 1, SUBGRAPHS = 2, DESCRIPTION = 3, BUFFERS = 4, METADATA = 6, SIGNATURE_DEFS = 7,
    }
    operator_code { DEPRECATED_BUILTIN_CODE = 0, CUSTOM_CODE = 1, VERSION = 2, BUILTIN_CODE = 3 }
    sub_graph { TENSORS = 0, INPUTS = 1, OUTPUTS = 2, OPERATORS = 3, NAME = 4 }
    tensor {
        SHAPE = 0, TYPE = 1, BUFFER = 2, NAME = 3, QUANTIZATION = 4, IS_VARIABLE = 5, SPARSITY = 6,
        SHAPE_SIGNATURE = 7, HAS_RANK = 8,
    }
    quantization { SCALE = 2, ZERO_POINT = 3, DETAILS_TYPE = 4, QUANTIZED_DIMENSION = 6 }
    operator { OPCODE_INDEX = 0, INPUTS = 1, OUTPUTS = 2, OPTIONS_TYPE = 3, OPTIONS = 4 }
    buffer { DATA = 0, OFFSET = 1 }
    metadata { NAME = 0, BUFFER = 1 }
    tensor_map { NAME = 0, TENSOR_INDEX = 1 }
    signature_def { INPUTS = 0, OUTPUTS = 1, SIGNATURE_KEY = 2, SUBGRAPH_INDEX = 4 }

    conv_2d_options {
        PADDING = 0, STRIDE_W = 1, STRIDE_H = 2, ACTIVATION = 3, DILATION_W = 4, DILATION_H = 5,
        QUANTIZED_BIAS_TYPE = 6,
    }
    depthwise_conv_2d_options {
        PADDING = 0, STRIDE_W = 1, STRIDE_H = 2, DEPTH_MULTIPLIER = 3, ACTIVATION = 4, DILATION_W = 5, DILATION_H = 6,
    }
    pool_2d_options {
        PADDING = 0, STRIDE_W = 1, STRIDE_H = 2, FILTER_WIDTH = 3, FILTER_HEIGHT = 4, ACTIVATION = 5,
    }
    fully_connected_options {
        ACTIVATION = 0, WEIGHTS_FORMAT = 1, KEEP_NUM_DIMS = 2, QUANTIZED_BIAS_TYPE = 4,
    }
    softmax_options { BETA = 0 }
    add_options { ACTIVATION = 0 }
    reshape_options { NEW_SHAPE = 0 }
}

/// Numbers of the union `BuiltinOptions`.
pub(crate) mod options {
    pub(crate) const CONV_2D: u8 = 1;
    pub(crate) const DEPTHWISE_CONV_2D: u8 = 2;
    pub(crate) const POOL_2D: u8 = 5;
    pub(crate) const FULLY_CONNECTED: u8 = 8;
    pub(crate) const SOFTMAX: u8 = 9;
    pub(crate) const ADD: u8 = 11;
    pub(crate) const RESHAPE: u8 = 17;
    pub(crate) const PAD: u8 = 22;
    pub(crate) const DEQUANTIZE: u8 = 38;
    pub(crate) const QUANTIZE: u8 = 89;
}

/// Numbers of the enumeration `BuiltinOperator`.
pub(crate) mod builtin {
    pub(crate) const ADD: i32 = 0;
    pub(crate) const AVERAGE_POOL_2D: i32 = 1;
    pub(crate) const CONV_2D: i32 = 3;
    pub(crate) const DEPTHWISE_CONV_2D: i32 = 4;
    pub(crate) const DEQUANTIZE: i32 = 6;
    pub(crate) const FULLY_CONNECTED: i32 = 9;
    pub(crate) const MAX_POOL_2D: i32 = 17;
    pub(crate) const RELU: i32 = 19;
    pub(crate) const RELU6: i32 = 21;
    pub(crate) const RESHAPE: i32 = 22;
    pub(crate) const SOFTMAX: i32 = 25;
    pub(crate) const CUSTOM: i32 = 32;
    pub(crate) const PAD: i32 = 34;
    pub(crate) const QUANTIZE: i32 = 114;
    /// From here on an operator's number stands in `builtin_code` only.
    pub(crate) const PLACEHOLDER_FOR_GREATER_OP_CODES: i32 = 127;
}

/// Numbers of the enumeration `TensorType`.
pub(crate) mod tensor_type {
    pub(crate) const FLOAT32: i8 = 0;
    pub(crate) const FLOAT16: i8 = 1;
    pub(crate) const INT32: i8 = 2;
    pub(crate) const UINT8: i8 = 3;
    pub(crate) const INT64: i8 = 4;
    pub(crate) const INT16: i8 = 7;
    pub(crate) const INT8: i8 = 9;

    const NAMES: [&str; 19] = [
        "float32",
        "float16",
        "int32",
        "uint8",
        "int64",
        "string",
        "bool",
        "int16",
        "complex64",
        "int8",
        "float64",
        "complex128",
        "uint64",
        "resource",
        "variant",
        "uint32",
        "uint16",
        "int4",
        "bfloat16",
    ];

    /// Name of an element type, for messages.
    pub(crate) fn name(number: i8) -> Option<&'static str> {
        usize::try_from(number).ok().and_then(|number| NAMES.get(number)).copied()
    }
}
