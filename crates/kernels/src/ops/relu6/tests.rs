//! Tests of `relu6`.
