//! Tests of `conv_2d`.
