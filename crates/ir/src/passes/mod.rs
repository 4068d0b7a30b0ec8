//! Passes: rewrites that keep what a graph means, int8 results bit for bit. One file each.

pub mod dead_code;
pub mod fold_batch_norm;
pub mod fold_constants;
pub mod fuse_activation;
pub mod unroll_gru;

pub use dead_code::dead_code;
pub use fold_batch_norm::fold_batch_norm;
pub use fold_constants::fold_constants;
pub use fuse_activation::fuse_activation;
pub use unroll_gru::unroll_gru;
