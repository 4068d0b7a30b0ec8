//! All passes, as often as one of them still finds something.

use super::{
    cancel_pairs, common_subexpressions, constant_channels, dead_code, fold_batch_norm, fold_constants,
    fuse_activation, fuse_bias, fuse_pad,
};
use crate::error::IrError;
use crate::graph::Graph;

/// A pass.
pub type Pass = fn(&Graph) -> Result<Graph, IrError>;

/// All passes with their names, in the order in which they are of use to each other.
pub const PASSES: [(&str, Pass); 9] = [
    ("dead_code", dead_code),
    ("fold_constants", fold_constants),
    ("fold_batch_norm", fold_batch_norm),
    ("fuse_bias", fuse_bias),
    ("fuse_activation", fuse_activation),
    ("fuse_pad", fuse_pad),
    ("cancel_pairs", cancel_pairs),
    ("common_subexpressions", common_subexpressions),
    ("constant_channels", constant_channels),
];

/// Rounds after which it is over, whatever is still found.
const MOST_ROUNDS: usize = 8;

/// The graph after all passes. `changed` is told of each pass that changed something: its name, and the graph before and after.
///
/// # Errors
/// [`IrError::Invalid`] for a graph that the verifier refuses; what [`fold_constants()`] finds.
pub fn optimize(
    graph: &Graph,
    changed: &mut dyn FnMut(&'static str, &Graph, &Graph),
) -> Result<Graph, IrError> {
    let mut graph = graph.clone();
    for _ in 0..MOST_ROUNDS {
        let start = graph.clone();
        for (name, pass) in PASSES {
            let after = pass(&graph)?;
            if after != graph {
                changed(name, &graph, &after);
                graph = after;
            }
        }
        if graph == start {
            break;
        }
    }
    Ok(graph)
}
