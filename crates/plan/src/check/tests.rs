//! Tests of the checker: right plans of random graphs pass, and each kind of damage is found.

use super::*;
use crate::{Buffer, PlanError, plan};
use proptest::prelude::*;
use smidgen_ir::build::{Builder, Conv};
use smidgen_ir::{Elem, Operand, Target, lower};

/// A chain with a branch: `b = relu(a); c = relu(b); d = b + c`, through a view of `c`.
fn branch() -> (Graph, Program) {
    let mut net = Builder::new("branch", |_| Vec::new());
    let a = net.input("a", &[1, 40]);
    let b = net.relu(a);
    let c = net.relu(b);
    let view = net.reshape(c, &[1, 40]);
    let d = net.add(b, view);
    let graph = net.finish(&[d]).expect("valid");
    let program = lower(&graph).expect("lowers");
    (graph, program)
}

fn damaged(change: impl FnOnce(&mut Plan)) -> Vec<Violation> {
    let (graph, program) = branch();
    let mut plan = plan(&graph, &program).expect("plans");
    assert_eq!(check(&graph, &program, &plan), Ok(()));
    change(&mut plan);
    check(&graph, &program, &plan).expect_err("damaged")
}

#[test]
fn views_have_the_memory_of_their_origin_and_inputs_are_reused() {
    let (graph, program) = branch();
    let plan = plan(&graph, &program).expect("plans");
    let [(view, origin)] = program.views[..] else { panic!("one view: {:?}", program.views) };
    assert_eq!(plan.range(&program, view), plan.range(&program, origin));
    // Three tensors of 160 bytes are alive during the addition, and the input only until its reader.
    assert_eq!((plan.arena_bytes, plan.lower_bound_bytes), (480, 480));
    let input =
        plan.buffers.iter().find(|buffer| buffer.tensor == Some(graph.inputs[0])).expect("has a place");
    assert_eq!((input.first_call, input.last_call), (0, 0));
}

#[test]
fn overlap_is_found() {
    let found = damaged(|plan| plan.buffers.iter_mut().for_each(|buffer| buffer.offset = 0));
    // RELU may lie over its operand, but not over one that the sum reads as well.
    assert!(matches!(&found[0], Violation::Overwritten { reader, .. } if reader == "call 2"), "{found:?}");
}

#[test]
fn misplaced_buffers_are_found() {
    let found = damaged(|plan| plan.buffers[0].offset += 4);
    assert!(matches!(found[0], Violation::Unaligned { .. }), "{found:?}");
    let found = damaged(|plan| plan.buffers[0].offset = usize::MAX - 15);
    assert!(matches!(found[0], Violation::OutsideArena { arena_bytes: 480, .. }), "{found:?}");
    let found = damaged(|plan| plan.arena_bytes -= 16);
    assert!(matches!(found[0], Violation::OutsideArena { arena_bytes: 464, .. }), "{found:?}");
    let found = damaged(|plan| plan.arena_bytes += 1);
    assert!(matches!(found[..], [Violation::Unaligned { offset: 481, .. }]), "{found:?}");
}

#[test]
fn missing_doubled_and_small_buffers_are_found() {
    let found = damaged(|plan| plan.buffers.truncate(1));
    assert!(matches!(found[0], Violation::NotOneBuffer { found: 0, .. }), "{found:?}");
    let found = damaged(|plan| plan.buffers.push(plan.buffers[1].clone()));
    assert!(matches!(found[0], Violation::NotOneBuffer { found: 2, .. }), "{found:?}");
    let found = damaged(|plan| plan.buffers[1].bytes -= 1);
    assert!(matches!(found[0], Violation::WrongSize { expected: 160, found: 159, .. }), "{found:?}");
}

#[test]
fn scratch_memory_is_apart_from_operands_and_output() {
    let (graph, mut program) = branch();
    program.calls[1].targets.push((Target::Scratch { bytes: 100 }, Elem::U8));
    let mut plan = plan(&graph, &program).expect("plans");
    assert_eq!(check(&graph, &program, &plan), Ok(()));
    assert_eq!(plan.scratch(0), None);
    let scratch = plan.scratch(1).expect("has a place");
    assert_eq!(scratch.len(), 100);
    let operand = plan.buffers.iter_mut().find(|buffer| buffer.last_call == 2).expect("read by the addition");
    operand.offset = scratch.start;
    assert!(check(&graph, &program, &plan).is_err());
}

#[test]
fn programs_of_other_graphs_are_refused() {
    let (mut graph, program) = branch();
    let mut other = program.clone();
    other.calls.swap(0, 1);
    assert!(matches!(plan(&graph, &other), Err(PlanError::ReadBeforeWritten { call: 0, .. })));
    let mut other = program.clone();
    other.calls.pop();
    assert!(matches!(plan(&graph, &other), Err(PlanError::OutputNotWritten { .. })));
    let mut other = program.clone();
    other.calls[0].targets[0].0 = Target::Result(TensorIdx(99));
    assert!(matches!(
        plan(&graph, &other),
        Err(PlanError::NoSuchTensor { tensor: TensorIdx(99), n_tensors: 5 })
    ));
    graph.tensor_mut(graph.inputs[0]).shape = vec![usize::MAX / 4];
    assert!(matches!(plan(&graph, &program), Err(PlanError::TooLarge)));
}

#[test]
fn a_graph_without_calls_keeps_its_inputs_apart() {
    let mut graph = Graph::default();
    for name in ["a", "b"] {
        let idx = graph.add_tensor(smidgen_ir::Tensor::activation(name, smidgen_ir::DType::I8, vec![5]));
        graph.inputs.push(idx);
        graph.outputs.push(idx);
    }
    let plan = plan(&graph, &Program::default()).expect("plans");
    assert_eq!(plan.arena_bytes, 32);
    assert_eq!(check(&graph, &Program::default(), &plan), Ok(()));
}

/// A random network: each step reads earlier results, some of which are the model's outputs.
fn network(steps: &[(u8, usize, usize)], outputs: usize) -> (Graph, Program) {
    let mut net = Builder::new("random", |parameter| vec![0.5; parameter.n_elements()]);
    let mut made = vec![net.input("a", &[1, 4, 4, 2]), net.input("b", &[1, 4, 4, 2])];
    for &(kind, a, b) in steps {
        let (x, y) = (made[a % made.len()], made[b % made.len()]);
        let next = match kind {
            0 => net.relu(x),
            1 if net.shape(x) == net.shape(y) => net.add(x, y),
            2 if net.shape(x).len() == 4 => net.conv_2d(x, Conv::new(1 + b % 5, [1, 1])),
            3 => {
                let n_elements = net.shape(x).iter().product::<usize>() as i32;
                net.reshape(x, &[1, n_elements])
            }
            _ => net.fully_connected(x, 1 + b % 7),
        };
        made.push(next);
    }
    let last = made.len() - 1;
    let outputs: Vec<TensorIdx> =
        made.into_iter().skip(2).rev().take(outputs.clamp(1, last.max(1))).collect();
    let graph = net.finish(&outputs).expect("valid");
    let program = lower(&graph).expect("lowers");
    (graph, program)
}

proptest! {
    #[test]
    fn plans_of_random_networks_are_right(
        steps in prop::collection::vec((0..5u8, 0..100usize, 0..100usize), 1..25),
        outputs in 1..4usize,
        scratch in prop::collection::vec(0..300usize, 25),
    ) {
        let (graph, mut program) = network(&steps, outputs);
        for (call, bytes) in program.calls.iter_mut().zip(scratch) {
            call.targets.push((Target::Scratch { bytes }, Elem::U8));
        }
        let plan = plan(&graph, &program).expect("plans");
        prop_assert_eq!(check(&graph, &program, &plan), Ok(()));
        prop_assert!(plan.lower_bound_bytes <= plan.arena_bytes);
        for (at, a) in plan.buffers.iter().enumerate() {
            for b in plan.buffers.iter().skip(at + 1) {
                let apart = a.range().end <= b.range().start || b.range().end <= a.range().start;
                prop_assert!(apart || !a.meets(b) || a.bytes == 0 || b.bytes == 0, "{:?} {:?}", a, b);
            }
        }
        let smaller = crate::Plan { arena_bytes: plan.lower_bound_bytes.saturating_sub(16), ..plan };
        prop_assert!(check(&graph, &program, &smaller).is_err(), "the bound can be beaten");
    }

    #[test]
    fn shifted_buffers_are_never_taken_for_right_when_they_overlap(
        steps in prop::collection::vec((0..5u8, 0..100usize, 0..100usize), 1..12),
        victim in 0..100usize,
        offset in 0..40usize,
    ) {
        let (graph, program) = network(&steps, 1);
        let mut plan = plan(&graph, &program).expect("plans");
        let victim = victim % plan.buffers.len();
        plan.buffers[victim].offset = 16 * offset;
        let moved: Buffer = plan.buffers[victim].clone();
        let outside = moved.range().end > plan.arena_bytes;
        let overlaps = |(at, other): (usize, &Buffer)| {
            at != victim
                && other.meets(&moved)
                && moved.range().start < other.range().end
                && other.range().start < moved.range().end
        };
        let overlap = plan.buffers.iter().enumerate().any(overlaps);
        // An unread input or result may be overwritten without harm; everything else may not.
        if check(&graph, &program, &plan).is_ok() {
            prop_assert!(!outside);
            let unread = |buffer: &Buffer| buffer.first_call == buffer.last_call;
            prop_assert!(!overlap || plan.buffers.iter().any(unread));
        } else {
            prop_assert!(outside || overlap);
        }
    }
}

/// Two poolings of 3 × 3 over 6 × 6 × 2, whose operands and results may overlap.
fn pools() -> (Graph, Program) {
    let window = smidgen_ir::Window {
        batches: 1,
        in_h: 6,
        in_w: 6,
        in_c: 2,
        out_h: 6,
        out_w: 6,
        out_c: 2,
        k_h: 3,
        k_w: 3,
        stride_h: 1,
        stride_w: 1,
        dilation_h: 1,
        dilation_w: 1,
        pad_top: 1,
        pad_left: 1,
    };
    let mut net = Builder::new("pools", |_| Vec::new());
    let a = net.input("a", &[1, 6, 6, 2]);
    let b = net.relu(a);
    let c = net.relu(b);
    let mut graph = net.finish(&[c]).expect("valid");
    graph.tensors.iter_mut().for_each(|tensor| tensor.dtype = smidgen_ir::DType::I8);
    let spec = smidgen_kernels::ops::max_pool_2d::Int8Spec { window, act_min: -128, act_max: 127 };
    let call = |node: u32, x: TensorIdx, y: TensorIdx| smidgen_ir::Call {
        node: smidgen_ir::NodeIdx(node),
        kernel: smidgen_ir::Kernel::MaxPool2dInt8(spec),
        operands: vec![(Operand::Tensor(x), Elem::I8)],
        targets: vec![(Target::Result(y), Elem::I8)],
    };
    let program = Program { calls: vec![call(0, a, b), call(1, b, c)], ..Program::default() };
    (graph, program)
}

#[test]
fn results_may_lie_over_what_their_kernel_has_used_up_and_no_further() {
    let (graph, program) = pools();
    let right = plan(&graph, &program).expect("plans");
    assert_eq!(check(&graph, &program, &right), Ok(()));
    // 72 bytes each; a pixel of the result must stay a row and a pixel behind: 14 bytes, and its own 2.
    assert_eq!((right.lower_bound_bytes, right.arena_bytes), (96, 96));
    for by in [16, 32] {
        let mut wrong = right.clone();
        let buffer = wrong.buffers.iter_mut().find(|buffer| buffer.first_call == 0 && buffer.last_call == 1);
        let buffer = buffer.expect("between the calls");
        buffer.offset = if buffer.offset == 0 { by } else { 0 };
        let found = check(&graph, &program, &wrong).expect_err("too near");
        let is_overlap = matches!(&found[0], Violation::Overwritten { reader, .. } if reader == "call 0");
        assert!(is_overlap || found.len() > 1, "{found:?}");
    }
}
