//! The operators, one file each with its reader and its writer side by side, and the table that lists them.

mod abs;
mod add;
mod add_n;
mod arg;
mod arg_max;
mod arg_min;
mod assign_variable;
mod attribute_operands;
mod average_pool_2d;
mod batch_matmul;
mod batch_to_space_nd;
mod broadcast_to;
mod cast;
mod ceil;
mod circular_buffer;
mod concatenation;
mod conv_2d;
mod cos;
mod cumsum;
mod depth_to_space;
mod depthwise_conv_2d;
mod dequantize;
mod detection_postprocess;
mod div;
mod dynamic_update_slice;
mod elu;
mod encode;
mod equal;
mod exp;
mod expand_dims;
mod fill;
mod floor;
mod floor_div;
mod floor_mod;
mod fully_connected;
mod gather;
mod gather_nd;
mod gelu;
mod greater;
mod greater_equal;
mod hard_swish;
mod l2_normalization;
mod l2_pool_2d;
mod leaky_relu;
mod less;
mod less_equal;
mod log;
mod log_softmax;
mod logical_and;
mod logical_not;
mod logical_or;
mod logistic;
mod max_pool_2d;
mod maximum;
mod mean;
mod minimum;
mod mirror_pad;
mod mul;
mod neg;
mod not_equal;
mod pack;
mod pad;
mod padv2;
mod pool_2d;
mod pow;
mod prelu;
mod quantize;
mod read_variable;
mod reduce_max;
mod reduce_min;
mod reducer;
mod relu;
mod relu6;
mod relu_n1_to_1;
mod reshape;
mod resize_bilinear;
mod resize_nearest_neighbor;
mod reverse_v2;
mod round;
mod rsqrt;
mod select;
mod select_v2;
mod shape;
mod signal_delay;
mod signal_energy;
mod signal_fft_auto_scale;
mod signal_filter_bank;
mod signal_filter_bank_log;
mod signal_filter_bank_spectral_subtraction;
mod signal_filter_bank_square_root;
mod signal_framer;
mod signal_irfft;
mod signal_overlap_add;
mod signal_pcan;
mod signal_rfft;
mod signal_stacker;
mod signal_window;
mod sin;
mod slice;
mod softmax;
mod source;
mod space_to_batch_nd;
mod space_to_depth;
mod split;
mod split_v;
mod sqrt;
mod square;
mod squared_difference;
mod squeeze;
mod strided_slice;
mod sub;
mod sum;
mod svdf;
mod tanh;
mod tile;
mod transpose;
mod transpose_conv;
mod unidirectional_sequence_lstm;
mod unpack;
mod zeros_like;

pub(crate) use encode::{Encoded, FileOperand, Options, Value, Version};
pub(crate) use source::Source;

use smidgen_ir::{Graph, Node, Op};

use crate::builtin_names::builtin_name;
use crate::findings::Fault;
use crate::schema::builtin;

/// What an operator is called in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// Its number in the schema.
    Builtin(i32),
    /// The name of a custom operator.
    Custom(&'static str),
}

impl Code {
    /// The name that TFLite and its users know.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Code::Builtin(code) => builtin_name(code).unwrap_or("an operator without a name"),
            Code::Custom(name) => name,
        }
    }
}

/// Which of the file's operands are the node's; the others are attributes in the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeOperands {
    /// All of them, in order.
    All,
    /// Those at these positions of the file, in the node's order. A position past the end is an absent operand.
    At(&'static [usize]),
}

/// An operator that can be read.
#[derive(Debug)]
pub(crate) struct Operator {
    /// What the file calls it.
    pub(crate) code: Code,
    /// The newest version whose meaning is known.
    pub(crate) newest: i32,
    /// Which of the file's operands are the node's.
    pub(crate) operands: NodeOperands,
    /// Reads the attributes.
    pub(crate) read: fn(&Source<'_>) -> Result<Op, Fault>,
}

/// Makes the table of operators and [`encode`] from one list.
macro_rules! operators {
    ($($variant:ident: $module:ident, $code:expr, $newest:literal, $operands:expr;)*) => {
        /// Operators by their names. Operands beyond the node's are kept for those that take all, so that the verifier
        /// sees one too many.
        static OPERATORS: &[Operator] = &[
            $(Operator { code: $code, newest: $newest, operands: $operands, read: $module::read },)*
        ];

        /// What the file says of `node`; `None` for an operator that the format does not have.
        pub(crate) fn encode(graph: &Graph, node: &Node) -> Option<Encoded> {
            match &node.op {
                $(Op::$variant(op) => Some($module::write(op, graph, node)),)*
                #[allow(unreachable_patterns, reason = "the format may have every operator")]
                _ => None,
            }
        }
    };
}

use Code::{Builtin, Custom};
use NodeOperands::{All, At};

// Variant and module of the operator, its code, the newest version known, and which operands are the node's.
operators! {
    Abs: abs, Builtin(builtin::ABS), 5, All;
    Add: add, Builtin(builtin::ADD), 5, All;
    AddN: add_n, Builtin(builtin::ADD_N), 1, All;
    ArgMax: arg_max, Builtin(builtin::ARG_MAX), 3, At(&[0]);
    ArgMin: arg_min, Builtin(builtin::ARG_MIN), 3, At(&[0]);
    AssignVariable: assign_variable, Builtin(builtin::ASSIGN_VARIABLE), 1, All;
    AveragePool2d: average_pool_2d, Builtin(builtin::AVERAGE_POOL_2D), 3, All;
    BatchMatmul: batch_matmul, Builtin(builtin::BATCH_MATMUL), 4, All;
    BatchToSpaceNd: batch_to_space_nd, Builtin(builtin::BATCH_TO_SPACE_ND), 4, At(&[0]);
    BroadcastTo: broadcast_to, Builtin(builtin::BROADCAST_TO), 3, At(&[0]);
    Cast: cast, Builtin(builtin::CAST), 8, All;
    Ceil: ceil, Builtin(builtin::CEIL), 1, All;
    CircularBuffer: circular_buffer, Custom("CIRCULAR_BUFFER"), 1, All;
    Concatenation: concatenation, Builtin(builtin::CONCATENATION), 4, All;
    Conv2d: conv_2d, Builtin(builtin::CONV_2D), 8, All;
    Cos: cos, Builtin(builtin::COS), 1, All;
    Cumsum: cumsum, Builtin(builtin::CUMSUM), 1, At(&[0]);
    DepthToSpace: depth_to_space, Builtin(builtin::DEPTH_TO_SPACE), 2, All;
    DepthwiseConv2d: depthwise_conv_2d, Builtin(builtin::DEPTHWISE_CONV_2D), 7, All;
    Dequantize: dequantize, Builtin(builtin::DEQUANTIZE), 6, All;
    DetectionPostprocess: detection_postprocess, Custom(detection_postprocess::NAME), 1, All;
    Div: div, Builtin(builtin::DIV), 2, All;
    DynamicUpdateSlice: dynamic_update_slice, Builtin(builtin::DYNAMIC_UPDATE_SLICE), 6, All;
    Elu: elu, Builtin(builtin::ELU), 1, All;
    Equal: equal, Builtin(builtin::EQUAL), 5, All;
    Exp: exp, Builtin(builtin::EXP), 2, All;
    ExpandDims: expand_dims, Builtin(builtin::EXPAND_DIMS), 1, At(&[0]);
    Fill: fill, Builtin(builtin::FILL), 4, At(&[1]);
    Floor: floor, Builtin(builtin::FLOOR), 1, All;
    FloorDiv: floor_div, Builtin(builtin::FLOOR_DIV), 3, All;
    FloorMod: floor_mod, Builtin(builtin::FLOOR_MOD), 2, All;
    FullyConnected: fully_connected, Builtin(builtin::FULLY_CONNECTED), 12, All;
    Gather: gather, Builtin(builtin::GATHER), 7, All;
    GatherNd: gather_nd, Builtin(builtin::GATHER_ND), 5, All;
    Gelu: gelu, Builtin(builtin::GELU), 2, All;
    Greater: greater, Builtin(builtin::GREATER), 2, All;
    GreaterEqual: greater_equal, Builtin(builtin::GREATER_EQUAL), 3, All;
    HardSwish: hard_swish, Builtin(builtin::HARD_SWISH), 1, All;
    L2Normalization: l2_normalization, Builtin(builtin::L2_NORMALIZATION), 2, All;
    L2Pool2d: l2_pool_2d, Builtin(builtin::L2_POOL_2D), 1, All;
    LeakyRelu: leaky_relu, Builtin(builtin::LEAKY_RELU), 2, All;
    Less: less, Builtin(builtin::LESS), 3, All;
    LessEqual: less_equal, Builtin(builtin::LESS_EQUAL), 2, All;
    Log: log, Builtin(builtin::LOG), 2, All;
    LogSoftmax: log_softmax, Builtin(builtin::LOG_SOFTMAX), 2, All;
    LogicalAnd: logical_and, Builtin(builtin::LOGICAL_AND), 1, All;
    LogicalNot: logical_not, Builtin(builtin::LOGICAL_NOT), 1, All;
    LogicalOr: logical_or, Builtin(builtin::LOGICAL_OR), 1, All;
    Logistic: logistic, Builtin(builtin::LOGISTIC), 3, All;
    MaxPool2d: max_pool_2d, Builtin(builtin::MAX_POOL_2D), 3, All;
    Maximum: maximum, Builtin(builtin::MAXIMUM), 4, All;
    Mean: mean, Builtin(builtin::MEAN), 3, At(&[0]);
    Minimum: minimum, Builtin(builtin::MINIMUM), 4, All;
    MirrorPad: mirror_pad, Builtin(builtin::MIRROR_PAD), 3, At(&[0]);
    Mul: mul, Builtin(builtin::MUL), 8, All;
    Neg: neg, Builtin(builtin::NEG), 1, All;
    NotEqual: not_equal, Builtin(builtin::NOT_EQUAL), 4, All;
    Pack: pack, Builtin(builtin::PACK), 4, All;
    Pad: pad, Builtin(builtin::PAD), 5, At(&[0]);
    PadV2: padv2, Builtin(builtin::PADV2), 5, At(&[0, 2]);
    Pow: pow, Builtin(builtin::POW), 1, All;
    Prelu: prelu, Builtin(builtin::PRELU), 1, All;
    Quantize: quantize, Builtin(builtin::QUANTIZE), 4, All;
    ReadVariable: read_variable, Builtin(builtin::READ_VARIABLE), 1, All;
    ReduceMax: reduce_max, Builtin(builtin::REDUCE_MAX), 3, At(&[0]);
    ReduceMin: reduce_min, Builtin(builtin::REDUCE_MIN), 3, At(&[0]);
    Relu: relu, Builtin(builtin::RELU), 3, All;
    Relu6: relu6, Builtin(builtin::RELU6), 3, All;
    ReluN1To1: relu_n1_to_1, Builtin(builtin::RELU_N1_TO_1), 1, All;
    Reshape: reshape, Builtin(builtin::RESHAPE), 1, At(&[0]);
    ResizeBilinear: resize_bilinear, Builtin(builtin::RESIZE_BILINEAR), 4, At(&[0]);
    ResizeNearestNeighbor: resize_nearest_neighbor, Builtin(builtin::RESIZE_NEAREST_NEIGHBOR), 4, At(&[0]);
    ReverseV2: reverse_v2, Builtin(builtin::REVERSE_V2), 3, At(&[0]);
    Round: round, Builtin(builtin::ROUND), 1, All;
    Rsqrt: rsqrt, Builtin(builtin::RSQRT), 3, All;
    Select: select, Builtin(builtin::SELECT), 4, All;
    SelectV2: select_v2, Builtin(builtin::SELECT_V2), 2, All;
    Shape: shape, Builtin(builtin::SHAPE), 1, All;
    SignalDelay: signal_delay, Custom("SignalDelay"), 1, All;
    SignalEnergy: signal_energy, Custom("SignalEnergy"), 1, All;
    SignalFftAutoScale: signal_fft_auto_scale, Custom("SignalFftAutoScale"), 1, All;
    SignalFilterBank: signal_filter_bank, Custom("SignalFilterBank"), 1, All;
    SignalFilterBankLog: signal_filter_bank_log, Custom("SignalFilterBankLog"), 1, All;
    SignalFilterBankSpectralSubtraction: signal_filter_bank_spectral_subtraction, Custom("SignalFilterBankSpectralSubtraction"), 1, All;
    SignalFilterBankSquareRoot: signal_filter_bank_square_root, Custom("SignalFilterBankSquareRoot"), 1, All;
    SignalFramer: signal_framer, Custom("SignalFramer"), 1, All;
    SignalIrfft: signal_irfft, Custom("SignalIrfft"), 1, All;
    SignalOverlapAdd: signal_overlap_add, Custom("SignalOverlapAdd"), 1, All;
    SignalPcan: signal_pcan, Custom("SignalPCAN"), 1, All;
    SignalRfft: signal_rfft, Custom("SignalRfft"), 1, All;
    SignalStacker: signal_stacker, Custom("SignalStacker"), 1, All;
    SignalWindow: signal_window, Custom("SignalWindow"), 1, All;
    Sin: sin, Builtin(builtin::SIN), 1, All;
    Slice: slice, Builtin(builtin::SLICE), 7, At(&[0]);
    Softmax: softmax, Builtin(builtin::SOFTMAX), 3, All;
    SpaceToBatchNd: space_to_batch_nd, Builtin(builtin::SPACE_TO_BATCH_ND), 4, At(&[0]);
    SpaceToDepth: space_to_depth, Builtin(builtin::SPACE_TO_DEPTH), 2, All;
    Split: split, Builtin(builtin::SPLIT), 4, At(&[1]);
    SplitV: split_v, Builtin(builtin::SPLIT_V), 2, At(&[0]);
    Sqrt: sqrt, Builtin(builtin::SQRT), 2, All;
    Square: square, Builtin(builtin::SQUARE), 1, All;
    SquaredDifference: squared_difference, Builtin(builtin::SQUARED_DIFFERENCE), 2, All;
    Squeeze: squeeze, Builtin(builtin::SQUEEZE), 2, All;
    StridedSlice: strided_slice, Builtin(builtin::STRIDED_SLICE), 8, At(&[0]);
    Sub: sub, Builtin(builtin::SUB), 5, All;
    Sum: sum, Builtin(builtin::SUM), 2, At(&[0]);
    Svdf: svdf, Builtin(builtin::SVDF), 4, All;
    Tanh: tanh, Builtin(builtin::TANH), 3, All;
    Tile: tile, Builtin(builtin::TILE), 3, At(&[0]);
    Transpose: transpose, Builtin(builtin::TRANSPOSE), 8, At(&[0]);
    TransposeConv: transpose_conv, Builtin(builtin::TRANSPOSE_CONV), 5, At(transpose_conv::OPERANDS);
    UnidirectionalSequenceLstm: unidirectional_sequence_lstm, Builtin(builtin::UNIDIRECTIONAL_SEQUENCE_LSTM), 4,
        At(unidirectional_sequence_lstm::OPERANDS);
    Unpack: unpack, Builtin(builtin::UNPACK), 5, All;
    ZerosLike: zeros_like, Builtin(builtin::ZEROS_LIKE), 1, All;
}

/// The operator with number `code`, or the custom operator called `custom`; `None` where it is not supported.
pub(crate) fn find(code: i32, custom: &[u8]) -> Option<&'static Operator> {
    OPERATORS.iter().find(|operator| match operator.code {
        Code::Builtin(number) => number == code,
        Code::Custom(name) => code == builtin::CUSTOM && name.as_bytes() == custom,
    })
}

/// Names of all supported operators, sorted.
pub(crate) fn names() -> String {
    let mut names: Vec<&str> = OPERATORS.iter().map(|operator| operator.code.name()).collect();
    names.sort_unstable();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_code() {
        for operator in OPERATORS {
            let found = match operator.code {
                Code::Builtin(code) => find(code, b""),
                Code::Custom(name) => find(builtin::CUSTOM, name.as_bytes()),
            };
            assert!(found.is_some_and(|found| std::ptr::eq(found, operator)), "{}", operator.code.name());
        }
        assert!(find(builtin::CUSTOM, b"nobody's").is_none());
    }
}
