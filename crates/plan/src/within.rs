//! An arena that must not be larger than so much: some operators in strips, as few and as wide as it takes.

use smidgen_ir::patches::{Patched, patched, stages};
use smidgen_ir::{Graph, Program};

use crate::{Plan, PlanError, plan};

/// Strips that are tried.
const MOST_STRIPS: usize = 16;

/// A program whose arena is small enough, or as small as strips make it.
#[derive(Debug, Clone)]
pub struct Within {
    /// The graph, with the tensors of the strips.
    pub graph: Graph,
    /// The program.
    pub program: Program,
    /// Its plan.
    pub plan: Plan,
    /// The first call that runs in strips.
    pub first: usize,
    /// Calls that run in strips; 0 where none do.
    pub n_calls: usize,
    /// Strips.
    pub n_strips: usize,
    /// Multiply-accumulates before and now: rows that two strips need are computed twice.
    pub macs: [u64; 2],
}

impl Within {
    /// Orders what is found for so many bytes: first the fewest multiply-accumulates of those that fit, then the smallest arenas.
    pub fn rank(&self, arena_bytes: usize) -> (bool, u64, u64) {
        rank(arena_bytes, self.plan.arena_bytes, self.macs[1])
    }
}

fn rank(most: usize, arena: usize, macs: u64) -> (bool, u64, u64) {
    match arena <= most {
        true => (false, macs, arena as u64),
        false => (true, arena as u64, macs),
    }
}

/// The program with some calls in strips, where its arena takes more than `arena_bytes`: of all that fit the one with the fewest
/// multiply-accumulates, else the one with the smallest arena.
///
/// # Errors
/// As [`plan`].
pub fn within(graph: &Graph, program: &Program, arena_bytes: usize) -> Result<Within, PlanError> {
    let (whole, macs) = (plan(graph, program)?, graph.macs());
    let (graph_now, program_now) = (graph.clone(), program.clone());
    let (first, n_calls, n_strips, macs) = (0, 0, 1, [macs; 2]);
    let mut best =
        Within { graph: graph_now, program: program_now, plan: whole, first, n_calls, n_strips, macs };
    if best.plan.arena_bytes <= arena_bytes {
        return Ok(best);
    }
    let mut trial = program.clone();
    for stage in stages(graph, program) {
        for (at, &height) in stage.heights.iter().enumerate() {
            for n_strips in 2..=height.min(MOST_STRIPS) {
                let Some(made) = patched(graph, program, &stage, at + 1, n_strips) else { continue };
                let Patched { graph, calls, parts, macs_before, macs } = made;
                (trial.calls, trial.parts) = (calls, parts);
                let plan = plan(&graph, &trial)?;
                if rank(arena_bytes, plan.arena_bytes, macs) < best.rank(arena_bytes) {
                    // Both have the same constants.
                    std::mem::swap(&mut best.program, &mut trial);
                    let (first, n_calls, macs) = (stage.first, at + 1, [macs_before, macs]);
                    best = Within { graph, plan, first, n_calls, n_strips, macs, ..best };
                }
            }
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use smidgen_ir::build::{Builder, Conv};
    use smidgen_ir::{Interpreter, lower};

    fn network() -> Graph {
        let mut net = Builder::new("net", |parameter| vec![0.1; parameter.n_elements()]);
        let x = net.input("x", &[1, 32, 32, 1]);
        let x = net.conv_2d(x, Conv::new(16, [3, 3]));
        let x = net.conv_2d(x, Conv::new(16, [3, 3]).stride([2, 2]));
        let x = net.conv_2d(x, Conv::new(4, [3, 3]).stride([2, 2]));
        let x = net.reshape(x, &[1, -1]);
        let x = net.fully_connected(x, 3);
        net.finish(&[x]).unwrap()
    }

    #[test]
    fn strips_are_as_few_as_the_arena_allows() {
        let graph = network();
        let program = lower(&graph).unwrap();
        let whole = plan(&graph, &program).unwrap().arena_bytes;
        let input: Vec<u8> = (0..1024).flat_map(|at| (at as f32 * 0.01 - 5.0).to_le_bytes()).collect();
        let wanted = Interpreter::new(&graph).unwrap().run(&input).unwrap();
        let mut before = 0;
        for share in [100, 60, 40, 30] {
            let most = whole * share / 100;
            let found = within(&graph, &program, most).unwrap();
            assert!(found.plan.arena_bytes <= most, "{share} %: {} of {whole}", found.plan.arena_bytes);
            assert_eq!(crate::check(&found.graph, &found.program, &found.plan), Ok(()));
            assert!(found.macs[1] >= before && (found.n_calls == 0) == (share == 100));
            before = found.macs[1];
            let mut interpreter = Interpreter::with_program(&found.graph, found.program).unwrap();
            assert_eq!(interpreter.run(&input).unwrap(), wanted);
        }
        let smallest = within(&graph, &program, 1).unwrap();
        assert!(smallest.plan.arena_bytes > 1 && smallest.plan.arena_bytes < whole * 3 / 10);
    }
}
