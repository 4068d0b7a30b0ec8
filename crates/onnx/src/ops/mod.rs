//! The operators of ONNX that are read, one file for each family, and the table that lists them.

mod activation;
mod batch_mat_mul;
mod composed;
mod conv_transpose;
mod convolution;
mod elementwise;
pub(crate) mod encode;
mod linear;
mod logic;
mod movement;
mod normalize;
mod pool;
mod recurrent;
mod reduce;
mod resize;
pub(crate) mod shape;
mod window;

use crate::findings::Fallible;
use crate::import::Importer;
use crate::node::Node;
use crate::quant::{self, Integer};

/// What an operator wants of the order of its operand's axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Care {
    /// Images with the channels last.
    ChannelsLast,
    /// The order in which the file counts.
    FileOrder,
    /// Nothing: any order does.
    Any,
}

/// Adds the nodes of one of the file's.
type Reader = for<'m> fn(&mut Importer<'m>, &Node<'m>) -> Fallible<()>;

/// An operator that is read.
#[derive(Debug)]
pub(crate) struct Operator {
    name: &'static str,
    care: Care,
    pub(crate) integer: Integer,
    pub(crate) read: Reader,
}

const fn row(name: &'static str, care: Care, integer: Integer, read: Reader) -> Operator {
    Operator { name, care, integer, read }
}

use Care::{Any, ChannelsLast, FileOrder};
use Integer::{No, Yes};

/// Every operator that has nodes of its own in the graph, by name.
const OPERATORS: &[Operator] = &[
    row("Abs", Any, Yes(1), activation::same),
    row("Add", Any, Yes(2), elementwise::add),
    row("And", Any, No, logic::compare),
    row("ArgMax", FileOrder, No, reduce::arg),
    row("ArgMin", FileOrder, No, reduce::arg),
    row("AveragePool", ChannelsLast, Yes(1), pool::average),
    row("BatchNormalization", ChannelsLast, No, normalize::batch),
    row("Cast", Any, No, logic::cast),
    row("CastLike", Any, No, logic::cast),
    row("Ceil", Any, No, activation::same),
    row("Celu", Any, No, composed::read),
    row("Clip", Any, Yes(1), activation::clip),
    row("Concat", Any, Yes(usize::MAX), movement::concat),
    row("Conv", ChannelsLast, Yes(2), convolution::conv),
    row("ConvTranspose", ChannelsLast, Yes(2), conv_transpose::read),
    row("Cos", Any, No, activation::same),
    row("CumSum", FileOrder, No, reduce::cum_sum),
    row("DepthToSpace", ChannelsLast, No, movement::blocks),
    row("DequantizeLinear", Any, No, quant::dequantize),
    row("Div", Any, No, elementwise::div),
    row("Dropout", Any, No, shape::identity),
    row("Elu", Any, Yes(1), activation::elu),
    row("Equal", Any, No, logic::compare),
    row("Exp", Any, No, activation::same),
    row("Expand", FileOrder, No, movement::expand),
    row("FastGelu", Any, No, activation::gelu),
    row("Flatten", FileOrder, No, shape::relabel),
    row("Floor", Any, No, activation::same),
    row("GRU", FileOrder, No, recurrent::gru),
    row("Gather", FileOrder, No, movement::gather),
    row("GatherND", FileOrder, No, movement::gather_nd),
    row("Gelu", Any, No, activation::gelu),
    row("Gemm", FileOrder, Yes(2), linear::gemm),
    row("GlobalAveragePool", ChannelsLast, Yes(1), pool::global),
    row("GlobalMaxPool", ChannelsLast, No, pool::global),
    row("Greater", Any, No, logic::compare),
    row("GreaterOrEqual", Any, No, logic::compare),
    row("GroupNormalization", ChannelsLast, No, normalize::group),
    row("HardSigmoid", Any, No, composed::read),
    row("HardSwish", Any, Yes(1), activation::same),
    row("Identity", Any, No, shape::identity),
    row("InstanceNormalization", ChannelsLast, No, normalize::instance),
    row("LSTM", FileOrder, No, recurrent::lstm),
    row("LayerNormalization", FileOrder, No, normalize::layer),
    row("LeakyRelu", Any, Yes(1), activation::leaky_relu),
    row("Less", Any, No, logic::compare),
    row("LessOrEqual", Any, No, logic::compare),
    row("Log", Any, No, activation::same),
    row("LogSoftmax", FileOrder, Yes(1), activation::softmax),
    row("LpNormalization", Any, No, normalize::lp),
    row("MatMul", FileOrder, Yes(2), linear::mat_mul),
    row("Max", Any, No, elementwise::many),
    row("MaxPool", ChannelsLast, No, pool::max),
    row("Mean", Any, No, elementwise::many),
    row("Min", Any, No, elementwise::many),
    row("Mish", Any, No, composed::read),
    row("Mul", Any, Yes(2), elementwise::mul),
    row("Neg", Any, No, activation::same),
    row("Not", Any, No, logic::not),
    row("Or", Any, No, logic::compare),
    row("PRelu", Any, Yes(2), activation::prelu),
    row("Pad", Any, No, movement::pad),
    row("Pow", Any, No, logic::pow),
    row("QuantizeLinear", Any, No, quant::quantize),
    row("RMSNormalization", FileOrder, No, normalize::layer),
    row("Reciprocal", Any, No, composed::read),
    row("ReduceL1", FileOrder, No, reduce::reduce),
    row("ReduceL2", FileOrder, No, reduce::reduce),
    row("ReduceLogSum", FileOrder, No, reduce::reduce),
    row("ReduceLogSumExp", FileOrder, No, reduce::reduce),
    row("ReduceMax", FileOrder, No, reduce::reduce),
    row("ReduceMean", FileOrder, Yes(1), reduce::reduce),
    row("ReduceMin", FileOrder, No, reduce::reduce),
    row("ReduceSum", FileOrder, No, reduce::reduce),
    row("ReduceSumSquare", FileOrder, No, reduce::reduce),
    row("Relu", Any, Yes(1), activation::same),
    row("Reshape", FileOrder, No, shape::reshape),
    row("Resize", ChannelsLast, Yes(1), resize::resize),
    row("Round", Any, No, activation::same),
    row("Selu", Any, No, composed::read),
    row("Sigmoid", Any, Yes(1), activation::same),
    row("Sign", Any, No, composed::read),
    row("Sin", Any, No, activation::same),
    row("Slice", FileOrder, No, movement::slice),
    row("Softmax", FileOrder, Yes(1), activation::softmax),
    row("Softplus", Any, No, composed::read),
    row("Softsign", Any, No, composed::read),
    row("SpaceToDepth", ChannelsLast, No, movement::blocks),
    row("Split", FileOrder, No, movement::split),
    row("Sqrt", Any, No, activation::same),
    row("Squeeze", FileOrder, No, shape::relabel),
    row("Sub", Any, Yes(2), elementwise::sub),
    row("Sum", Any, No, elementwise::many),
    row("Tan", Any, No, composed::read),
    row("Tanh", Any, Yes(1), activation::same),
    row("ThresholdedRelu", Any, No, composed::read),
    row("Tile", FileOrder, No, movement::tile),
    row("Transpose", FileOrder, No, shape::transpose),
    row("Unsqueeze", FileOrder, No, shape::relabel),
    row("Upsample", ChannelsLast, Yes(1), resize::resize),
    row("Where", Any, No, logic::select),
    row("Xor", Any, No, logic::compare),
];

/// Operators that are computed while the model is read, and only then.
const FOLDED: &[&str] = &["Constant", "ConstantOfShape", "Mod", "Range", "ReduceProd", "Shape", "Size"];

/// Operators that are known and refused, and what to do instead.
const REFUSED: &[(&str, &str)] = &[
    ("ConvInteger", "its scales come from the input while it runs; quantise statically (QDQ)"),
    ("DynamicQuantizeLinear", "its scales come from the input while it runs; quantise statically (QDQ)"),
    ("Einsum", "write it as MatMul and Transpose"),
    ("Erf", "only inside of a GELU; export with operator set 20, which has Gelu"),
    ("If", "control flow is not supported; export the branch that is taken"),
    ("LRN", "local response normalisation is not supported; train with BatchNormalization"),
    ("Loop", "loops are not supported; export with a fixed number of steps, which unrolls them"),
    ("MatMulInteger", "its scales come from the input while it runs; quantise statically (QDQ)"),
    ("NonMaxSuppression", "export the model without it and select the boxes in the application"),
    ("RNN", "use LSTM or GRU"),
    ("Scan", "loops are not supported; export with a fixed number of steps, which unrolls them"),
    ("TopK", "export the model without it and choose in the application"),
];

/// What an operator wants of the order of axes.
pub(crate) fn care(name: &str) -> Care {
    OPERATORS.iter().find(|operator| operator.name == name).map_or(FileOrder, |operator| operator.care)
}

/// The reader of a node, `None` for one that is only folded, or why there is none.
pub(crate) fn find(node: &Node<'_>) -> Fallible<Option<&'static Operator>> {
    let (domain, name) = (node.proto.domain.as_str(), node.op());
    if !matches!(domain, "" | "ai.onnx" | "com.microsoft") {
        return Err(format!(
            "operators of the domain \"{}\" are not supported",
            crate::findings::clip(domain)
        ));
    }
    if FOLDED.contains(&name) {
        return Ok(None);
    }
    if let Some((_, way_out)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return Err(format!("this operator is not supported: {way_out}"));
    }
    let found = OPERATORS.iter().find(|operator| operator.name == name);
    found.map(Some).ok_or_else(|| "this operator is not supported".to_owned())
}

/// Names of all operators that are read.
pub(crate) fn names() -> String {
    let mut names: Vec<&str> =
        OPERATORS.iter().map(|operator| operator.name).chain(FOLDED.iter().copied()).collect();
    names.sort_unstable();
    names.join(", ")
}
