use super::*;
use crate::quantize::{dequantize_output, floats, quantize_input};
use smidgen_ir::Range;
use smidgen_ir::build::{Builder, Conv, Parameter, Role};
use smidgen_ir::{Interpreter, Quant, Tensor};

/// Uniform in -1..1, from a seed (Knuth's MMIX generator).
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    pub(crate) fn values(&mut self, n: usize, scale: f32) -> Vec<f32> {
        (0..n).map(|_| self.next() * scale).collect()
    }
}

/// Starts a graph with random parameters that keep the size of activations about the same.
fn builder(seed: u64) -> Builder<'static> {
    let mut noise = Noise(seed);
    Builder::new("net", move |parameter: &Parameter<'_>| {
        let scale = (3.0 / parameter.fan_in as f32).sqrt();
        let n = parameter.n_elements();
        match parameter.role {
            Role::Filter => noise.values(n, scale),
            Role::Gamma | Role::Variance => {
                noise.values(n, 0.5).into_iter().map(|value| 1.0 + value).collect()
            }
            Role::Bias | Role::Beta | Role::Mean => noise.values(n, 0.3),
        }
    })
}

/// Every kind of layer that a small network has, softmax last.
fn network(seed: u64) -> Graph {
    let mut net = builder(seed);
    let x = net.input("input", &[1, 12, 6, 2]);
    let x = net.conv_2d(x, Conv::new(8, [3, 3]).no_bias());
    let x = net.batch_normalization(x, 1e-3);
    let x = net.relu(x);
    let x = net.depthwise_conv_2d(x, Conv::new(1, [3, 3]).stride([2, 1]).relu());
    let y = net.conv_2d(x, Conv::new(8, [1, 1]));
    let x = net.add(x, y);
    let x = net.max_pool_2d(x, [2, 2], [2, 2]);
    let x = net.average_pool_2d(x, [3, 3], [3, 3]);
    let x = net.reshape(x, &[1, -1]);
    let x = net.fully_connected(x, 5);
    let x = net.softmax(x);
    net.finish(&[x]).unwrap()
}

pub(crate) fn inputs(seed: u64, graph: &Graph, n: usize) -> Vec<Vec<f32>> {
    let mut noise = Noise(seed ^ 0xda7a);
    (0..n).map(|_| noise.values(graph.input_bytes() / 4, 1.0)).collect()
}

pub(super) fn quantized(
    graph: &Graph,
    config: &Config,
    calibration: &[Vec<f32>],
) -> Result<Graph, CompressError> {
    apply(graph, config, &mut Context::new(calibration))
}

/// The outputs of a float32 or int8 graph in real units.
pub(super) fn run(graph: &Graph, inputs: &[Vec<f32>]) -> Vec<f32> {
    let mut interpreter = Interpreter::new(graph).unwrap();
    let run = |input: &Vec<f32>| {
        let bytes = interpreter.run(&quantize_input(graph, input).unwrap()).unwrap();
        dequantize_output(graph, &bytes).unwrap()
    };
    inputs.iter().flat_map(run).collect()
}

fn folded(graph: &Graph) -> Graph {
    passes::fuse_activation(&passes::fold_batch_norm(graph).unwrap()).unwrap()
}

/// Greatest error of the int8 outputs relative to the range of the float outputs.
pub(super) fn error(float: &Graph, int8: &Graph, inputs: &[Vec<f32>]) -> f32 {
    let (wanted, found) = (run(&folded(float), inputs), run(int8, inputs));
    let range = Range::of(&wanted).unwrap().unwrap();
    let greatest = wanted.iter().zip(&found).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    greatest / (range.max.max(0.0) - range.min.min(0.0))
}

fn scale(graph: &Graph, idx: TensorIdx) -> (f32, i32) {
    let quant = graph.tensor(idx).quant.as_ref().unwrap();
    assert_eq!(quant.scales.len(), 1);
    (quant.scales[0], quant.zero_points[0])
}

#[test]
fn the_graph_follows_the_specification() {
    let float = network(1);
    let graph = quantized(&float, &Config::default(), &inputs(1, &float, 20)).unwrap();
    let names: Vec<&str> = graph.nodes.iter().map(|node| node.op.name()).collect();
    let expected = [
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "CONV_2D",
        "ADD",
        "MAX_POOL_2D",
        "AVERAGE_POOL_2D",
        "RESHAPE",
        "FULLY_CONNECTED",
        "SOFTMAX",
    ];
    assert_eq!(names, expected, "folded and fused");
    for node in &graph.nodes {
        let (input, output) = (node.inputs[0].unwrap(), node.outputs[0]);
        match &node.op {
            Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::FullyConnected(_) => check_weights(&graph, node),
            Op::Softmax(_) => assert_eq!(scale(&graph, output), (1.0 / 256.0, -128)),
            Op::Add(_) => assert!(scale(&graph, output) != scale(&graph, input)),
            _ => assert_eq!(scale(&graph, output), scale(&graph, input), "{} keeps", node.op.name()),
        }
    }
    let relu = graph.nodes[0].outputs[0];
    assert_eq!(scale(&graph, relu).1, -128, "nothing below 0 after RELU");
    assert!(graph.tensors.iter().all(|tensor| tensor.dtype != DType::F32));
}

fn check_weights(graph: &Graph, node: &smidgen_ir::Node) {
    let [input, filter, bias] = [0, 1, 2].map(|at| graph.tensor(node.inputs[at].unwrap()));
    let (filter_quant, bias_quant) = (filter.quant.as_ref().unwrap(), bias.quant.as_ref().unwrap());
    let (axis, n_scales) = match node.op {
        Op::Conv2d(_) => (0, filter.shape[0]),
        Op::DepthwiseConv2d(_) => (3, filter.shape[3]),
        _ => (0, 1),
    };
    assert_eq!((filter_quant.axis, filter_quant.scales.len()), (axis, n_scales));
    assert!(
        filter_quant.zero_points.iter().chain(&bias_quant.zero_points).all(|&zero_point| zero_point == 0)
    );
    let steps = filter.i8s().unwrap();
    assert!(steps.iter().all(|&step| step > -128) && steps.iter().any(|step| step.abs() == 127));
    assert_eq!(bias.dtype, DType::I32);
    let input_scale = input.quant.as_ref().unwrap().scales[0];
    let expected: Vec<f32> = filter_quant.scales.iter().map(|scale| input_scale * scale).collect();
    assert_eq!(bias_quant.scales, expected);
}

#[test]
fn the_same_data_gives_the_same_graph_and_a_table() {
    let float = network(2);
    let data = inputs(2, &float, 5);
    let (mut first, mut second) = (Context::new(&data), Context::new(&data));
    let config = Config::default();
    assert_eq!(apply(&float, &config, &mut first).unwrap(), apply(&float, &config, &mut second).unwrap());
    assert_eq!(first.log, second.log);
    assert_eq!(first.log.len(), 2 + 1 + 9, "{}", first.log.join("\n"));
    assert!(first.log[0].contains("5 inputs for calibration, least and greatest values"), "{}", first.log[0]);
    assert!(first.log[2].contains("input input"), "{}", first.log[2]);
    assert!(first.log[11].contains("SOFTMAX") && first.log[11].contains("3.90625e-3"), "{}", first.log[11]);
}

#[test]
fn all_options_stay_near_the_float_graph() {
    let float = network(3);
    let data = inputs(3, &float, 30);
    let configs = [
        Config::default(),
        Config { per_channel_fully_connected: true, ..Config::default() },
        Config { per_channel: false, ..Config::default() },
        Config { calibration: Calibration::Percentile { percent: 99.9 }, ..Config::default() },
        Config { calibration: Calibration::MovingAverage { momentum: 0.9 }, ..Config::default() },
        Config { float_io: true, ..Config::default() },
    ];
    for config in configs {
        let graph = quantized(&float, &config, &data).unwrap();
        let error = error(&float, &graph, &data);
        // Averaged ranges cut off the greatest values on purpose.
        let bound = if let Calibration::MovingAverage { .. } = config.calibration { 0.25 } else { 0.05 };
        assert!(error < bound, "{config:?}: {error}");
    }
}

#[test]
fn float_borders_give_the_same_as_int8_ones() {
    let float = network(4);
    let data = inputs(4, &float, 10);
    let int8 = quantized(&float, &Config::default(), &data).unwrap();
    let bordered = quantized(&float, &Config { float_io: true, ..Config::default() }, &data).unwrap();
    let name = |graph: &Graph, idx: TensorIdx| (graph.tensor(idx).name.clone(), graph.tensor(idx).dtype);
    assert_eq!(name(&bordered, bordered.inputs[0]), (name(&float, float.inputs[0]).0, DType::F32));
    assert_eq!(name(&bordered, bordered.outputs[0]), (name(&float, float.outputs[0]).0, DType::F32));
    assert_eq!(bordered.nodes.len(), int8.nodes.len() + 2);
    assert_eq!(run(&bordered, &data), run(&int8, &data));
}

#[test]
fn standalone_activations_and_padding_are_quantised() {
    let mut net = builder(5);
    let x = net.input("input", &[1, 4, 4, 3]);
    let x = net.pad(x, &[[0, 0], [1, 1], [1, 0], [0, 0]]);
    let x = net.relu(x);
    let x = net.reshape(x, &[1, -1]);
    let x = net.relu6(x);
    let float = net.finish(&[x]).unwrap();
    let data: Vec<Vec<f32>> = inputs(5, &float, 20)
        .into_iter()
        .map(|input| input.iter().map(|value| value * 10.0).collect())
        .collect();
    let graph = quantized(&float, &Config::default(), &data).unwrap();
    let names: Vec<&str> = graph.nodes.iter().map(|node| node.op.name()).collect();
    assert_eq!(names, ["PAD", "RELU", "RESHAPE", "RELU6"]);
    let (input, output) = (graph.nodes[3].inputs[0].unwrap(), graph.nodes[3].outputs[0]);
    assert_eq!(scale(&graph, input), scale(&graph, output), "as TFLM computes RELU6");
    assert!(error(&float, &graph, &data) < 0.01);
}

#[test]
fn add_takes_constants_and_sums_that_cancel() {
    let mut net = builder(6);
    let x = net.input("input", &[1, 8]);
    let offset =
        net.constant(Tensor::const_f32("offset", vec![8], &[-0.5, 0.5, 0.1, 0.0, 1.0, 2.0, -2.0, 0.3]));
    let x = net.add(x, offset);
    let float = net.finish(&[x]).unwrap();
    let data = inputs(6, &float, 20);
    let graph = quantized(&float, &Config::default(), &data).unwrap();
    assert!(error(&float, &graph, &data) < 0.02);

    let mut net = builder(7);
    let x = net.input("input", &[1, 4, 4, 1]);
    let y = net.depthwise_conv_2d(x, Conv::new(1, [1, 1]).no_bias());
    let x = net.add(x, y);
    let mut float = net.finish(&[x]).unwrap();
    let filter = float.nodes[0].inputs[1].unwrap();
    *float.tensor_mut(filter) = Tensor::const_f32("minus", vec![1, 1, 1, 1], &[-1.0]);
    let graph = quantized(&float, &Config::default(), &inputs(7, &float, 5)).unwrap();
    assert!(run(&graph, &inputs(7, &float, 5)).iter().all(|value| value.abs() < 0.02));
}

#[test]
fn a_network_of_zeros_gives_its_biases() {
    let mut net = Builder::new("zeros", |parameter: &Parameter<'_>| {
        vec![if parameter.role == Role::Bias { 0.25 } else { 0.0 }; parameter.n_elements()]
    });
    let x = net.input("input", &[1, 3, 3, 1]);
    let x = net.conv_2d(x, Conv::new(2, [3, 3]).relu());
    let float = net.finish(&[x]).unwrap();
    let data = vec![vec![0.0; 9]];
    let graph = quantized(&float, &Config::default(), &data).unwrap();
    assert!(run(&graph, &data).iter().all(|value| (value - 0.25).abs() < 0.01));
}

#[test]
fn a_filter_that_two_layers_share_serves_both() {
    let mut net = builder(8);
    let x = net.input("input", &[1, 4]);
    let y = net.fully_connected(x, 4);
    let x = net.fully_connected(y, 4);
    let mut float = net.finish(&[x, y]).unwrap();
    float.nodes[1].inputs = vec![Some(y), float.nodes[0].inputs[1], float.nodes[0].inputs[2]];
    let data = inputs(8, &float, 20);
    let graph = quantized(&float, &Config::default(), &data).unwrap();
    assert_eq!(graph.outputs.len(), 2, "one of them is read by the other layer too");
    assert!(error(&float, &graph, &data) < 0.05);
    let bordered = quantized(&float, &Config { float_io: true, ..Config::default() }, &data).unwrap();
    assert_eq!(run(&bordered, &data), run(&graph, &data));
}

#[test]
fn percentiles_ignore_outliers() {
    let mut net = builder(9);
    let x = net.input("input", &[1, 10]);
    let x = net.relu(x);
    let float = net.finish(&[x]).unwrap();
    let mut data = inputs(9, &float, 1000);
    data[3][3] = 50.0;
    let input_scale = |calibration| {
        let graph = quantized(&float, &Config { calibration, ..Config::default() }, &data).unwrap();
        scale(&graph, graph.inputs[0]).0
    };
    let full = input_scale(Calibration::MinMax);
    assert!((full - 51.0 / 255.0).abs() < 0.001);
    let cut = input_scale(Calibration::Percentile { percent: 99.9 });
    assert!((cut - 2.0 / 255.0).abs() < 0.0005, "{cut}");
    let averaged = input_scale(Calibration::MovingAverage { momentum: 0.99 });
    assert!(averaged < 0.2 * full, "{averaged}");
}

#[test]
fn calibration_data_is_checked() {
    let float = network(10);
    let refused = |data: &[Vec<f32>], part: &str| {
        let text = quantized(&float, &Config::default(), data).unwrap_err().to_string();
        assert!(text.contains(part), "{text}");
    };
    refused(&[], "there is no calibration data");
    refused(&[vec![0.0; 144], vec![0.0; 3]], "calibration input 1 has 3 values, the model takes 144");
    let mut bad = vec![0.0; 144];
    bad[7] = f32::NAN;
    refused(&[bad.clone()], "calibration input 0 value 7 is NaN");
    bad[7] = f32::INFINITY;
    refused(&[bad], "calibration input 0 value 7 is inf");
}

#[test]
fn graphs_that_cannot_be_quantised_are_refused_by_name() {
    let config = Config::default();
    let float = network(11);
    let data = inputs(11, &float, 3);
    let int8 = quantized(&float, &config, &data).unwrap();
    let text = quantized(&int8, &config, &data).unwrap_err().to_string();
    assert!(text.contains("it is int8; expected a float32 graph"), "{text}");

    let mut broken = float.clone();
    let filter = broken.nodes[3].inputs[1].unwrap();
    let shape = broken.tensor(filter).shape.clone();
    let values = vec![f32::INFINITY; broken.tensor(filter).n_elements()];
    *broken.tensor_mut(filter) = Tensor::const_f32("weights", shape, &values);
    let text = quantized(&broken, &config, &data).unwrap_err().to_string();
    assert!(text.contains("DEPTHWISE_CONV_2D") && text.contains("check the weights"), "{text}");

    let mut net = builder(12);
    let x = net.input("input", &[1, 4, 4, 2]);
    let x = net.max_pool_2d(x, [2, 2], [2, 2]);
    let x = net.batch_normalization(x, 1e-3);
    let unfolded = net.finish(&[x]).unwrap();
    let text = quantized(&unfolded, &config, &inputs(12, &unfolded, 3)).unwrap_err().to_string();
    assert!(text.contains("BATCH_NORMALIZATION") && text.contains("it cannot be folded"), "{text}");
}

#[test]
fn options_out_of_range_are_refused() {
    let float = network(13);
    let data = inputs(13, &float, 2);
    for calibration in [
        Calibration::Percentile { percent: 50.0 },
        Calibration::Percentile { percent: 100.1 },
        Calibration::Percentile { percent: f64::NAN },
        Calibration::MovingAverage { momentum: 1.0 },
        Calibration::MovingAverage { momentum: -0.1 },
    ] {
        let error = quantized(&float, &Config { calibration, ..Config::default() }, &data).unwrap_err();
        assert!(matches!(error, CompressError::Options(_)), "{error}");
    }
}

#[test]
fn options_read_as_the_project_file_writes_them() {
    let read = serde_json::from_str::<Config>;
    assert_eq!(read("{}").unwrap(), Config::default());
    let config = read(r#"{"calibration": {"percentile": {"percent": 99.9}}, "float_io": true}"#).unwrap();
    assert_eq!(config.calibration, Calibration::Percentile { percent: 99.9 });
    assert_eq!(read(r#"{"calibration": "min_max"}"#).unwrap(), Config::default());
    assert!(read(r#"{"per_chanel": true}"#).is_err());
}

/// A network of random layers, without softmax, which would hide errors.
fn random_network(seed: u64, layers: &[u8]) -> Graph {
    let mut net = builder(seed);
    let mut x = net.input("input", &[1, 8, 6, 3]);
    for layer in layers {
        x = match layer {
            0 => net.conv_2d(x, Conv::new(6, [3, 3]).relu()),
            1 => net.conv_2d(x, Conv::new(4, [1, 1])),
            2 => net.depthwise_conv_2d(x, Conv::new(2, [3, 3]).relu()),
            3 => {
                let y = net.conv_2d(x, Conv::new(6, [3, 3]).no_bias());
                let y = net.batch_normalization(y, 1e-3);
                net.relu6(y)
            }
            4 => net.pad(x, &[[0, 0], [1, 0], [0, 1], [0, 0]]),
            _ => net.add(x, x),
        };
    }
    let x = net.average_pool_2d(x, [2, 2], [2, 2]);
    let x = net.reshape(x, &[1, -1]);
    let x = net.fully_connected(x, 4);
    net.finish(&[x]).unwrap()
}

#[test]
fn int8_outputs_stay_near_the_float_ones_on_random_networks() {
    for seed in 0..64 {
        let mut noise = Noise(seed ^ 0x1a7e5);
        let n_layers = 1 + (noise.next().abs() * 4.0) as usize;
        let layers: Vec<u8> = (0..n_layers).map(|_| (noise.next().abs() * 6.0) as u8).collect();
        let float = random_network(seed, &layers);
        let data = inputs(seed, &float, 12);
        let graph = quantized(&float, &Config::default(), &data).unwrap();
        let error = error(&float, &graph, &data);
        assert!(error < 0.08, "seed {seed} {layers:?}: {error}");
    }
}

#[test]
fn every_layer_stays_near_its_float_twin_on_random_networks() {
    for seed in 0..32 {
        let float = folded(&network(seed));
        let data = inputs(seed, &float, 6);
        let graph = quantized(&float, &Config::default(), &data).unwrap();
        let (mut float_run, mut int8_run) =
            (Interpreter::new(&float).unwrap(), Interpreter::new(&graph).unwrap());
        for input in &data {
            let mut wanted: Vec<Vec<f32>> = Vec::new();
            let bytes = quantize_input(&float, input).unwrap();
            float_run
                .run_layers(&bytes, &mut |_, results| wanted.push(floats(results[0]).collect()))
                .unwrap();
            let bytes = quantize_input(&graph, input).unwrap();
            let mut check = |node: NodeIdx, results: &[&[u8]]| {
                let bytes = results[0];
                let node_of = &graph.nodes[node.idx()];
                let quant = graph.tensor(node_of.outputs[0]).quant.as_ref().unwrap();
                let steps = error_in_steps(quant, bytes, &wanted[node.idx()]);
                assert!(steps < 20.0, "seed {seed}, {}: {steps} of 255 steps", node_of.op.name());
            };
            int8_run.run_layers(&bytes, &mut check).unwrap();
        }
    }
}

fn error_in_steps(quant: &Quant, bytes: &[u8], wanted: &[f32]) -> f32 {
    let real = |byte: &u8| quant.scales[0] * (i32::from(byte.cast_signed()) - quant.zero_points[0]) as f32;
    let errors = bytes.iter().zip(wanted).map(|(byte, wanted)| (real(byte) - wanted).abs() / quant.scales[0]);
    errors.fold(0.0, f32::max)
}

#[test]
fn corrected_biases_take_the_mean_error_away() {
    // One scale for rows of which one is large, and inputs far from 0: rounding shifts every result the same way.
    let mut net = builder(11);
    let x = net.input("input", &[1, 400]);
    let x = net.fully_connected(x, 8);
    let mut graph = net.finish(&[x]).unwrap();
    let filter = graph.nodes[0].inputs[1].unwrap();
    let values = graph.tensor(filter).f32s().unwrap();
    let large: Vec<f32> =
        values.iter().enumerate().map(|(at, v)| if at < 400 { v * 8.0 } else { *v }).collect();
    *graph.tensor_mut(filter) = Tensor::const_f32("filter", vec![8, 400], &large);
    let seen: Vec<Vec<f32>> =
        inputs(3, &graph, 32).iter().map(|x| x.iter().map(|v| 2.0 + 0.3 * v).collect()).collect();
    let shift = |bias_correction| {
        let config = Config { bias_correction, ..Config::default() };
        let int8 = quantized(&graph, &config, &seen).unwrap();
        let (wanted, found) = (run(&graph, &seen), run(&int8, &seen));
        // The largest mean error of a result but the large one.
        let mean = |output: usize| {
            let pairs = wanted.iter().zip(&found).skip(output).step_by(8);
            (pairs.map(|(a, b)| f64::from(b - a)).sum::<f64>() / 32.0).abs()
        };
        (1..8).map(mean).fold(0.0, f64::max)
    };
    assert!(shift(true) < 0.3 * shift(false), "{} {}", shift(true), shift(false));
}

#[test]
fn a_single_outlier_counts_for_the_squared_error_and_not_for_the_divergence() {
    let mut net = builder(5);
    let x = net.input("input", &[1, 64]);
    let x = net.fully_connected(x, 64);
    let graph = net.finish(&[x]).unwrap();
    let mut seen = inputs(1, &graph, 200);
    seen[7][3] = 60.0;
    let widest = |calibration| {
        let int8 = quantized(&graph, &Config { calibration, ..Config::default() }, &seen).unwrap();
        int8.tensor(int8.inputs[0]).quant.clone().unwrap().scales[0] * 255.0
    };
    assert!(widest(Calibration::MinMax) > 60.0);
    // One value of 12,800: to divergence it is nothing, to the squared error more than all others together.
    assert!((1.5..20.0).contains(&widest(Calibration::Entropy)), "{}", widest(Calibration::Entropy));
    assert!((50.0..62.0).contains(&widest(Calibration::Mse)), "{}", widest(Calibration::Mse));
}

#[test]
fn adaptive_rounding_brings_a_layer_nearer_to_its_float_form() {
    for seed in [1, 2, 3] {
        let mut net = builder(seed);
        let x = net.input("input", &[1, 8, 8, 6]);
        let x = net.depthwise_conv_2d(x, Conv::new(2, [3, 3]));
        let x = net.conv_2d(x, Conv::new(8, [3, 3]).stride([2, 2]));
        let graph = net.finish(&[x]).unwrap();
        // One scale for a filter is coarse enough for the rounding to count.
        let seen: Vec<Vec<f32>> =
            inputs(seed, &graph, 24).iter().map(|x| x.iter().map(|v| 0.5 + 0.5 * v).collect()).collect();
        let noise = |adaptive_rounding| {
            let config = Config { adaptive_rounding, per_channel: false, ..Config::default() };
            let int8 = quantized(&graph, &config, &seen).unwrap();
            let layers = crate::diagnosis::diagnose(&graph, &int8, &Context::new(&seen)).unwrap();
            layers.into_iter().map(|layer| layer.own_sqnr_db).collect::<Vec<_>>()
        };
        let (nearest, adaptive) = (noise(false), noise(true));
        assert!(adaptive[0] > nearest[0] + 0.5, "seed {seed}: {nearest:?} {adaptive:?}");
    }
}

/// The graph with weights that int8 can hold, so that only activations are rounded.
fn with_weights_on_steps(graph: &Graph, calibration: &[Vec<f32>]) -> Graph {
    let mut graph = folded(graph);
    let int8 = quantized(&graph, &Config::default(), calibration).unwrap();
    for (node, rounded) in graph.nodes.clone().iter().zip(&int8.nodes) {
        let filter = |node: &smidgen_ir::Node| node.inputs.get(1).copied().flatten();
        let (Some(at), Some(rounded)) = (filter(node), filter(rounded)) else { continue };
        let rounded = int8.tensor(rounded);
        let (Some(steps), Some(quant)) = (rounded.i8s(), &rounded.quant) else { continue };
        let inner: usize = rounded.shape[quant.axis + 1..].iter().product();
        let scale = |place: usize| quant.scales[place / inner % quant.scales.len()];
        let values: Vec<f32> =
            steps.iter().enumerate().map(|(place, &step)| f32::from(step) * scale(place)).collect();
        let tensor = graph.tensor(at);
        *graph.tensor_mut(at) = Tensor::const_f32(tensor.name.clone(), tensor.shape.clone(), &values);
    }
    graph
}

#[test]
fn activations_of_16_bits_are_nearly_exact() {
    for seed in 0..6 {
        let calibration = inputs(seed, &network(seed), 40);
        // What calibration has seen is not cut off.
        let test = &calibration;
        let graph = with_weights_on_steps(&network(seed), &calibration);
        let float = run(&graph, test);
        let error = |activation_bits| {
            let config = Config { activation_bits, ..Config::default() };
            let quantized = quantized(&graph, &config, &calibration).unwrap();
            let outputs = run(&quantized, test);
            assert_eq!(outputs.len(), float.len());
            outputs.iter().zip(&float).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
        };
        let (narrow, wide) = (error(8), error(16));
        assert!(wide < 0.05 * narrow, "seed {seed}: {wide} against {narrow}");
    }
}

#[test]
fn inputs_outputs_and_biases_of_16_bit_networks_have_their_types() {
    let graph = network(1);
    let calibration = inputs(1, &graph, 4);
    let config = Config { activation_bits: 16, ..Config::default() };
    let wide = quantized(&graph, &config, &calibration).unwrap();
    assert_eq!(wide.tensor(wide.inputs[0]).dtype, DType::I16);
    let output = wide.tensor(wide.outputs[0]);
    assert_eq!((output.dtype, output.quant.clone()), (DType::I16, Some(Quant::per_tensor(1.0 / 32768.0, 0))));
    let bias = wide.tensor(wide.nodes[0].inputs[2].unwrap());
    assert_eq!(bias.dtype, DType::I64);
    let message = |config: Config| quantized(&graph, &config, &calibration).unwrap_err().to_string();
    assert!(message(Config { activation_bits: 12, ..Config::default() }).contains("activation_bits 12"));
    assert!(
        message(Config { activation_bits: 16, weight_bits: 4, ..Config::default() }).contains("weights of 8")
    );
}
