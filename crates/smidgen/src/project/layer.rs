//! A layer of the project file.

use serde::{Deserialize, Serialize};

/// Activation after a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// None.
    #[default]
    None,
    /// `max(x, 0)`
    Relu,
    /// `min(max(x, 0), 6)`
    Relu6,
}

/// Padding of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// As many outputs as inputs, divided by the stride.
    #[default]
    Same,
    /// Only windows inside the data.
    Valid,
}

const fn ones() -> [usize; 2] {
    [1, 1]
}

const fn one() -> usize {
    1
}

/// A layer; pairs are height and width, with time along the height.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Layer {
    /// Convolution over all channels.
    #[serde(rename = "conv_2d")]
    Conv2d {
        /// Output channels.
        filters: usize,
        /// Extent of the filter.
        kernel: [usize; 2],
        /// Step.
        #[serde(default = "ones")]
        stride: [usize; 2],
        /// Padding.
        #[serde(default)]
        padding: Padding,
        /// Whether batch normalisation follows; it is folded into the weights for the device.
        #[serde(default)]
        batch_norm: bool,
        /// Activation after it.
        #[serde(default)]
        activation: Activation,
    },
    /// A convolution for each channel.
    #[serde(rename = "depthwise_conv_2d")]
    DepthwiseConv2d {
        /// Extent of the filter.
        kernel: [usize; 2],
        /// Step.
        #[serde(default = "ones")]
        stride: [usize; 2],
        /// Output channels for each input channel.
        #[serde(default = "one")]
        depth_multiplier: usize,
        /// Padding.
        #[serde(default)]
        padding: Padding,
        /// Whether batch normalisation follows.
        #[serde(default)]
        batch_norm: bool,
        /// Activation after it.
        #[serde(default)]
        activation: Activation,
    },
    /// Maximum of each window.
    #[serde(rename = "max_pool_2d")]
    MaxPool2d {
        /// Extent of the window.
        window: [usize; 2],
        /// Step; the window when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stride: Option<[usize; 2]>,
        /// Padding.
        #[serde(default)]
        padding: Padding,
    },
    /// Mean of each window.
    #[serde(rename = "average_pool_2d")]
    AveragePool2d {
        /// Extent of the window; all of the image when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window: Option<[usize; 2]>,
        /// Step; the window when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stride: Option<[usize; 2]>,
        /// Padding.
        #[serde(default)]
        padding: Padding,
    },
    /// The same values in one row.
    Flatten,
    /// The same values under another shape, without the batch.
    Reshape {
        /// The shape.
        shape: Vec<usize>,
    },
    /// Every output from every input.
    FullyConnected {
        /// Outputs.
        units: usize,
        /// Activation after it.
        #[serde(default)]
        activation: Activation,
    },
    /// Probabilities that sum to 1.
    Softmax,
}

impl Layer {
    /// The name in the project file.
    pub fn op(&self) -> &'static str {
        match self {
            Layer::Conv2d { .. } => "conv_2d",
            Layer::DepthwiseConv2d { .. } => "depthwise_conv_2d",
            Layer::MaxPool2d { .. } => "max_pool_2d",
            Layer::AveragePool2d { .. } => "average_pool_2d",
            Layer::Flatten => "flatten",
            Layer::Reshape { .. } => "reshape",
            Layer::FullyConnected { .. } => "fully_connected",
            Layer::Softmax => "softmax",
        }
    }
}
