//! The operators, one file each, and the enum that lists them.

pub mod add;
pub mod average_pool_2d;
pub mod batch_normalization;
pub mod conv_2d;
pub mod depthwise_conv_2d;
pub mod dequantize;
pub mod fully_connected;
pub mod max_pool_2d;
pub mod pad;
pub mod quantize;
pub mod relu;
pub mod relu6;
pub mod reshape;
pub mod softmax;

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

/// An operator with its attributes. Operands and results stand in [`crate::Node`].
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// ADD
    Add(add::Add),
    /// AVERAGE_POOL_2D
    AveragePool2d(average_pool_2d::AveragePool2d),
    /// BATCH_NORMALIZATION (training only; folded before export)
    BatchNormalization(batch_normalization::BatchNormalization),
    /// CONV_2D
    Conv2d(conv_2d::Conv2d),
    /// DEPTHWISE_CONV_2D
    DepthwiseConv2d(depthwise_conv_2d::DepthwiseConv2d),
    /// DEQUANTIZE
    Dequantize(dequantize::Dequantize),
    /// FULLY_CONNECTED
    FullyConnected(fully_connected::FullyConnected),
    /// MAX_POOL_2D
    MaxPool2d(max_pool_2d::MaxPool2d),
    /// PAD
    Pad(pad::Pad),
    /// QUANTIZE
    Quantize(quantize::Quantize),
    /// RELU
    Relu(relu::Relu),
    /// RELU6
    Relu6(relu6::Relu6),
    /// RESHAPE
    Reshape(reshape::Reshape),
    /// SOFTMAX
    Softmax(softmax::Softmax),
}

impl Op {
    /// The operator's name in TFLite: `CONV_2D`.
    pub const fn name(&self) -> &'static str {
        match self {
            Op::Add(_) => "ADD",
            Op::AveragePool2d(_) => "AVERAGE_POOL_2D",
            Op::BatchNormalization(_) => "BATCH_NORMALIZATION",
            Op::Conv2d(_) => "CONV_2D",
            Op::DepthwiseConv2d(_) => "DEPTHWISE_CONV_2D",
            Op::Dequantize(_) => "DEQUANTIZE",
            Op::FullyConnected(_) => "FULLY_CONNECTED",
            Op::MaxPool2d(_) => "MAX_POOL_2D",
            Op::Pad(_) => "PAD",
            Op::Quantize(_) => "QUANTIZE",
            Op::Relu(_) => "RELU",
            Op::Relu6(_) => "RELU6",
            Op::Reshape(_) => "RESHAPE",
            Op::Softmax(_) => "SOFTMAX",
        }
    }
}
