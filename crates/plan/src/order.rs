//! The order of operators that needs the smallest arena.
//!
//! A graph with branches may be computed in many orders, and what is needed at once depends on which branch comes first. Every set of
//! operators that can have been computed is one state, however it was reached: of two ways to it the one with the lower peak is kept,
//! and of all sets of a size so many as the search may look at, those of the lowest peaks. With fewer branches than that the
//! search is exact but for what the placement adds. What it finds counts only where the plan really is smaller.

use std::collections::BTreeMap;

use smidgen_ir::{Graph, Program, TensorIdx, lower};

use crate::lifetimes::origin;
use crate::{padded, plan};

/// Sets of operators of one size that are looked at.
const STATES: usize = 512;

/// The graph with its operators in an order that takes less memory, if one is found; else as it is. What it computes stays the same.
#[must_use]
pub fn ordered(graph: &Graph) -> Graph {
    let better = || {
        let program = lower(graph).ok()?;
        let arena = plan(graph, &program).ok()?.arena_bytes;
        let order = Search::new(graph, &program)?.order()?;
        let mut other = graph.clone();
        other.nodes = order.iter().map(|&at| graph.nodes[at].clone()).collect();
        let found = plan(&other, &lower(&other).ok()?).ok()?.arena_bytes;
        (found < arena).then_some(other)
    };
    better().unwrap_or_else(|| graph.clone())
}

/// What computing a node does to memory.
#[derive(Debug, Default)]
struct Step {
    /// Nodes that come before.
    after: Vec<usize>,
    /// Memory that it reads, and that it writes, by number.
    reads: Vec<usize>,
    writes: Vec<usize>,
    scratch: usize,
    /// Whether its first result may lie over its first operand.
    shares: bool,
}

struct Search {
    steps: Vec<Step>,
    /// Bytes of each piece of memory.
    bytes: Vec<usize>,
    /// Nodes that read each; one more for what stays to the end.
    readers: Vec<usize>,
    /// What is there from the start.
    given: usize,
}

/// A set of computed nodes, and the best way to it.
#[derive(Debug, Clone)]
struct State {
    order: Vec<usize>,
    /// Readers that each piece of memory still has.
    left: Vec<usize>,
    live: usize,
    peak: usize,
}

impl Search {
    /// `None` for a graph without branches, where there is nothing to choose.
    fn new(graph: &Graph, program: &Program) -> Option<Self> {
        let of = |tensor: TensorIdx| origin(program, tensor).idx();
        let padded_bytes = |tensor: &smidgen_ir::Tensor| padded(tensor.n_bytes()).unwrap_or(usize::MAX / 4);
        let mut search = Search {
            steps: Vec::new(),
            bytes: graph.tensors.iter().map(padded_bytes).collect(),
            readers: vec![0; graph.tensors.len()],
            given: 0,
        };
        let is_memory = |tensor: &TensorIdx| !graph.tensor(*tensor).is_const();
        let mut touched: BTreeMap<usize, usize> = BTreeMap::new();
        for (at, node) in graph.nodes.iter().enumerate() {
            let mut step = Step::default();
            let calls = program.calls.iter().filter(|call| call.node.idx() == at);
            for call in calls {
                step.scratch = step.scratch.max(call.scratch_bytes());
                step.shares |= call.sharing().is_some();
                step.reads.extend(call.reads().map(of));
                step.writes.extend(call.results().map(of));
            }
            // Of what is a view only its origin is memory.
            step.reads.sort_unstable();
            step.reads.dedup();
            for tensor in node.inputs.iter().flatten().filter(|tensor| is_memory(tensor)) {
                step.after.extend(graph.producer(*tensor).map(|node| node.idx()));
                // What reads or changes state keeps its turn.
                if graph.tensor(*tensor).is_variable
                    && let Some(before) = touched.insert(tensor.idx(), at)
                {
                    step.after.push(before);
                }
            }
            step.reads.iter().for_each(|&memory| search.readers[memory] += 1);
            search.steps.push(step);
        }
        for &output in &graph.outputs {
            search.readers[of(output)] += 1;
        }
        search.given = graph.inputs.iter().map(|&input| search.bytes[of(input)]).sum();
        let is_chain =
            search.steps.iter().enumerate().skip(1).all(|(at, step)| step.after.contains(&(at - 1)));
        (!is_chain).then_some(search)
    }

    /// The order with the lowest peak of those that are looked at.
    fn order(&self) -> Option<Vec<usize>> {
        let start =
            State { order: Vec::new(), left: self.readers.clone(), live: self.given, peak: self.given };
        let mut states: BTreeMap<Vec<bool>, State> = BTreeMap::from([(vec![false; self.steps.len()], start)]);
        for _ in 0..self.steps.len() {
            let mut next: BTreeMap<Vec<bool>, State> = BTreeMap::new();
            for (done, state) in &states {
                let ready =
                    |at: &usize| !done[*at] && self.steps[*at].after.iter().all(|&before| done[before]);
                for at in (0..self.steps.len()).filter(ready) {
                    let state = self.after(state, at);
                    let mut done = done.clone();
                    done[at] = true;
                    let is_better = next.get(&done).is_none_or(|known| state.rank() < known.rank());
                    if is_better {
                        next.insert(done, state);
                    }
                }
            }
            if next.len() > STATES {
                let mut ranked: Vec<(Vec<bool>, State)> = next.into_iter().collect();
                ranked.sort_by(|(_, a), (_, b)| a.rank().cmp(&b.rank()));
                ranked.truncate(STATES);
                next = ranked.into_iter().collect();
            }
            states = next;
        }
        states.into_values().next().map(|state| state.order)
    }

    fn after(&self, state: &State, at: usize) -> State {
        let mut state = state.clone();
        let step = &self.steps[at];
        let made: usize = step.writes.iter().map(|&memory| self.bytes[memory]).sum();
        let mut freed = 0;
        for &memory in &step.reads {
            state.left[memory] -= 1;
            freed += if state.left[memory] == 0 { self.bytes[memory] } else { 0 };
        }
        let shared = if step.shares { freed.min(made) } else { 0 };
        state.peak = state.peak.max(state.live + made + step.scratch - shared);
        // A result that nobody reads is gone at once.
        let unread: usize = step
            .writes
            .iter()
            .filter(|&&memory| self.readers[memory] == 0)
            .map(|&memory| self.bytes[memory])
            .sum();
        state.live = state.live + made - freed - unread;
        state.order.push(at);
        state
    }
}

impl State {
    /// Lowest peak first, then least memory, then the order of the file.
    fn rank(&self) -> (usize, usize, &[usize]) {
        (self.peak, self.live, &self.order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smidgen_ir::build::{Builder, Conv};
    use smidgen_ir::ops::concatenation::Concatenation;
    use smidgen_ir::{Interpreter, Op};

    /// Branches that each widen the image and shrink it; all wide ones come first.
    fn wide_first(branches: usize) -> Graph {
        let mut net = Builder::new("net", |parameter| vec![0.1; parameter.n_elements()]);
        let x = net.input("x", &[1, 8, 8, 2]);
        let wide: Vec<_> = (0..branches).map(|at| net.conv_2d(x, Conv::new(16 + at, [3, 3]))).collect();
        let small: Vec<_> =
            wide.into_iter().map(|wide| Some(net.conv_2d(wide, Conv::new(1, [1, 1])))).collect();
        let y = net.node(Op::Concatenation(Concatenation { axis: 3 }), &small, None);
        net.finish(&[y]).unwrap()
    }

    fn arena(graph: &Graph) -> usize {
        let program = lower(graph).unwrap();
        let plan = plan(graph, &program).unwrap();
        assert_eq!(crate::check(graph, &program, &plan), Ok(()));
        plan.arena_bytes
    }

    #[test]
    fn one_branch_after_the_other_needs_less() {
        for branches in [2, 4, 7] {
            let graph = wide_first(branches);
            let better = ordered(&graph);
            better.verify().unwrap();
            assert!(
                arena(&better) < arena(&graph) * 3 / 4 + 1024,
                "{branches}: {} {}",
                arena(&better),
                arena(&graph)
            );
            let input: Vec<u8> = (0..128).flat_map(|at| (at as f32 * 0.1 - 3.0).to_le_bytes()).collect();
            let outputs = |graph| Interpreter::new(graph).unwrap().run(&input).unwrap();
            assert_eq!(outputs(&better), outputs(&graph));
            assert_eq!(ordered(&better), better, "the same when done again");
        }
    }

    #[test]
    fn chains_stay_as_they_are() {
        let mut net = Builder::new("net", |parameter| vec![0.1; parameter.n_elements()]);
        let x = net.input("x", &[1, 8, 8, 2]);
        let y = net.conv_2d(x, Conv::new(3, [3, 3]));
        let y = net.reshape(y, &[1, -1]);
        let y = net.fully_connected(y, 4);
        let graph = net.finish(&[y]).unwrap();
        assert_eq!(ordered(&graph), graph);
    }
}
