//! Tests of `fully_connected`.
