//! Variables: what operators keep from one inference to the next, and what the verifier asks of them.
#![allow(clippy::unwrap_used, reason = "a failure fails the test")]

use smidgen_ir::passes::dead_code;
use smidgen_ir::{Graph, Interpreter, text};

const DELAY: &str = "\
graph \"g\" dialect=TFLM
tensor 0 \"x\" int16 [1,3]
tensor 1 \"samples\" int16 [1,2] variable=true
tensor 2 \"y\" int16 [1,3]
node SIGNAL_DELAY inputs=[0,1] outputs=[2] delay_length=2
inputs [0]
outputs [2]
";

/// What was assigned before, first 5 and 6.
const LAST: &str = "\
graph \"g\" dialect=TFLM
tensor 0 \"x\" int32 [2]
tensor 1 \"last\" int32 [2] variable=true data=[5,6]
tensor 2 \"y\" int32 [2]
node READ_VARIABLE inputs=[1] outputs=[2]
node ASSIGN_VARIABLE inputs=[1,0] outputs=[]
inputs [0]
outputs [2]
";

fn graph(text: &str) -> Graph {
    let graph = text::parse(text).unwrap();
    graph.verify().unwrap();
    graph
}

fn bytes<const N: usize>(values: &[i64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()[..N].to_vec()).collect()
}

#[test]
fn states_last_until_they_are_reset() {
    let mut delay = Interpreter::new(&graph(DELAY)).unwrap();
    let mut run = |values: &[i64]| delay.run(&bytes::<2>(values)).unwrap();
    assert_eq!(run(&[1, 2, 3]), bytes::<2>(&[0, 0, 1]));
    assert_eq!(run(&[4, 5, 6]), bytes::<2>(&[2, 3, 4]));
    delay.reset();
    assert_eq!(delay.run(&bytes::<2>(&[7, 8, 9])).unwrap(), bytes::<2>(&[0, 0, 7]));
}

#[test]
fn variables_hold_what_was_assigned_and_start_with_their_data() {
    let mut last = Interpreter::new(&graph(LAST)).unwrap();
    let mut run = |values: &[i64]| last.run(&bytes::<4>(values)).unwrap();
    assert_eq!(run(&[1, 2]), bytes::<4>(&[5, 6]));
    assert_eq!(run(&[3, 4]), bytes::<4>(&[1, 2]));
    last.reset();
    assert_eq!(last.run(&bytes::<4>(&[0, 0])).unwrap(), bytes::<4>(&[5, 6]));
}

#[test]
fn assignments_are_no_dead_code_and_keep_their_place() {
    let graph = graph(LAST);
    assert_eq!(dead_code(&graph).unwrap().nodes, graph.nodes);
}

/// The first problem of `of` with one replacement.
fn problem(of: &str, from: &str, to: &str) -> String {
    assert!(of.contains(from), "{from}");
    let problems = text::parse(&of.replacen(from, to, 1)).unwrap().verify().unwrap_err();
    problems.first().unwrap().to_string()
}

#[test]
fn states_of_another_kind_are_refused() {
    let found = problem(DELAY, "[1,2] variable=true", "[1,3] variable=true");
    assert!(found.contains("its samples must be int16 [1, 2], found int16 [1, 3]"), "{found}");
    let found = problem(DELAY, " variable=true", " data=[0,0]");
    assert!(found.contains("must be a variable"), "{found}");
    let found = problem(DELAY, "inputs=[0,1]", "inputs=[0]");
    assert!(found.contains("operands"), "{found}");
    let found = problem(DELAY, "delay_length=2", "delay_length=0");
    assert!(found.contains("leave the operator out"), "{found}");
    let found = problem(LAST, "tensor 0 \"x\" int32", "tensor 0 \"x\" uint32");
    assert!(found.contains("must be int32 [2], as the variable, found uint32 [2]"), "{found}");
    let found = problem(LAST, "READ_VARIABLE inputs=[1]", "READ_VARIABLE inputs=[0]");
    assert!(found.contains("must be a variable"), "{found}");
}
