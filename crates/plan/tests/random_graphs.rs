//! Plans of random graphs pass the checker, and none is smaller than its lower bound.

#![allow(clippy::unwrap_used, reason = "a failure fails the test")]

use proptest::prelude::*;
use smidgen_ir::lower;
use smidgen_plan::{check, plan};
use smidgen_testkit::graph;

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
}
