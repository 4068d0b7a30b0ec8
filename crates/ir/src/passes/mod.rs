//! Passes: rewrites that keep what a graph means, int8 results bit for bit. One file each; [`optimize`](optimize()) runs all of them.

pub mod cancel_pairs;
pub mod common_subexpressions;
pub mod constant_channels;
pub mod dead_code;
pub mod fold_batch_norm;
pub mod fold_constants;
pub mod fuse_activation;
pub mod fuse_bias;
pub mod fuse_pad;
pub mod optimize;
pub mod unroll_gru;

pub use cancel_pairs::cancel_pairs;
pub use common_subexpressions::common_subexpressions;
pub use constant_channels::constant_channels;
pub use dead_code::dead_code;
pub use fold_batch_norm::fold_batch_norm;
pub use fold_constants::fold_constants;
pub use fuse_activation::fuse_activation;
pub use fuse_bias::fuse_bias;
pub use fuse_pad::fuse_pad;
pub use optimize::optimize;
pub use unroll_gru::unroll_gru;

use crate::graph::Graph;

/// How often each tensor is read, by nodes or as an output of the model.
fn readers(graph: &Graph) -> Vec<usize> {
    let mut readers = vec![0usize; graph.tensors.len()];
    let read = graph.nodes.iter().flat_map(|node| node.inputs.iter().flatten()).chain(&graph.outputs);
    read.for_each(|idx| readers[idx.idx()] += 1);
    readers
}
