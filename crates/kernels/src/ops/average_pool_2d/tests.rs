//! Tests of `average_pool_2d`.
