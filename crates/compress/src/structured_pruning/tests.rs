use super::*;
use crate::post_training_quantization::tests::Noise;
use crate::quantize::floats;
use smidgen_ir::build::{Builder, Conv};
use smidgen_ir::ops::concatenation::Concatenation;
use smidgen_ir::ops::mean::Mean;
use smidgen_ir::{Interpreter, Op, Tensor};

/// A residual stage, a depthwise layer, two branches side by side and rows of pixels into FULLY_CONNECTED.
fn network(seed: u64) -> Graph {
    let mut noise = Noise(seed);
    let mut net = Builder::new("net", move |parameter| noise.values(parameter.n_elements(), 0.5));
    let x = net.input("x", &[1, 6, 6, 2]);
    let x = net.conv_2d(x, Conv::new(8, [3, 3]).relu());
    let y = net.depthwise_conv_2d(x, Conv::new(1, [3, 3]).relu());
    let y = net.conv_2d(y, Conv::new(8, [1, 1]));
    let x = net.add(x, y);
    let a = net.conv_2d(x, Conv::new(6, [1, 1]).stride([2, 2]).relu());
    let b = net.max_pool_2d(x, [2, 2], [2, 2]);
    let x = net.node(Op::Concatenation(Concatenation { axis: 3 }), &[Some(a), Some(b)], None);
    let x = net.reshape(x, &[1, -1]);
    let x = net.fully_connected(x, 10);
    let x = net.relu(x);
    let x = net.fully_connected(x, 3);
    net.finish(&[x]).unwrap()
}

fn run(graph: &Graph, seed: u64) -> Vec<f32> {
    let mut noise = Noise(seed ^ 0xda7a);
    let input: Vec<u8> =
        noise.values(graph.input_bytes() / 4, 1.0).iter().flat_map(|value| value.to_le_bytes()).collect();
    floats(&Interpreter::new(graph).unwrap().run(&input).unwrap()).collect()
}

fn pruned(graph: &Graph, config: &Config) -> Result<(Graph, Vec<String>), CompressError> {
    let mut context = Context::new(&[]);
    apply(graph, config, &mut context).map(|graph| (graph, context.log))
}

fn to(target: Target) -> Config {
    Config { target, ..Config::default() }
}

/// Sets filter and bias of every second channel that a weighted operator makes to 0.
fn with_dead_channels(mut graph: Graph) -> Graph {
    let last = graph.outputs[0];
    for node in graph.nodes.clone() {
        let (operands, axis) = match node.op {
            Op::Conv2d(_) | Op::FullyConnected(_) if node.outputs[0] != last => ([1, 2], 0),
            Op::DepthwiseConv2d(_) => ([1, 2], 3),
            _ => continue,
        };
        for (operand, axis) in operands.into_iter().zip([axis, 0]) {
            let tensor = node.inputs[operand].unwrap();
            let found = graph.tensor(tensor);
            let inner: usize = found.shape[axis + 1..].iter().product();
            let n = found.shape[axis];
            let mut values = found.f32s().unwrap();
            for (at, value) in values.iter_mut().enumerate() {
                if (at / inner % n).is_multiple_of(2) {
                    *value = 0.0;
                }
            }
            *graph.tensor_mut(tensor) = Tensor::const_f32(found.name.clone(), found.shape.clone(), &values);
        }
    }
    graph
}

#[test]
fn channels_that_are_always_0_go_without_a_trace() {
    for seed in 0..20 {
        let graph = with_dead_channels(network(seed));
        let (small, log) = pruned(&graph, &to(Target::Channels(0.5))).unwrap();
        let channels = |name: &str| {
            let tensor =
                small.tensors.iter().find(|tensor| tensor.name.starts_with(name) && !tensor.is_const());
            tensor.unwrap_or_else(|| panic!("{name}")).shape.last().copied().unwrap()
        };
        assert_eq!(["conv_2d_0", "depthwise_conv_2d_1", "add", "concatenation"].map(channels), [4, 4, 4, 7]);
        // 4 + 3 channels of 9 pixels, 5 of 10 neurons.
        let shapes: Vec<&[usize]> = small.tensors.iter().map(|tensor| tensor.shape.as_slice()).collect();
        assert!(shapes.contains(&&[5, 63][..]) && shapes.contains(&&[3, 5][..]), "{shapes:?}");
        for (a, b) in run(&graph, seed).iter().zip(run(&small, seed)) {
            assert!((a - b).abs() <= 1e-5 * a.abs().max(1.0), "seed {seed}: {a} {b}");
        }
        assert!(log[0].contains("12 of 24 channels went"), "{log:?}");
    }
}

#[test]
fn shares_of_cost_are_reached_and_no_more_than_needed_goes() {
    let graph = network(1);
    for (target, cost) in [
        (Target::Macs(0.6), &|graph: &Graph| graph.macs() as f64),
        (Target::Parameters(0.5), &|graph: &Graph| parameters(graph) as f64),
        (Target::Arena(0.4), &|graph: &Graph| measure(graph, Target::Arena(0.0)).unwrap()),
        (Target::Instructions(0.4), &|graph: &Graph| instructions::instructions(graph)),
    ] as [(Target, &dyn Fn(&Graph) -> f64); 4]
    {
        let share = target.share().unwrap();
        for global in [false, true] {
            let (small, _) = pruned(&graph, &Config { global, ..to(target) }).unwrap();
            let rest = cost(&small) / cost(&graph);
            assert!(rest <= 1.0 - share && rest > 0.6 * (1.0 - share), "{target:?} {global}: {rest}");
            run(&small, 1);
        }
    }
}

#[test]
fn kept_channels_are_a_multiple_and_never_none() {
    let graph = network(2);
    let (small, _) = pruned(&graph, &Config { multiple: 4, ..to(Target::Channels(0.6)) }).unwrap();
    let depths = |graph: &Graph| -> Vec<usize> {
        let makers = graph.nodes.iter().filter(|node| matches!(node.op, Op::Conv2d(_)));
        makers.map(|node| *graph.tensor(node.outputs[0]).shape.last().unwrap()).collect()
    };
    assert_eq!(depths(&small), [4, 4, 4]);
    let (small, _) = pruned(&graph, &to(Target::Channels(0.99))).unwrap();
    assert_eq!(depths(&small), [2, 2, 2]);
}

#[test]
fn importance_may_come_from_values_and_gradients() {
    let graph = prepared(&network(4)).unwrap();
    let mut noise = Noise(9);
    let calibration: Vec<Vec<f32>> = (0..4).map(|_| noise.values(72, 1.0)).collect();
    let config = Config { importance: Importance::Activation, ..to(Target::Channels(0.5)) };
    assert!(pruned(&graph, &config).unwrap_err().to_string().contains("needs calibration data"));
    let by_values = apply(&graph, &config, &mut Context::new(&calibration)).unwrap();
    let config = Config { importance: Importance::Taylor, ..config };
    assert!(pruned(&graph, &config).unwrap_err().to_string().contains("gradients"));
    let mut context = Context::new(&[]);
    for (at, tensor) in graph.tensors.iter().enumerate().filter(|(_, tensor)| tensor.is_const()) {
        context.gradients.insert(at, noise.values(tensor.n_elements(), 1.0));
    }
    let by_gradients = apply(&graph, &config, &mut context).unwrap();
    assert_eq!(by_values.macs(), by_gradients.macs());
    assert_ne!(by_values, by_gradients);
}

#[test]
fn means_over_pixels_keep_channels_and_what_is_unknown_keeps_all() {
    let mut noise = Noise(5);
    let mut net = Builder::new("net", move |parameter| noise.values(parameter.n_elements(), 0.5));
    let x = net.input("x", &[1, 4, 4, 2]);
    let x = net.conv_2d(x, Conv::new(8, [3, 3]).relu());
    let x = net.node(Op::Mean(Mean { axes: vec![1, 2], keep_dims: false }), &[Some(x)], None);
    let x = net.fully_connected(x, 3);
    let graph = net.finish(&[x]).unwrap();
    let (small, _) = pruned(&graph, &to(Target::Channels(0.5))).unwrap();
    assert!(parameters(&small) < parameters(&graph) * 6 / 10);

    let mut net = Builder::new("net", |parameter| vec![0.1; parameter.n_elements()]);
    let x = net.input("x", &[1, 4, 4, 2]);
    let x = net.conv_2d(x, Conv::new(8, [3, 3]).relu());
    let x = net.node(Op::Mean(Mean { axes: vec![3], keep_dims: true }), &[Some(x)], None);
    let graph = net.finish(&[x]).unwrap();
    let error = pruned(&graph, &to(Target::Channels(0.5))).unwrap_err().to_string();
    assert!(error.contains("no layer has more than"), "{error}");
}

#[test]
fn impossible_shares_are_refused() {
    for share in [0.0, 1.0, -0.5, f64::NAN] {
        let error = pruned(&network(1), &to(Target::Macs(share))).unwrap_err().to_string();
        assert!(error.contains("expected above 0 and below 1"), "{error}");
    }
    let error = pruned(&network(1), &to(Target::Arena(0.99))).unwrap_err().to_string();
    assert!(error.contains("cannot go") && error.contains("ask for less"), "{error}");
}

/// The network with a batch normalisation after each layer but the last; the scales of channels rise in every layer.
fn normalised() -> Graph {
    let mut noise = Noise(5);
    let mut net = Builder::new("net", move |parameter| noise.values(parameter.n_elements(), 0.5));
    let x = net.input("x", &[1, 6, 6, 2]);
    let x = net.conv_2d(x, Conv::new(8, [3, 3]));
    let x = net.batch_normalization(x, 1e-3);
    let x = net.relu(x);
    let x = net.depthwise_conv_2d(x, Conv::new(1, [3, 3]).relu());
    let x = net.conv_2d(x, Conv::new(6, [1, 1]));
    let x = net.batch_normalization(x, 1e-3);
    let x = net.reshape(x, &[1, -1]);
    let x = net.fully_connected(x, 3);
    let mut graph = net.finish(&[x]).unwrap();
    for node in graph.nodes.clone() {
        if let (Op::BatchNormalization(_), &[_, Some(gamma), _, _, Some(variance)]) =
            (&node.op, node.inputs.as_slice())
        {
            for (tensor, from) in [(gamma, 0.1), (variance, 1.0)] {
                let found = graph.tensor(tensor).clone();
                let values: Vec<f32> = (0..found.n_elements()).map(|at| from + 0.1 * at as f32).collect();
                *graph.tensor_mut(tensor) = Tensor::const_f32(found.name, found.shape, &values);
            }
        }
    }
    graph
}

#[test]
fn channels_go_by_the_scales_of_batch_normalisations_also_when_they_are_folded() {
    let config = Config { importance: Importance::BatchNormalization, ..to(Target::Channels(0.5)) };
    let graph = normalised();
    let folded = prepared(&graph).unwrap();
    assert_eq!(folded.meta.norm_scales().len(), 2);
    let read = smidgen_ir::Graph { meta: folded.meta.clone(), ..folded.clone() };
    for graph in [&graph, &read] {
        let (small, _) = pruned(graph, &config).unwrap();
        let scales: Vec<Vec<f32>> = small.meta.norm_scales().into_values().collect();
        // The upper half of each, in both.
        let steps: Vec<Vec<f32>> =
            scales.iter().map(|s| s.iter().map(|s| (s * 10.0).round()).collect()).collect();
        assert_eq!(steps, [vec![5.0, 6.0, 7.0, 8.0].as_slice(), &[4.0, 5.0, 6.0]]);
        let (again, _) = pruned(&small, &config).unwrap();
        assert_eq!(again.meta.norm_scales().into_values().map(|scales| scales.len()).sum::<usize>(), 2 + 2);
    }
    let mut unknown = folded;
    unknown.meta = smidgen_ir::Meta::default();
    let error = pruned(&unknown, &config).unwrap_err().to_string();
    assert!(error.contains("relu_2") && error.contains("use l2"), "{error}");
}
