//! Plans of random graphs pass the checker, and none is smaller than its lower bound.

#![allow(clippy::unwrap_used, reason = "a failure fails the test")]

use proptest::prelude::*;
use smidgen_ir::adds::without_adds;
use smidgen_ir::copies::without_copies;
use smidgen_ir::padding::without_pads;
use smidgen_ir::{Graph, Interpreter, Program, lower};
use smidgen_plan::{check, ordered, plan, within};
use smidgen_testkit::{graph, random_inputs};

fn run(graph: &Graph, program: Program, seed: u64) -> Vec<u8> {
    Interpreter::with_program(graph, program).unwrap().run(&random_inputs(graph, seed)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn plans_are_right(seed in any::<u64>()) {
        let graph = graph(seed);
        let program = lower(&graph).unwrap();
        let plan = plan(&graph, &program).unwrap();
        prop_assert_eq!(check(&graph, &program, &plan), Ok(()));
        prop_assert!(plan.arena_bytes >= plan.lower_bound_bytes);
    }

    #[test]
    fn other_orders_parts_and_strips_compute_the_same(seed in any::<u64>()) {
        let graph = graph(seed);
        let program = lower(&graph).unwrap();
        let wanted = run(&graph, program.clone(), seed);
        let before = plan(&graph, &program).unwrap().arena_bytes;
        let other = ordered(&graph);
        let program = lower(&other).unwrap();
        prop_assert!(plan(&other, &program).unwrap().arena_bytes <= before);
        let program = without_adds(&other, without_copies(&other, without_pads(&other, program)));
        let plan = plan(&other, &program).unwrap();
        prop_assert_eq!(check(&other, &program, &plan), Ok(()));
        prop_assert!(run(&other, program.clone(), seed) == wanted, "{}", seed);
        let strips = within(&other, &program, plan.arena_bytes * 3 / 4).unwrap();
        prop_assert_eq!(check(&strips.graph, &strips.program, &strips.plan), Ok(()));
        prop_assert!(strips.plan.arena_bytes <= plan.arena_bytes);
        prop_assert!(run(&strips.graph, strips.program, seed) == wanted, "{} in strips", seed);
    }
}
