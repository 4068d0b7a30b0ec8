//! Tests of `softmax`.
