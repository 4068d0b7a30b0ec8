//! Tests of `max_pool_2d`.
