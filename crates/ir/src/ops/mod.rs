//! The operators, one file each, and the enum that lists them.

pub mod abs;
pub mod add;
pub mod add_n;
mod arg;
pub mod arg_max;
pub mod arg_min;
pub mod assign_variable;
pub(crate) mod attributes;
pub mod average_pool_2d;
mod axis;
pub mod batch_matmul;
pub mod batch_normalization;
pub mod batch_to_space_nd;
mod binary;
pub mod broadcast_to;
pub mod cast;
pub mod ceil;
pub mod circular_buffer;
mod comparison;
pub mod concatenation;
pub mod conv_2d;
pub mod cos;
pub mod cumsum;
pub mod depth_to_space;
pub mod depthwise_conv_2d;
pub mod dequantize;
pub mod detection_postprocess;
pub mod div;
pub mod dynamic_update_slice;
pub mod elu;
pub mod equal;
pub mod exp;
pub mod expand_dims;
pub mod fill;
pub mod floor;
pub mod floor_div;
pub mod floor_mod;
pub mod fully_connected;
pub mod gather;
pub mod gather_nd;
pub mod gelu;
pub mod greater;
pub mod greater_equal;
pub mod gru;
pub mod hard_swish;
pub mod l2_normalization;
pub mod l2_pool_2d;
pub mod leaky_relu;
pub mod less;
pub mod less_equal;
pub mod log;
pub mod log_softmax;
pub mod logical_and;
pub mod logical_not;
pub mod logical_or;
pub mod logistic;
pub mod max_pool_2d;
pub mod maximum;
pub mod mean;
pub mod minimum;
pub mod mirror_pad;
mod movers;
pub mod mul;
pub mod neg;
pub mod not_equal;
pub(crate) mod operator;
pub mod pack;
pub mod pad;
pub mod padv2;
mod pool_2d;
pub mod pow;
pub mod prelu;
pub mod quantize;
pub mod read_variable;
pub mod reduce_max;
pub mod reduce_min;
mod reduction;
pub mod relu;
pub mod relu6;
pub mod relu_n1_to_1;
pub mod reshape;
pub mod resize_bilinear;
pub mod resize_nearest_neighbor;
pub mod reverse_v2;
pub mod round;
pub mod rsqrt;
pub mod select;
pub mod select_v2;
pub mod shape;
mod signal;
pub mod signal_delay;
pub mod signal_energy;
pub mod signal_fft_auto_scale;
pub mod signal_filter_bank;
pub mod signal_filter_bank_log;
pub mod signal_filter_bank_spectral_subtraction;
pub mod signal_filter_bank_square_root;
pub mod signal_framer;
pub mod signal_irfft;
pub mod signal_overlap_add;
pub mod signal_pcan;
pub mod signal_rfft;
pub mod signal_stacker;
pub mod signal_window;
pub mod sin;
pub mod slice;
mod sliding;
pub mod softmax;
pub mod space_to_batch_nd;
pub mod space_to_depth;
pub mod split;
pub mod split_v;
pub mod sqrt;
pub mod square;
pub mod squared_difference;
pub mod squeeze;
pub mod strided_slice;
pub mod sub;
pub mod sum;
pub mod svdf;
pub mod tanh;
pub mod tile;
pub mod transpose;
pub mod transpose_conv;
mod unary;
pub mod unidirectional_sequence_lstm;
pub mod unpack;
pub mod zeros_like;

use attributes::Attributes;
use operator::{Operands, Operator, Results};
pub use operator::{OutputQuant, TensorType};

use crate::graph::{Graph, Node, NodeIdx};
use crate::lower::NodeLowering;
use crate::tensor::Tensor;

/// An activation fused into the operator that feeds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Activation {
    /// Identity.
    #[default]
    None,
    /// `max(x, 0)`
    Relu,
    /// `min(max(x, 0), 6)`
    Relu6,
    /// `min(max(x, -1), 1)`
    ReluN1To1,
}

/// Padding of a window operator, as TFLite defines it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Padding {
    /// Output extent is `ceil(input / stride)`; the smaller half of the padding stands before the data.
    #[default]
    Same,
    /// Only windows that lie inside the data.
    Valid,
}

/// Makes [`Op`] and its look-up from the list of attribute structs.
macro_rules! operators {
    ($($(#[$doc:meta])* $variant:ident($module:ident),)*) => {
        /// An operator with its attributes. Operands and results stand in [`crate::Node`].
        #[derive(Debug, Clone, PartialEq)]
        pub enum Op {
            $($(#[$doc])* $variant($module::$variant),)*
        }

        impl Op {
            /// The operator's name in TFLite: `CONV_2D`.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Op::$variant(_) => <$module::$variant as Operator>::name(),)*
                }
            }

            fn operator(&self) -> &dyn Operator {
                match self {
                    $(Op::$variant(operator) => operator,)*
                }
            }

            fn operator_mut(&mut self) -> &mut dyn Operator {
                match self {
                    $(Op::$variant(operator) => operator,)*
                }
            }

            /// The operator called `name` with the attributes of the text form.
            pub(crate) fn read(name: &str, attributes: &mut Attributes) -> Result<Op, String> {
                $(
                    if name == <$module::$variant as Operator>::name() {
                        return <$module::$variant as Operator>::read(attributes).map(Op::$variant);
                    }
                )*
                Err(format!("unknown operator {name}"))
            }
        }
    };
}

operators! {
    /// ABS
    Abs(abs),
    /// ADD
    Add(add),
    /// ADD_N
    AddN(add_n),
    /// ARG_MAX
    ArgMax(arg_max),
    /// ARG_MIN
    ArgMin(arg_min),
    /// ASSIGN_VARIABLE
    AssignVariable(assign_variable),
    /// AVERAGE_POOL_2D
    AveragePool2d(average_pool_2d),
    /// BATCH_MATMUL
    BatchMatmul(batch_matmul),
    /// BATCH_NORMALIZATION (training only; folded before export)
    BatchNormalization(batch_normalization),
    /// BATCH_TO_SPACE_ND
    BatchToSpaceNd(batch_to_space_nd),
    /// BROADCAST_TO
    BroadcastTo(broadcast_to),
    /// CAST
    Cast(cast),
    /// CEIL
    Ceil(ceil),
    /// CIRCULAR_BUFFER (custom, of TFLM)
    CircularBuffer(circular_buffer),
    /// CONCATENATION
    Concatenation(concatenation),
    /// CONV_2D
    Conv2d(conv_2d),
    /// COS
    Cos(cos),
    /// CUMSUM
    Cumsum(cumsum),
    /// DEPTH_TO_SPACE
    DepthToSpace(depth_to_space),
    /// DEPTHWISE_CONV_2D
    DepthwiseConv2d(depthwise_conv_2d),
    /// DEQUANTIZE
    Dequantize(dequantize),
    /// DETECTION_POSTPROCESS (TFLite_Detection_PostProcess)
    DetectionPostprocess(detection_postprocess),
    /// DIV
    Div(div),
    /// DYNAMIC_UPDATE_SLICE
    DynamicUpdateSlice(dynamic_update_slice),
    /// ELU
    Elu(elu),
    /// EQUAL
    Equal(equal),
    /// EXP
    Exp(exp),
    /// EXPAND_DIMS
    ExpandDims(expand_dims),
    /// FILL
    Fill(fill),
    /// FLOOR
    Floor(floor),
    /// FLOOR_DIV
    FloorDiv(floor_div),
    /// FLOOR_MOD
    FloorMod(floor_mod),
    /// FULLY_CONNECTED
    FullyConnected(fully_connected),
    /// GATHER
    Gather(gather),
    /// GATHER_ND
    GatherNd(gather_nd),
    /// GELU
    Gelu(gelu),
    /// GREATER
    Greater(greater),
    /// GREATER_EQUAL
    GreaterEqual(greater_equal),
    /// GRU (ONNX; float32)
    Gru(gru),
    /// HARD_SWISH
    HardSwish(hard_swish),
    /// L2_NORMALIZATION
    L2Normalization(l2_normalization),
    /// L2_POOL_2D
    L2Pool2d(l2_pool_2d),
    /// LEAKY_RELU
    LeakyRelu(leaky_relu),
    /// LESS
    Less(less),
    /// LESS_EQUAL
    LessEqual(less_equal),
    /// LOG
    Log(log),
    /// LOG_SOFTMAX
    LogSoftmax(log_softmax),
    /// LOGICAL_AND
    LogicalAnd(logical_and),
    /// LOGICAL_NOT
    LogicalNot(logical_not),
    /// LOGICAL_OR
    LogicalOr(logical_or),
    /// LOGISTIC
    Logistic(logistic),
    /// MAX_POOL_2D
    MaxPool2d(max_pool_2d),
    /// MAXIMUM
    Maximum(maximum),
    /// MEAN
    Mean(mean),
    /// MINIMUM
    Minimum(minimum),
    /// MIRROR_PAD
    MirrorPad(mirror_pad),
    /// MUL
    Mul(mul),
    /// NEG
    Neg(neg),
    /// NOT_EQUAL
    NotEqual(not_equal),
    /// PACK
    Pack(pack),
    /// PAD
    Pad(pad),
    /// PADV2
    PadV2(padv2),
    /// POW
    Pow(pow),
    /// PRELU
    Prelu(prelu),
    /// QUANTIZE
    Quantize(quantize),
    /// READ_VARIABLE
    ReadVariable(read_variable),
    /// REDUCE_MAX
    ReduceMax(reduce_max),
    /// REDUCE_MIN
    ReduceMin(reduce_min),
    /// RELU
    Relu(relu),
    /// RELU6
    Relu6(relu6),
    /// RELU_N1_TO_1
    ReluN1To1(relu_n1_to_1),
    /// RESHAPE
    Reshape(reshape),
    /// RESIZE_BILINEAR
    ResizeBilinear(resize_bilinear),
    /// RESIZE_NEAREST_NEIGHBOR
    ResizeNearestNeighbor(resize_nearest_neighbor),
    /// REVERSE_V2
    ReverseV2(reverse_v2),
    /// ROUND
    Round(round),
    /// RSQRT
    Rsqrt(rsqrt),
    /// SELECT
    Select(select),
    /// SELECT_V2
    SelectV2(select_v2),
    /// SHAPE
    Shape(shape),
    /// SIGNAL_DELAY (custom, of TFLM)
    SignalDelay(signal_delay),
    /// SIGNAL_ENERGY (custom, of TFLM)
    SignalEnergy(signal_energy),
    /// SIGNAL_FFT_AUTO_SCALE (custom, of TFLM)
    SignalFftAutoScale(signal_fft_auto_scale),
    /// SIGNAL_FILTER_BANK (custom, of TFLM)
    SignalFilterBank(signal_filter_bank),
    /// SIGNAL_FILTER_BANK_LOG (custom, of TFLM)
    SignalFilterBankLog(signal_filter_bank_log),
    /// SIGNAL_FILTER_BANK_SPECTRAL_SUBTRACTION (custom, of TFLM)
    SignalFilterBankSpectralSubtraction(signal_filter_bank_spectral_subtraction),
    /// SIGNAL_FILTER_BANK_SQUARE_ROOT (custom, of TFLM)
    SignalFilterBankSquareRoot(signal_filter_bank_square_root),
    /// SIGNAL_FRAMER (custom, of TFLM)
    SignalFramer(signal_framer),
    /// SIGNAL_IRFFT (custom, of TFLM)
    SignalIrfft(signal_irfft),
    /// SIGNAL_OVERLAP_ADD (custom, of TFLM)
    SignalOverlapAdd(signal_overlap_add),
    /// SIGNAL_PCAN (custom, of TFLM)
    SignalPcan(signal_pcan),
    /// SIGNAL_RFFT (custom, of TFLM)
    SignalRfft(signal_rfft),
    /// SIGNAL_STACKER (custom, of TFLM)
    SignalStacker(signal_stacker),
    /// SIGNAL_WINDOW (custom, of TFLM)
    SignalWindow(signal_window),
    /// SIN
    Sin(sin),
    /// SLICE
    Slice(slice),
    /// SOFTMAX
    Softmax(softmax),
    /// SPACE_TO_BATCH_ND
    SpaceToBatchNd(space_to_batch_nd),
    /// SPACE_TO_DEPTH
    SpaceToDepth(space_to_depth),
    /// SPLIT
    Split(split),
    /// SPLIT_V
    SplitV(split_v),
    /// SQRT
    Sqrt(sqrt),
    /// SQUARE
    Square(square),
    /// SQUARED_DIFFERENCE
    SquaredDifference(squared_difference),
    /// SQUEEZE
    Squeeze(squeeze),
    /// STRIDED_SLICE
    StridedSlice(strided_slice),
    /// SUB
    Sub(sub),
    /// SUM
    Sum(sum),
    /// SVDF
    Svdf(svdf),
    /// TANH
    Tanh(tanh),
    /// TILE
    Tile(tile),
    /// TRANSPOSE
    Transpose(transpose),
    /// TRANSPOSE_CONV
    TransposeConv(transpose_conv),
    /// UNIDIRECTIONAL_SEQUENCE_LSTM
    UnidirectionalSequenceLstm(unidirectional_sequence_lstm),
    /// UNPACK
    Unpack(unpack),
    /// ZEROS_LIKE
    ZerosLike(zeros_like),
}

impl Op {
    /// The operator's name in snake case, which names its files: `conv_2d`.
    pub fn stem(&self) -> String {
        self.name().to_ascii_lowercase()
    }

    /// Names of the operands in order: `input`, `filter`, `bias`.
    pub fn operand_names(&self) -> &'static [&'static str] {
        self.operator().operands()
    }

    /// How many of [`Op::operand_names`] must be present; the rest are optional.
    pub fn n_required_operands(&self) -> usize {
        self.operator().n_required()
    }

    /// Whether any number of operands may follow, called like the last of [`Op::operand_names`].
    pub fn is_variadic(&self) -> bool {
        self.operator().is_variadic()
    }

    /// Positions of the operands that are variables and that the operator changes.
    pub fn states(&self) -> &'static [usize] {
        self.operator().states()
    }

    /// Types of the variables at [`Op::states`] where TFLite keeps them inside of the operator, not as tensors: none
    /// for most operators.
    ///
    /// # Errors
    /// Operands that are missing or do not fit the attributes.
    pub fn own_states(&self, operands: &[Option<&Tensor>]) -> Result<Vec<TensorType>, String> {
        self.operator().own_states(&self.operands(operands))
    }

    /// The fused activation, where the operator can have one.
    pub fn activation_mut(&mut self) -> Option<&mut Activation> {
        self.operator_mut().activation_mut()
    }

    /// Element types and shapes of the results. Constants count as any other tensor here.
    ///
    /// # Errors
    /// Operands that are missing or do not fit each other or the attributes, as the end of a sentence about the node.
    pub fn infer(&self, operands: &[Option<&Tensor>]) -> Result<Vec<TensorType>, String> {
        self.operator().infer(&self.operands(operands))
    }

    /// Where the scale and zero point of quantised results come from.
    pub fn output_quant(&self) -> OutputQuant {
        self.operator().output_quant()
    }

    pub(crate) fn check_quant(
        &self,
        operands: &[Option<&Tensor>],
        results: &[&Tensor],
    ) -> Result<(), String> {
        self.operator().quant(&self.operands(operands), &Results { tensors: results })
    }

    pub(crate) fn lower(
        &self,
        operands: &[Option<&Tensor>],
        results: &[&Tensor],
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        self.operator().lower(&self.operands(operands), &Results { tensors: results }, to)
    }

    pub(crate) fn attributes(&self) -> Attributes {
        self.operator().attributes()
    }

    fn operands<'g>(&self, tensors: &'g [Option<&'g Tensor>]) -> Operands<'g> {
        Operands { names: self.operand_names(), tensors }
    }
}

/// The operands of a node; an index that does not exist counts as absent.
pub(crate) fn operand_tensors<'g>(graph: &'g Graph, node: &Node) -> Vec<Option<&'g Tensor>> {
    node.inputs.iter().map(|input| input.and_then(|idx| graph.get(idx))).collect()
}

/// The results of a node; one that does not exist is left out.
pub(crate) fn result_tensors<'g>(graph: &'g Graph, node: &Node) -> Vec<&'g Tensor> {
    node.outputs.iter().filter_map(|&output| graph.get(output)).collect()
}

/// Multiply-accumulates of one inference in a node of a verified graph; operators without weights count none.
pub fn macs(graph: &Graph, node: NodeIdx) -> u64 {
    let Some(node) = graph.nodes.get(node.idx()) else { return 0 };
    let (operands, results) = (operand_tensors(graph, node), result_tensors(graph, node));
    node.op.operator().macs(&node.op.operands(&operands), &Results { tensors: &results })
}
