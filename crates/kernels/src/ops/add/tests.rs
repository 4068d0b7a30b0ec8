//! Tests of `add`.
