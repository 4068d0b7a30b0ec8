//! What holds for every graph, shown on random ones of more than sixty operators: passes keep outputs, the text form is
//! complete, lowering names each constant once.
#![allow(clippy::unwrap_used, reason = "a failure fails the test")]

use std::collections::BTreeSet;

use proptest::prelude::*;
use smidgen_ir::passes::{self, dead_code, fold_batch_norm, fold_constants, fuse_activation};
use smidgen_ir::{DType, Graph, Interpreter, Op, Storage, Tensor, bounds, lower, stored, text};
use smidgen_testkit::{Random, graph, random_inputs, unfinished_graph};

/// The outputs of one inference whose input is drawn from `seed`: small floats, or all of int8.
fn outputs(graph: &Graph, seed: u64) -> Vec<u8> {
    run(graph, &random_inputs(graph, seed))
}

fn run(graph: &Graph, inputs: &[u8]) -> Vec<u8> {
    Interpreter::new(graph).unwrap().run(inputs).unwrap()
}

/// The graph with layers of which some channels are the same for every input: no weights, or a bias beyond all sums.
fn with_constant_channels(mut graph: Graph, seed: u64) -> Graph {
    let mut random = Random(seed);
    for node in graph.nodes.clone() {
        let axis = match node.op {
            Op::Conv2d(_) | Op::FullyConnected(_) => 0,
            Op::DepthwiseConv2d(_) => 3,
            _ => continue,
        };
        let Some(filter) = node.inputs[1] else { continue };
        let tensor = graph.tensor(filter).clone();
        let Some(mut weights) = tensor.i8s() else { continue };
        let inner: usize = tensor.shape[axis + 1..].iter().product();
        let n = tensor.shape[axis];
        let dead: Vec<bool> = (0..n).map(|_| random.below(3) == 0).collect();
        for (at, weight) in weights.iter_mut().enumerate() {
            if dead[at / inner % n] {
                *weight = 0;
            }
        }
        *graph.tensor_mut(filter) =
            Tensor::const_i8(tensor.name, tensor.shape, &weights, tensor.quant.unwrap());
        if let Some(bias) = node.inputs.get(2).copied().flatten() {
            let tensor = graph.tensor(bias).clone();
            let mut values = tensor.i32s().unwrap();
            values.iter_mut().filter(|_| random.below(5) == 0).for_each(|value| *value = -(1 << 20));
            *graph.tensor_mut(bias) = Tensor::const_i32(tensor.name, tensor.shape, &values, tensor.quant);
        }
    }
    graph
}

/// The graph with filters of few values, many of them 0, as `seed` draws them.
fn with_few_values(mut graph: Graph, seed: u64) -> Graph {
    let mut random = Random(seed);
    let filters: Vec<_> = graph
        .nodes
        .iter()
        .filter(|node| matches!(node.op, Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::FullyConnected(_)))
        .filter_map(|node| node.inputs[1])
        .collect();
    for filter in filters {
        let tensor = graph.tensor(filter);
        let Some(values) = tensor.i8s() else { continue };
        let (n_values, sparsity) = (1 + random.below(40) as i8, random.below(11));
        let few: Vec<i8> = values
            .iter()
            .map(
                |value| {
                    if random.below(10) < sparsity { 0 } else { value.rem_euclid(n_values).wrapping_mul(3) }
                },
            )
            .collect();
        let quant = tensor.quant.clone().unwrap();
        *graph.tensor_mut(filter) = Tensor::const_i8(tensor.name.clone(), tensor.shape.clone(), &few, quant);
    }
    graph
}

fn is_int8(graph: &Graph) -> bool {
    graph.tensors.iter().any(|tensor| tensor.dtype == DType::I8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn passes_keep_every_bit(seed in any::<u64>()) {
        let graph = unfinished_graph(seed);
        // Float layers are folded first: batch normalisation has no kernel of its own.
        let graph = fold_batch_norm(&graph).unwrap();
        prop_assume!(lower(&graph).is_ok());
        let wanted = outputs(&graph, seed);
        for (name, pass) in passes::optimize::PASSES {
            let rewritten = pass(&graph).unwrap();
            prop_assert_eq!(rewritten.verify(), Ok(()), "{}", name);
            prop_assert!(rewritten.nodes.len() <= graph.nodes.len());
            prop_assert!(outputs(&rewritten, seed) == wanted, "{} changes the output of graph {}", name, seed);
            prop_assert_eq!(pass(&rewritten).unwrap(), rewritten, "{} is not done after one run", name);
        }
    }

    #[test]
    fn channels_that_are_always_the_same_go_and_bounds_hold(seed in any::<u64>()) {
        let graph = with_constant_channels(graph(seed), seed);
        let small = passes::constant_channels(&graph).unwrap();
        prop_assert_eq!(small.verify(), Ok(()));
        prop_assert_eq!(&passes::constant_channels(&small).unwrap(), &small);
        let known = bounds::bounds(&graph);
        for at in 0..8 {
            let inputs = random_inputs(&graph, seed ^ at);
            prop_assert!(run(&small, &inputs) == run(&graph, &inputs), "the output of graph {} changes", seed);
            let mut outside = Vec::new();
            Interpreter::new(&graph).unwrap().run_layers(&inputs, &mut |node, results| {
                for (tensor, bytes) in graph.nodes[node.idx()].outputs.iter().zip(results) {
                    let Some(bounds) = &known[tensor.idx()] else { continue };
                    let values = bytes.iter().map(|byte| byte.cast_signed());
                    let mut within = values.zip(bounds.low.iter().zip(&bounds.high));
                    if !within.all(|(value, (low, high))| (*low..=*high).contains(&value)) {
                        outside.push(graph.describe(node));
                    }
                }
            }).unwrap();
            prop_assert!(outside.is_empty(), "graph {}: beyond the bounds: {:?}", seed, outside);
        }
    }

    #[test]
    fn filters_in_fewer_bytes_compute_the_same(seed in any::<u64>()) {
        let graph = with_few_values(graph(seed), seed);
        let plain = lower(&graph).unwrap();
        let wanted = outputs(&graph, seed);
        let size = |program: &smidgen_ir::Program| -> usize {
            program.consts.iter().map(|constant| constant.bytes.len()).sum()
        };
        prop_assert_eq!(&stored(plain.clone(), Storage::Plain).calls, &plain.calls);
        for storage in [Storage::Auto, Storage::Smallest, Storage::Fastest] {
            let program = stored(plain.clone(), storage);
            let names: BTreeSet<&str> = program.consts.iter().map(|of| of.name.as_str()).collect();
            prop_assert_eq!(names.len(), program.consts.len());
            // A bias that was absent is one now.
            prop_assert!(size(&program) <= size(&plain) + 4 * 64 * plain.calls.len());
            let mut interpreter = Interpreter::with_program(&graph, program).unwrap();
            prop_assert!(interpreter.run(&random_inputs(&graph, seed)).unwrap() == wanted, "{storage:?} changes graph {seed}");
        }
    }

    #[test]
    fn what_is_complete_stays_as_it_is(seed in any::<u64>()) {
        let graph = graph(seed);
        prop_assert_eq!(dead_code(&graph).unwrap(), graph);
    }

    #[test]
    fn the_text_form_is_complete(seed in any::<u64>()) {
        let graph = unfinished_graph(seed);
        let printed = text::print(&graph);
        let parsed = text::parse(&printed).unwrap();
        prop_assert_eq!(text::print(&parsed), printed);
        prop_assert_eq!(parsed, graph);
    }

    #[test]
    fn constants_have_names_of_their_own_and_calls_stand_in_order(seed in any::<u64>()) {
        let graph = graph(seed);
        let program = lower(&graph).unwrap();
        let names: BTreeSet<&str> = program.consts.iter().map(|of| of.name.as_str()).collect();
        prop_assert_eq!(names.len(), program.consts.len());
        prop_assert!(program.calls.is_sorted_by_key(|call| call.node));
        let called: BTreeSet<_> = program.calls.iter().map(|call| call.node).collect();
        prop_assert_eq!(called.len() + program.views.len(), graph.nodes.len());
        prop_assert_eq!(outputs(&graph, seed), outputs(&graph, seed));
    }
}

#[test]
fn the_random_graphs_have_filters_of_every_form() {
    let mut forms = BTreeSet::new();
    for seed in 0..400 {
        let program = stored(lower(&with_few_values(graph(seed), seed)).unwrap(), Storage::Smallest);
        let is_stored = |path: &str| path.ends_with("::Stored") || path.ends_with("::Coded");
        for call in program.calls.iter().filter(|call| is_stored(call.kernel.path())) {
            let has = |part: &str| {
                let mut parts = call.kernel.operands().iter().zip(&call.operands);
                parts.any(|((name, _), (of, _))| *name == part && *of != smidgen_ir::Operand::Absent)
            };
            forms.insert((call.kernel.path(), has("mask"), has("codebook")));
        }
    }
    assert_eq!(
        forms.len(),
        8,
        "with and without mask and codebook, less neither, for two kernels, a codebook for the third, and one that is coded: {forms:?}"
    );
}

#[test]
fn the_random_graphs_give_the_passes_something_to_do() {
    let (mut n_fused, mut n_fused_int8, mut n_folded, mut n_constant, mut n_dead) = (0, 0, 0, 0, 0);
    let mut n_channels = 0;
    for seed in 0..300 {
        let graph = with_constant_channels(smidgen_testkit::graph(seed), seed);
        n_channels += usize::from(passes::constant_channels(&graph).unwrap() != graph);
        let graph = unfinished_graph(seed);
        n_dead += usize::from(dead_code(&graph).unwrap().nodes.len() < graph.nodes.len());
        let clean = dead_code(&graph).unwrap();
        let folded = fold_batch_norm(&clean).unwrap();
        n_folded += usize::from(folded.nodes.len() < clean.nodes.len());
        n_constant += usize::from(fold_constants(&folded).unwrap().nodes.len() < folded.nodes.len());
        let fused = usize::from(fuse_activation(&folded).unwrap().nodes.len() < folded.nodes.len());
        n_fused += fused;
        n_fused_int8 += fused * usize::from(is_int8(&graph));
    }
    assert!(n_channels > 3, "{n_channels}: constant_channels has random networks of its own in its tests");
    assert!(
        n_fused > 20 && n_fused_int8 > 5 && n_folded > 10 && n_constant > 5 && n_dead > 50,
        "{n_fused} {n_fused_int8} {n_folded} {n_constant} {n_dead}"
    );
}
