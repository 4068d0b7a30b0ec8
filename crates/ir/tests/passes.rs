//! Passes keep what a graph computes, on random graphs and on ones made by hand.
#![allow(clippy::unwrap_used, reason = "a failure fails the test")]

mod support;

use proptest::prelude::*;
use smidgen_ir::build::{Builder, Conv, Parameter};
use smidgen_ir::passes::{dead_code, fold_batch_norm, fuse_activation};
use smidgen_ir::{Activation, Graph, IrError, Op, text};
use support::{Normalize, Numbers, float_graph, floats, int8_graph, recipes, run};

fn names(graph: &Graph) -> Vec<&'static str> {
    graph.nodes.iter().map(|node| node.op.name()).collect()
}

/// A float network whose parameters are drawn from [-0.5, 0.5).
fn builder() -> Builder<'static> {
    let mut numbers = Numbers(7);
    let draw = move |parameter: &Parameter<'_>| {
        (0..parameter.n_elements()).map(|_| numbers.real(0.1, 0.9)).collect::<Vec<f32>>()
    };
    Builder::new("net", draw)
}

proptest! {
    #[test]
    fn float_outputs_stay_within_a_ten_thousandth(recipe in recipes()) {
        let reference = float_graph(&recipe, Normalize::Depthwise);
        let wanted = floats(&run(&reference, recipe.seed).unwrap());
        let folded = fold_batch_norm(&float_graph(&recipe, Normalize::Operator)).unwrap();
        prop_assert!(!names(&folded).contains(&"BATCH_NORMALIZATION"));
        for graph in [&folded, &fuse_activation(&folded).unwrap(), &dead_code(&folded).unwrap()] {
            graph.verify().unwrap();
            let found = floats(&run(graph, recipe.seed).unwrap());
            prop_assert_eq!(found.len(), wanted.len());
            for (found, wanted) in found.iter().zip(&wanted) {
                prop_assert!((found - wanted).abs() <= 1e-4 * wanted.abs().max(1.0), "{} is not {}", found, wanted);
            }
        }
    }

    #[test]
    fn float_outputs_of_fusing_are_the_same_bytes(recipe in recipes()) {
        let graph = float_graph(&recipe, Normalize::Depthwise);
        let wanted = run(&graph, recipe.seed).unwrap();
        prop_assert_eq!(run(&fuse_activation(&graph).unwrap(), recipe.seed).unwrap(), wanted);
    }

    #[test]
    fn int8_outputs_are_the_same_bytes(recipe in recipes()) {
        let graph = int8_graph(&recipe);
        let wanted = run(&graph, recipe.seed).unwrap();
        for pass in [fold_batch_norm, fuse_activation, dead_code] {
            let passed = pass(&graph).unwrap();
            passed.verify().unwrap();
            prop_assert_eq!(&run(&passed, recipe.seed).unwrap(), &wanted);
        }
    }
}

#[test]
fn a_normalisation_folds_into_each_kind_of_layer() {
    let mut net = builder();
    let x = net.input("x", &[1, 4, 4, 2]);
    let x = net.conv_2d(x, Conv::new(3, [2, 2]).no_bias());
    let x = net.batch_normalization(x, 1e-3);
    let x = net.depthwise_conv_2d(x, Conv::new(2, [3, 3]).valid());
    let x = net.batch_normalization(x, 1e-3);
    let x = net.relu(x);
    let x = net.reshape(x, &[1, -1]);
    let x = net.fully_connected(x, 3);
    let x = net.batch_normalization(x, 1e-3);
    let graph = fold_batch_norm(&net.finish(&[x]).unwrap()).unwrap();
    assert_eq!(names(&graph), ["CONV_2D", "DEPTHWISE_CONV_2D", "RELU", "RESHAPE", "FULLY_CONNECTED"]);
    let biases = graph.nodes.iter().filter(|node| node.inputs.len() == 3 && node.inputs[2].is_some());
    assert_eq!(biases.count(), 3);
    assert_eq!(graph.tensors.iter().filter(|tensor| tensor.is_const()).count(), 6);
}

#[test]
fn folding_scales_weights_by_hand() {
    let mut values =
        [vec![1.0, 2.0, 3.0, 4.0], vec![2.0, 4.0], vec![0.5, -0.5], vec![1.0, 2.0], vec![0.0, 3.0]]
            .into_iter();
    let mut net = Builder::new("fold", move |_| values.next().unwrap());
    let x = net.input("x", &[1, 1, 1, 2]);
    let y = net.conv_2d(x, Conv::new(2, [1, 1]).no_bias());
    let y = net.batch_normalization(y, 1.0);
    let graph = fold_batch_norm(&net.finish(&[y]).unwrap()).unwrap();
    assert_eq!(
        text::print(&graph),
        "graph \"fold\" dialect=TFLM\n\
         tensor 0 \"x\" float32 [1,1,1,2]\n\
         tensor 1 \"batch_normalization_1\" float32 [1,1,1,2]\n\
         tensor 2 \"conv_2d_0/filter\" float32 [2,1,1,2] data=[2.0,4.0,6.0,8.0]\n\
         tensor 3 \"conv_2d_0/filter/bias\" float32 [2] data=[-1.5,-4.5]\n\
         node CONV_2D inputs=[0,2,3] outputs=[1] stride=[1,1] dilation=[1,1] padding=SAME activation=NONE\n\
         inputs [0]\n\
         outputs [1]\n"
    );
}

#[test]
fn a_normalisation_that_cannot_fold_stays_and_is_named_by_lowering() {
    for fused in [true, false] {
        let mut net = builder();
        let x = net.input("x", &[1, 4, 4, 2]);
        let y = net.conv_2d(x, if fused { Conv::new(3, [2, 2]).relu() } else { Conv::new(3, [2, 2]) });
        let z = net.batch_normalization(y, 1e-3);
        // Without activation it is the second reader that forbids it.
        let graph = net.finish(&[z, y][..if fused { 1 } else { 2 }]).unwrap();
        let folded = fold_batch_norm(&graph).unwrap();
        assert_eq!(names(&folded), ["CONV_2D", "BATCH_NORMALIZATION"]);
        let error = run(&folded, 1).unwrap_err().to_string();
        assert!(error.contains("node 1 BATCH_NORMALIZATION") && error.contains("fold"), "{error}");
    }
}

#[test]
fn activations_fuse_where_they_are_the_only_reader() {
    let mut net = builder();
    let x = net.input("x", &[1, 4, 4, 2]);
    let a = net.conv_2d(x, Conv::new(2, [2, 2]));
    let a = net.relu6(a);
    let b = net.add(x, a);
    let c = net.relu(b);
    let d = net.average_pool_2d(c, [2, 2], [1, 1]);
    let d = net.relu(d);
    let graph = fuse_activation(&net.finish(&[d, b]).unwrap()).unwrap();
    assert_eq!(names(&graph), ["CONV_2D", "ADD", "RELU", "AVERAGE_POOL_2D"]);
    let Op::Conv2d(conv) = &graph.nodes[0].op else { unreachable!("the first node is CONV_2D") };
    assert_eq!(conv.activation, Activation::Relu6);
    let Op::AveragePool2d(pool) = &graph.nodes[3].op else {
        unreachable!("the last node is AVERAGE_POOL_2D")
    };
    assert_eq!(pool.activation, Activation::Relu);
}

#[test]
fn an_int8_activation_fuses_where_it_does_not_rescale() {
    let quant = |scale: &str| format!("axis=0 scales=[{scale}] zero_points=[-5]");
    let tensors = |scales: [&str; 4]| {
        let [x, a, b, c] = scales.map(&quant);
        format!(
            "graph \"int8\" dialect=TFLM\n\
             tensor 0 \"x\" int8 [1,2,2,1] {x}\ntensor 1 \"sum\" int8 [1,2,2,1] {a}\n\
             tensor 2 \"rectified\" int8 [1,2,2,1] {b}\ntensor 3 \"pooled\" int8 [1,1,1,1] {c}\n"
        )
    };
    let pool = "window=[2,2] stride=[2,2] padding=VALID activation=NONE";
    let nodes = |op: &str| {
        format!(
            "node ADD inputs=[0,0] outputs=[1] activation=NONE\n\
             node {op} inputs=[1] outputs=[2]\n\
             node MAX_POOL_2D inputs=[2] outputs=[3] {pool}\n\
             inputs [0]\noutputs [3]\n"
        )
    };
    let rescales = tensors(["0.25", "0.5", "0.0625", "0.0625"]) + &nodes("RELU");
    let graph = text::parse(&rescales).unwrap();
    assert_eq!(text::print(&fuse_activation(&graph).unwrap()), rescales);

    for op in ["RELU", "RELU6"] {
        let keeps = text::parse(&(tensors(["0.25", "0.5", "0.5", "0.5"]) + &nodes(op))).unwrap();
        assert_eq!(
            text::print(&fuse_activation(&keeps).unwrap()),
            format!(
                "graph \"int8\" dialect=TFLM\n\
                 tensor 0 \"x\" int8 [1,2,2,1] {}\n\
                 tensor 1 \"rectified\" int8 [1,2,2,1] {}\n\
                 tensor 2 \"pooled\" int8 [1,1,1,1] {}\n\
                 node ADD inputs=[0,0] outputs=[1] activation={op}\n\
                 node MAX_POOL_2D inputs=[1] outputs=[2] {pool}\n\
                 inputs [0]\noutputs [2]\n",
                quant("0.25"),
                quant("0.5"),
                quant("0.5"),
            )
        );
    }
}

#[test]
fn what_contributes_to_no_output_goes() {
    let mut net = builder();
    let x = net.input("x", &[1, 4]);
    let unused = net.input("unused", &[2]);
    let y = net.fully_connected(x, 3);
    let dead = net.fully_connected(x, 2);
    net.relu(dead);
    let graph = dead_code(&net.finish(&[y]).unwrap()).unwrap();
    assert_eq!(names(&graph), ["FULLY_CONNECTED"]);
    // Inputs stay: they are the model's interface.
    assert_eq!(graph.inputs.len(), 2);
    assert_eq!(graph.tensor(graph.inputs[1]).name, "unused");
    assert_eq!((graph.tensors.len(), unused.0), (5, 1));
}

#[test]
fn passes_refuse_what_the_verifier_refuses() {
    for pass in [fold_batch_norm, fuse_activation, dead_code] {
        assert!(matches!(pass(&Graph::default()), Err(IrError::Invalid(_))));
    }
}
