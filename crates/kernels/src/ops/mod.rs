//! One module per operator, named after the TFLite operator in snake case.
//!
//! Tensors are row-major; images NHWC. An absent bias is an empty slice. `run` fails only when a slice has the wrong
//! length, and then leaves the output as it was.

pub mod add;
pub mod average_pool_2d;
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

mod broadcast;
mod channels;
mod dot;
#[cfg(test)]
pub(crate) mod naive;
