//! Tests of `pad`.
