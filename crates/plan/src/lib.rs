//! Tensor lifetimes to arena offsets, with a lower bound and an independent checker.
