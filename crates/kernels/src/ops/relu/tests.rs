//! Tests of `relu`.
