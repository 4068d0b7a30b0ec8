use super::*;
use crate::quantize::{dequantize_output, quantize_input};
use smidgen_ir::Interpreter;
use smidgen_ir::build::{Builder, Conv};
use smidgen_train::{Config as Training, Examples, Trainer, init};
use std::ops::ControlFlow;

/// A network with every way in which results get their steps, on 6×6 images of two channels; nine values have no ties in their mean, which the
/// kernel breaks away from the zero point and training away from 0.
fn network(seed: u64, with_softmax: bool) -> Graph {
    let mut net = Builder::new("net", |parameter| vec![0.0; parameter.n_elements()]);
    let x = net.input("x", &[1, 6, 6, 2]);
    let x = net.conv_2d(x, Conv::new(8, [3, 3]).relu());
    let y = net.depthwise_conv_2d(x, Conv::new(1, [3, 3]));
    let y = net.conv_2d(y, Conv::new(8, [1, 1]));
    let x = net.add(x, y);
    let x = net.max_pool_2d(x, [2, 2], [2, 2]);
    let x = net.average_pool_2d(x, [3, 3], [3, 3]);
    let x = net.reshape(x, &[1, -1]);
    let x = net.fully_connected(x, 3);
    let x = if with_softmax { net.softmax(x) } else { x };
    let mut graph = net.finish(&[x]).unwrap();
    init(&mut graph, seed).unwrap();
    graph
}

/// Images whose class is the quadrant that is bright.
fn examples(n: usize) -> Examples {
    let mut examples = Examples { shape: vec![6, 6, 2], ..Examples::default() };
    let mut state = 7u64;
    let mut noise = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 40) as f32 / (1u64 << 24) as f32
    };
    for at in 0..n {
        let class = at % 3;
        for place in 0..72 {
            let (row, column) = (place / 12, place / 2 % 6);
            let bright = [row < 3, row >= 3 && column < 3, row >= 3 && column >= 3][class];
            examples.x.push(noise() + if bright { 0.4 } else { 0.0 });
        }
        examples.y.push(class as u32);
    }
    examples
}

fn inputs(examples: &Examples) -> Vec<Vec<f32>> {
    examples.x.chunks(72).map(<[f32]>::to_vec).collect()
}

fn config(bits: u32) -> Config {
    let quantization = ptq::Config { weight_bits: bits, ..ptq::Config::default() };
    Config { quantization, ..Config::default() }
}

fn trained(prepared: &Prepared, set: &Examples, epochs: u64) -> Trainer {
    let fake_quantization = Some(prepared.fake.clone());
    let training = Training {
        epochs: epochs.max(1),
        loss: if epochs == 0 {
            smidgen_train::Loss::MeanSquaredError
        } else {
            smidgen_train::Loss::CrossEntropy
        },
        learning_rate: 3e-3,
        fake_quantization,
        ..Training::default()
    };
    let mut trainer = Trainer::new(prepared.graph.clone(), training).unwrap();
    for _ in 0..epochs {
        trainer.epoch(set, &mut |_| ControlFlow::Continue(())).unwrap();
    }
    trainer
}

fn int8(prepared: &Prepared, trainer: &Trainer) -> Graph {
    let (ranges, scales) = (trainer.ranges(), trainer.scales());
    prepared.quantized(&trainer.graph(), &ranges, &scales, &mut Vec::new()).unwrap()
}

#[test]
fn training_computes_what_the_int8_graph_will() {
    let set = examples(96);
    for bits in [8, 4, 2] {
        let graph = network(3, false);
        let calibration = inputs(&set);
        let prepared = Prepared::new(&graph, &config(bits), &Context::new(&calibration)).unwrap();
        let trainer = trained(&prepared, &set, 2);
        let quantized = int8(&prepared, &trainer);
        let expected = trainer.predict(&set).unwrap();
        let output = quantized.tensor(quantized.outputs[0]);
        let scale = output.quant.as_ref().unwrap().scales[0];
        let mut interpreter = Interpreter::new(&quantized).unwrap();
        let mut n_same = 0;
        for (input, expected) in calibration.iter().zip(expected.chunks(3)) {
            let bytes = interpreter.run(&quantize_input(&quantized, input).unwrap()).unwrap();
            for (found, expected) in dequantize_output(&quantized, &bytes).unwrap().iter().zip(expected) {
                let steps = ((found - expected) / scale).abs().round();
                assert!(steps <= 1.0, "{bits} bits: {found} {expected}, step {scale}");
                n_same += usize::from(steps == 0.0);
            }
        }
        // On this machine all are; another order of float additions may turn one that lies between two steps.
        assert!(n_same > 285, "{bits} bits: {n_same} of 288 the same");
    }
}

#[test]
fn few_bits_are_learnt_where_rounding_alone_fails() {
    let set = examples(240);
    let accuracy = |graph: &Graph| {
        let mut interpreter = Interpreter::new(graph).unwrap();
        let inputs = inputs(&set);
        let right = inputs.iter().zip(&set.y).filter(|(input, label)| {
            let bytes = interpreter.run(&quantize_input(graph, input).unwrap()).unwrap();
            let scores = dequantize_output(graph, &bytes).unwrap();
            let best = (0..3).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap();
            best == **label as usize
        });
        right.count() as f64 / 240.0
    };
    let mut float =
        Trainer::new(network(5, true), Training { epochs: 30, learning_rate: 1e-2, ..Training::default() })
            .unwrap();
    for _ in 0..30 {
        float.epoch(&set, &mut |_| ControlFlow::Continue(())).unwrap();
    }
    let float_accuracy = float.evaluate(&set).unwrap().accuracy;
    assert!(float_accuracy > 0.97, "{float_accuracy}");
    let graph = float.graph();
    let calibration = inputs(&set);
    let mut context = Context::new(&calibration);
    let rounded = ptq::apply(&graph, &config(2).quantization, &mut context).unwrap();
    let prepared = Prepared::new(&graph, &config(2), &context).unwrap();
    let learnt = int8(&prepared, &trained(&prepared, &set, 30));
    let (before, after) = (accuracy(&rounded), accuracy(&learnt));
    assert!(after > 0.93 && after > before + 0.1, "2 bits: {before} by rounding, {after} by training");
}

#[test]
fn says_what_does_not_go_together() {
    let set = examples(6);
    let calibration = inputs(&set);
    let context = Context::new(&calibration);
    let message = |config: &Config| {
        Prepared::new(&network(1, true), config, &context).map(|_| ()).unwrap_err().to_string()
    };
    assert!(message(&Config { momentum: 1.5, ..Config::default() }).contains("momentum 1.5"));
    assert!(message(&config(5)).contains("weight_bits 5"));
    let mut rounding = config(8);
    rounding.quantization.adaptive_rounding = true;
    assert!(message(&rounding).contains("leave adaptive_rounding"));
}
