//! Tests of `depthwise_conv_2d`.
