use super::*;
use crate::post_training_quantization::tests::{Noise, error, inputs, quantized, run};
use crate::post_training_quantization::{Config, apply};
use smidgen_ir::build::Builder;
use smidgen_ir::ops::gru::Gru;
use smidgen_ir::ops::unidirectional_sequence_lstm::UnidirectionalSequenceLstm;

const STEPS: usize = 20;
const IN_C: usize = 3;
const UNITS: usize = 6;

/// One recurrent layer and a fully connected one.
fn network(layer: impl Fn(&mut Builder<'_>, TensorIdx, &mut Noise) -> TensorIdx) -> Graph {
    let mut noise = Noise(7);
    let mut weights = Noise(8);
    let mut net = Builder::new("sequence", |parameter| weights.values(parameter.n_elements(), 0.5));
    let x = net.input("input", &[1, STEPS, IN_C]);
    let x = layer(&mut net, x, &mut noise);
    let x = net.reshape(x, &[1, -1]);
    let x = net.fully_connected(x, 4);
    net.finish(&[x]).unwrap()
}

fn parameter(net: &mut Builder<'_>, noise: &mut Noise, shape: &[usize]) -> Option<TensorIdx> {
    let values = noise.values(shape.iter().product(), 1.5);
    Some(net.constant(Tensor::const_f32("parameter", shape.to_vec(), &values)))
}

fn lstm(net: &mut Builder<'_>, x: TensorIdx, noise: &mut Noise) -> TensorIdx {
    let mut inputs = vec![Some(x)];
    for shape in [&[UNITS, IN_C][..], &[UNITS, UNITS], &[UNITS]] {
        (0..N_GATES).for_each(|_| inputs.push(parameter(net, noise, shape)));
    }
    for state in ["hidden", "cell"] {
        let tensor = Tensor::activation(state, DType::F32, vec![1, UNITS]);
        inputs.push(Some(net.constant(Tensor { is_variable: true, ..tensor })));
    }
    let op = UnidirectionalSequenceLstm { time_major: false, cell_clip: 0.0, reset: true };
    net.node(Op::UnidirectionalSequenceLstm(op), &inputs, None)
}

fn gru(net: &mut Builder<'_>, x: TensorIdx, noise: &mut Noise) -> TensorIdx {
    let shapes = [&[3 * UNITS, IN_C][..], &[3 * UNITS, UNITS], &[6 * UNITS]];
    let parameters = shapes.map(|shape| parameter(net, noise, shape));
    let inputs: Vec<_> = [Some(x)].into_iter().chain(parameters).collect();
    let op = Gru { time_major: false, reverse: false, reset_after: true };
    net.node(Op::Gru(op), &inputs, None)
}

#[test]
fn recurrent_layers_stay_near_their_float_twins() {
    for (graph, limit) in [(network(lstm), 0.03), (network(gru), 0.02)] {
        let inputs = inputs(3, &graph, 40);
        let int8 = quantized(&graph, &Config::default(), &inputs).unwrap();
        let error = error(&graph, &int8, &inputs);
        assert!(error < limit, "{error}");
        let first = run(&int8, &inputs[..1]);
        assert!(run(&int8, &inputs[1..2]) != first, "outputs follow the inputs");
    }
}

#[test]
fn an_lstm_is_int8_with_a_cell_of_16_bits() {
    let graph = network(lstm);
    let int8 = quantized(&graph, &Config::default(), &inputs(3, &graph, 10)).unwrap();
    let layer = int8.nodes.iter().find(|node| is_lstm(&node.op)).unwrap();
    let tensor = |at: usize| int8.tensor(layer.inputs[at].unwrap());
    assert_eq!((tensor(HIDDEN).dtype, tensor(CELL).dtype), (DType::I8, DType::I16));
    assert_eq!(tensor(HIDDEN).quant, int8.tensor(layer.outputs[0]).quant);
    let scales = |at: usize| tensor(at).quant.as_ref().unwrap().scales.clone();
    assert_eq!(scales(BIASES)[0], scales(0)[0] * scales(INPUT_WEIGHTS)[0]);
    // With weights up to 1.5 the cell goes beyond 1 and stays within the number of steps.
    let log = scales(CELL)[0].log2();
    assert!(log == log.round() && (-14.0..=-10.0).contains(&log), "{log}");
}

#[test]
fn a_gru_stays_float_between_borders() {
    let graph = network(gru);
    let mut context = crate::Context::new(&[]);
    let calibration = inputs(3, &graph, 10);
    context.calibration = &calibration;
    let int8 = apply(&graph, &Config::default(), &mut context).unwrap();
    let ops: Vec<_> = int8.nodes.iter().map(|node| node.op.name()).collect();
    assert_eq!(ops[..4], ["DEQUANTIZE", "GRU", "RESHAPE", "QUANTIZE"], "what hands on follows");
    assert!(context.log.iter().any(|line| line.contains("GRU") && line.contains("stays float32")));
}

#[test]
fn a_cell_has_the_finest_scale_that_holds_it() {
    let of = |min, max| cell_scale(Range { min, max });
    assert_eq!(of(-1.0, 0.5), 2f32.powi(-15));
    assert_eq!(of(-3.0, 7.9), 2f32.powi(-12));
    assert_eq!(of(0.0, 0.0), 2f32.powi(-15));
    assert_eq!(of(0.0, 1e9), 1.0);
}

#[test]
fn training_with_the_arithmetic_of_recurrent_layers_is_refused() {
    use crate::quantization_aware_training::{Config, Prepared};
    for (graph, operator) in
        [(network(lstm), "node 0 UNIDIRECTIONAL_SEQUENCE_LSTM"), (network(gru), "node 0 GRU")]
    {
        let data = inputs(3, &graph, 2);
        let error =
            Prepared::new(&graph, &Config::default(), &crate::Context::new(&data)).unwrap_err().to_string();
        assert!(error.contains(operator) && error.contains("leave that stage out"), "{error}");
    }
}
