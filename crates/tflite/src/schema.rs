//! Field numbers and enumerations of the TFLite schema, version 3 (`schema.fbs` of TensorFlow), of all operators that
//! microcontrollers meet.
#![allow(dead_code, reason = "a list of the schema; each operator's file uses what it reads and writes")]

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
        SHAPE_SIGNATURE = 7, HAS_RANK = 8, EXTERNAL_BUFFER = 10,
    }
    quantization { SCALE = 2, ZERO_POINT = 3, DETAILS_TYPE = 4, QUANTIZED_DIMENSION = 6 }
    operator {
        OPCODE_INDEX = 0, INPUTS = 1, OUTPUTS = 2, OPTIONS_TYPE = 3, OPTIONS = 4, CUSTOM_OPTIONS = 5, INTERMEDIATES = 8,
        LARGE_CUSTOM_OPTIONS_OFFSET = 9, LARGE_CUSTOM_OPTIONS_SIZE = 10,
    }
    buffer { DATA = 0, OFFSET = 1, SIZE = 2 }
    metadata { NAME = 0, BUFFER = 1 }
    tensor_map { NAME = 0, TENSOR_INDEX = 1 }
    compression { SCHEMA_VERSION = 0, SUBGRAPHS = 1 }
    sub_graph_compression { LUT_TENSORS = 0 }
    lut_tensor { TENSOR = 0, VALUE_BUFFER = 1, INDEX_BITWIDTH = 2 }
    signature_def { INPUTS = 0, OUTPUTS = 1, SIGNATURE_KEY = 2, SUBGRAPH_INDEX = 4 }

    add_options { ACTIVATION = 0, POT_SCALE_INT16 = 1 }
    arg_max_options { OUTPUT_TYPE = 0 }
    batch_matmul_options { ADJ_X = 0, ADJ_Y = 1, ASYMMETRIC_QUANTIZE_INPUTS = 2 }
    call_once_options { INIT_SUBGRAPH_INDEX = 0 }
    cast_options { IN_DATA_TYPE = 0, OUT_DATA_TYPE = 1 }
    concatenation_options { AXIS = 0, ACTIVATION = 1 }
    conv_2d_options {
        PADDING = 0, STRIDE_W = 1, STRIDE_H = 2, ACTIVATION = 3, DILATION_W = 4, DILATION_H = 5,
        QUANTIZED_BIAS_TYPE = 6,
    }
    cumsum_options { EXCLUSIVE = 0, REVERSE = 1 }
    depth_to_space_options { BLOCK_SIZE = 0 }
    depthwise_conv_2d_options {
        PADDING = 0, STRIDE_W = 1, STRIDE_H = 2, DEPTH_MULTIPLIER = 3, ACTIVATION = 4, DILATION_W = 5,
        DILATION_H = 6,
    }
    div_options { ACTIVATION = 0 }
    fully_connected_options {
        ACTIVATION = 0, WEIGHTS_FORMAT = 1, KEEP_NUM_DIMS = 2, ASYMMETRIC_QUANTIZE_INPUTS = 3,
        QUANTIZED_BIAS_TYPE = 4, QUANT_SPEC = 5,
    }
    gather_options { AXIS = 0, BATCH_DIMS = 1 }
    gelu_options { APPROXIMATE = 0 }
    if_options { THEN_SUBGRAPH_INDEX = 0, ELSE_SUBGRAPH_INDEX = 1 }
    l2_norm_options { ACTIVATION = 0 }
    leaky_relu_options { ALPHA = 0 }
    local_response_normalization_options { RADIUS = 0, BIAS = 1, ALPHA = 2, BETA = 3 }
    lstm_options { ACTIVATION = 0, CELL_CLIP = 1, PROJ_CLIP = 2, KERNEL_TYPE = 3, ASYMMETRIC_QUANTIZE_INPUTS = 4 }
    mirror_pad_options { MODE = 0 }
    mul_options { ACTIVATION = 0 }
    pack_options { VALUES_COUNT = 0, AXIS = 1 }
    pool_2d_options {
        PADDING = 0, STRIDE_W = 1, STRIDE_H = 2, FILTER_WIDTH = 3, FILTER_HEIGHT = 4, ACTIVATION = 5,
    }
    reducer_options { KEEP_DIMS = 0 }
    reshape_options { NEW_SHAPE = 0 }
    resize_bilinear_options { ALIGN_CORNERS = 2, HALF_PIXEL_CENTERS = 3 }
    resize_nearest_neighbor_options { ALIGN_CORNERS = 0, HALF_PIXEL_CENTERS = 1 }
    shape_options { OUT_TYPE = 0 }
    softmax_options { BETA = 0 }
    space_to_depth_options { BLOCK_SIZE = 0 }
    split_options { NUM_SPLITS = 0 }
    split_v_options { NUM_SPLITS = 0 }
    squeeze_options { SQUEEZE_DIMS = 0 }
    strided_slice_options {
        BEGIN_MASK = 0, END_MASK = 1, ELLIPSIS_MASK = 2, NEW_AXIS_MASK = 3, SHRINK_AXIS_MASK = 4, OFFSET = 5,
    }
    sub_options { ACTIVATION = 0, POT_SCALE_INT16 = 1 }
    svdf_options { RANK = 0, ACTIVATION = 1, ASYMMETRIC_QUANTIZE_INPUTS = 2 }
    transpose_conv_options { PADDING = 0, STRIDE_W = 1, STRIDE_H = 2, ACTIVATION = 3, QUANTIZED_BIAS_TYPE = 4 }
    unidirectional_sequence_lstm_options {
        ACTIVATION = 0, CELL_CLIP = 1, PROJ_CLIP = 2, TIME_MAJOR = 3, ASYMMETRIC_QUANTIZE_INPUTS = 4,
        DIAGONAL_RECURRENT_TENSORS = 5,
    }
    unpack_options { NUM = 0, AXIS = 1 }
    var_handle_options { CONTAINER = 0, SHARED_NAME = 1 }
    while_options { COND_SUBGRAPH_INDEX = 0, BODY_SUBGRAPH_INDEX = 1 }
}

/// Numbers of the union `BuiltinOptions`.
pub(crate) mod options {
    pub(crate) const ABS: u8 = 78;
    pub(crate) const ADD: u8 = 11;
    pub(crate) const ADD_N: u8 = 82;
    pub(crate) const ARG_MAX: u8 = 40;
    pub(crate) const ARG_MIN: u8 = 57;
    pub(crate) const ASSIGN_VARIABLE: u8 = 113;
    pub(crate) const BATCH_MATMUL: u8 = 101;
    pub(crate) const BATCH_TO_SPACE_ND: u8 = 24;
    pub(crate) const BROADCAST_TO: u8 = 104;
    pub(crate) const CALL_ONCE: u8 = 103;
    pub(crate) const CAST: u8 = 37;
    pub(crate) const CONCATENATION: u8 = 10;
    pub(crate) const CONV_2D: u8 = 1;
    pub(crate) const COS: u8 = 84;
    pub(crate) const CUMSUM: u8 = 102;
    pub(crate) const DEPTHWISE_CONV_2D: u8 = 2;
    pub(crate) const DEPTH_TO_SPACE: u8 = 94;
    pub(crate) const DEQUANTIZE: u8 = 38;
    pub(crate) const DIV: u8 = 29;
    pub(crate) const DYNAMIC_UPDATE_SLICE: u8 = 117;
    pub(crate) const EQUAL: u8 = 53;
    pub(crate) const EXP: u8 = 33;
    pub(crate) const EXPAND_DIMS: u8 = 52;
    pub(crate) const FILL: u8 = 68;
    pub(crate) const FLOOR_DIV: u8 = 65;
    pub(crate) const FLOOR_MOD: u8 = 72;
    pub(crate) const FULLY_CONNECTED: u8 = 8;
    pub(crate) const GATHER: u8 = 23;
    pub(crate) const GATHER_ND: u8 = 83;
    pub(crate) const GELU: u8 = 116;
    pub(crate) const GREATER: u8 = 44;
    pub(crate) const GREATER_EQUAL: u8 = 45;
    pub(crate) const HARD_SWISH: u8 = 91;
    pub(crate) const IF: u8 = 92;
    pub(crate) const L2_NORM: u8 = 12;
    pub(crate) const LEAKY_RELU: u8 = 75;
    pub(crate) const LESS: u8 = 41;
    pub(crate) const LESS_EQUAL: u8 = 46;
    pub(crate) const LOCAL_RESPONSE_NORMALIZATION: u8 = 13;
    pub(crate) const LOGICAL_AND: u8 = 62;
    pub(crate) const LOGICAL_NOT: u8 = 63;
    pub(crate) const LOGICAL_OR: u8 = 60;
    pub(crate) const LOG_SOFTMAX: u8 = 36;
    pub(crate) const LSTM: u8 = 14;
    pub(crate) const MAXIMUM_MINIMUM: u8 = 39;
    pub(crate) const MIRROR_PAD: u8 = 77;
    pub(crate) const MUL: u8 = 21;
    pub(crate) const NEG: u8 = 42;
    pub(crate) const NOT_EQUAL: u8 = 54;
    pub(crate) const PACK: u8 = 59;
    pub(crate) const PAD: u8 = 22;
    pub(crate) const PADV2: u8 = 43;
    pub(crate) const POOL_2D: u8 = 5;
    pub(crate) const POW: u8 = 56;
    pub(crate) const QUANTIZE: u8 = 89;
    pub(crate) const RANK: u8 = 86;
    pub(crate) const READ_VARIABLE: u8 = 112;
    pub(crate) const REDUCER: u8 = 27;
    pub(crate) const RESHAPE: u8 = 17;
    pub(crate) const RESIZE_BILINEAR: u8 = 15;
    pub(crate) const RESIZE_NEAREST_NEIGHBOR: u8 = 74;
    pub(crate) const REVERSE_V2: u8 = 81;
    pub(crate) const SELECT: u8 = 47;
    pub(crate) const SELECT_V2: u8 = 98;
    pub(crate) const SHAPE: u8 = 55;
    pub(crate) const SIGN: u8 = 123;
    pub(crate) const SLICE: u8 = 48;
    pub(crate) const SOFTMAX: u8 = 9;
    pub(crate) const SPACE_TO_BATCH_ND: u8 = 25;
    pub(crate) const SPACE_TO_DEPTH: u8 = 19;
    pub(crate) const SPLIT: u8 = 35;
    pub(crate) const SPLIT_V: u8 = 79;
    pub(crate) const SQUARE: u8 = 66;
    pub(crate) const SQUARED_DIFFERENCE: u8 = 76;
    pub(crate) const SQUEEZE: u8 = 30;
    pub(crate) const STRIDED_SLICE: u8 = 32;
    pub(crate) const SUB: u8 = 28;
    pub(crate) const SVDF: u8 = 6;
    pub(crate) const TILE: u8 = 51;
    pub(crate) const TRANSPOSE: u8 = 26;
    pub(crate) const TRANSPOSE_CONV: u8 = 49;
    pub(crate) const UNIDIRECTIONAL_SEQUENCE_LSTM: u8 = 71;
    pub(crate) const UNPACK: u8 = 64;
    pub(crate) const VAR_HANDLE: u8 = 111;
    pub(crate) const WHILE: u8 = 93;
    pub(crate) const ZEROS_LIKE: u8 = 67;
}

/// Numbers of the enumeration `BuiltinOperator`.
pub(crate) mod builtin {
    pub(crate) const ABS: i32 = 101;
    pub(crate) const ADD: i32 = 0;
    pub(crate) const ADD_N: i32 = 106;
    pub(crate) const ARG_MAX: i32 = 56;
    pub(crate) const ARG_MIN: i32 = 79;
    pub(crate) const ASSIGN_VARIABLE: i32 = 144;
    pub(crate) const AVERAGE_POOL_2D: i32 = 1;
    pub(crate) const BATCH_MATMUL: i32 = 126;
    pub(crate) const BATCH_TO_SPACE_ND: i32 = 37;
    pub(crate) const BROADCAST_ARGS: i32 = 145;
    pub(crate) const BROADCAST_TO: i32 = 130;
    pub(crate) const CALL_ONCE: i32 = 129;
    pub(crate) const CAST: i32 = 53;
    pub(crate) const CEIL: i32 = 104;
    pub(crate) const CONCATENATION: i32 = 2;
    pub(crate) const CONV_2D: i32 = 3;
    pub(crate) const COS: i32 = 108;
    pub(crate) const CUMSUM: i32 = 128;
    pub(crate) const CUSTOM: i32 = 32;
    pub(crate) const DEPTHWISE_CONV_2D: i32 = 4;
    pub(crate) const DEPTH_TO_SPACE: i32 = 5;
    pub(crate) const DEQUANTIZE: i32 = 6;
    pub(crate) const DIV: i32 = 42;
    pub(crate) const DYNAMIC_UPDATE_SLICE: i32 = 151;
    pub(crate) const ELU: i32 = 111;
    pub(crate) const EMBEDDING_LOOKUP: i32 = 7;
    pub(crate) const EQUAL: i32 = 71;
    pub(crate) const EXP: i32 = 47;
    pub(crate) const EXPAND_DIMS: i32 = 70;
    pub(crate) const FILL: i32 = 94;
    pub(crate) const FLOOR: i32 = 8;
    pub(crate) const FLOOR_DIV: i32 = 90;
    pub(crate) const FLOOR_MOD: i32 = 95;
    pub(crate) const FULLY_CONNECTED: i32 = 9;
    pub(crate) const GATHER: i32 = 36;
    pub(crate) const GATHER_ND: i32 = 107;
    pub(crate) const GELU: i32 = 150;
    pub(crate) const GREATER: i32 = 61;
    pub(crate) const GREATER_EQUAL: i32 = 62;
    pub(crate) const HARD_SWISH: i32 = 117;
    pub(crate) const IF: i32 = 118;
    pub(crate) const L2_NORMALIZATION: i32 = 11;
    pub(crate) const L2_POOL_2D: i32 = 12;
    pub(crate) const LEAKY_RELU: i32 = 98;
    pub(crate) const LESS: i32 = 58;
    pub(crate) const LESS_EQUAL: i32 = 63;
    pub(crate) const LOCAL_RESPONSE_NORMALIZATION: i32 = 13;
    pub(crate) const LOG: i32 = 73;
    pub(crate) const LOGICAL_AND: i32 = 86;
    pub(crate) const LOGICAL_NOT: i32 = 87;
    pub(crate) const LOGICAL_OR: i32 = 84;
    pub(crate) const LOGISTIC: i32 = 14;
    pub(crate) const LOG_SOFTMAX: i32 = 50;
    pub(crate) const LSTM: i32 = 16;
    pub(crate) const MAXIMUM: i32 = 55;
    pub(crate) const MAX_POOL_2D: i32 = 17;
    pub(crate) const MEAN: i32 = 40;
    pub(crate) const MINIMUM: i32 = 57;
    pub(crate) const MIRROR_PAD: i32 = 100;
    pub(crate) const MUL: i32 = 18;
    pub(crate) const NEG: i32 = 59;
    pub(crate) const NOT_EQUAL: i32 = 72;
    pub(crate) const PACK: i32 = 83;
    pub(crate) const PAD: i32 = 34;
    pub(crate) const PADV2: i32 = 60;
    pub(crate) const POW: i32 = 78;
    pub(crate) const PRELU: i32 = 54;
    pub(crate) const QUANTIZE: i32 = 114;
    pub(crate) const RANK: i32 = 110;
    pub(crate) const READ_VARIABLE: i32 = 143;
    pub(crate) const REDUCE_ALL: i32 = 140;
    pub(crate) const REDUCE_ANY: i32 = 91;
    pub(crate) const REDUCE_MAX: i32 = 82;
    pub(crate) const REDUCE_MIN: i32 = 89;
    pub(crate) const REDUCE_PROD: i32 = 81;
    pub(crate) const RELU: i32 = 19;
    pub(crate) const RELU6: i32 = 21;
    pub(crate) const RELU_0_TO_1: i32 = 152;
    pub(crate) const RELU_N1_TO_1: i32 = 20;
    pub(crate) const RESHAPE: i32 = 22;
    pub(crate) const RESIZE_BILINEAR: i32 = 23;
    pub(crate) const RESIZE_NEAREST_NEIGHBOR: i32 = 97;
    pub(crate) const REVERSE_V2: i32 = 105;
    pub(crate) const ROUND: i32 = 116;
    pub(crate) const RSQRT: i32 = 76;
    pub(crate) const SELECT: i32 = 64;
    pub(crate) const SELECT_V2: i32 = 123;
    pub(crate) const SHAPE: i32 = 77;
    pub(crate) const SIGN: i32 = 158;
    pub(crate) const SIN: i32 = 66;
    pub(crate) const SLICE: i32 = 65;
    pub(crate) const SOFTMAX: i32 = 25;
    pub(crate) const SPACE_TO_BATCH_ND: i32 = 38;
    pub(crate) const SPACE_TO_DEPTH: i32 = 26;
    pub(crate) const SPLIT: i32 = 49;
    pub(crate) const SPLIT_V: i32 = 102;
    pub(crate) const SQRT: i32 = 75;
    pub(crate) const SQUARE: i32 = 92;
    pub(crate) const SQUARED_DIFFERENCE: i32 = 99;
    pub(crate) const SQUEEZE: i32 = 43;
    pub(crate) const STRIDED_SLICE: i32 = 45;
    pub(crate) const SUB: i32 = 41;
    pub(crate) const SUM: i32 = 74;
    pub(crate) const SVDF: i32 = 27;
    pub(crate) const TANH: i32 = 28;
    pub(crate) const TILE: i32 = 69;
    pub(crate) const TRANSPOSE: i32 = 39;
    pub(crate) const TRANSPOSE_CONV: i32 = 67;
    pub(crate) const UNIDIRECTIONAL_SEQUENCE_LSTM: i32 = 44;
    pub(crate) const UNPACK: i32 = 88;
    pub(crate) const VAR_HANDLE: i32 = 142;
    pub(crate) const WHILE: i32 = 119;
    pub(crate) const ZEROS_LIKE: i32 = 93;

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
    pub(crate) const BOOL: i8 = 6;
    pub(crate) const INT16: i8 = 7;
    pub(crate) const INT8: i8 = 9;
    pub(crate) const UINT64: i8 = 12;
    pub(crate) const RESOURCE: i8 = 13;
    pub(crate) const UINT32: i8 = 15;
    pub(crate) const INT4: i8 = 17;

    /// The number of an element type of graphs.
    pub(crate) const fn of(dtype: smidgen_ir::DType) -> i8 {
        use smidgen_ir::DType;
        match dtype {
            DType::F32 => FLOAT32,
            DType::F16 => FLOAT16,
            DType::I4 => INT4,
            DType::I8 => INT8,
            DType::U8 => UINT8,
            DType::I16 => INT16,
            DType::I32 => INT32,
            DType::I64 => INT64,
            DType::U32 => UINT32,
            DType::U64 => UINT64,
            DType::Bool => BOOL,
        }
    }

    const NAMES: [&str; 21] = [
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
        "int2",
        "uint4",
    ];

    /// The element type with this number; `None` for one that no graph has.
    pub(crate) fn dtype(number: i8) -> Option<smidgen_ir::DType> {
        smidgen_ir::DType::ALL.into_iter().find(|&dtype| of(dtype) == number)
    }

    /// Name of an element type, for messages.
    pub(crate) fn name(number: i8) -> Option<&'static str> {
        usize::try_from(number).ok().and_then(|number| NAMES.get(number)).copied()
    }
}
