//! A teacher of integers, run by the interpreter.

use std::sync::{Mutex, PoisonError};

use smidgen_ir::{DType, Graph, Interpreter, Op, Tensor, passes};
use smidgen_kernels::ops::{dequantize::dequantize_value, quantize::quantize_value};

use crate::error::TrainError;

/// A graph of one input and one output, each int8 with one scale or float32.
#[derive(Debug)]
pub(super) struct Quantized {
    graph: Graph,
    input: Tensor,
    logits: Tensor,
    /// Interpreters that nobody uses at the moment.
    idle: Mutex<Vec<Interpreter>>,
}

/// Whether a graph computes with anything but floats.
pub(super) fn is_quantized(graph: &Graph) -> bool {
    let ends = graph.nodes.iter().flat_map(|node| node.inputs.iter().flatten().chain(&node.outputs));
    graph
        .inputs
        .iter()
        .chain(ends)
        .any(|&tensor| matches!(graph.tensor(tensor).dtype, DType::I8 | DType::I16))
}

impl Quantized {
    /// What feeds the SOFTMAX that the graph ends in becomes its output, also where a DEQUANTIZE follows it.
    pub(super) fn new(graph: &Graph) -> Result<Self, TrainError> {
        let refuse = |what: String| TrainError::graph("the teacher", what);
        let mut graph = graph.clone();
        let (&[input], &[output]) = (graph.inputs.as_slice(), graph.outputs.as_slice()) else {
            return Err(refuse("has several inputs or outputs; a teacher has one of each".into()));
        };
        let before = |tensor, is_op: fn(&Op) -> bool| {
            let node = graph.producer(tensor).map(|at| &graph.nodes[at.idx()]);
            node.filter(|node| is_op(&node.op)).and_then(|node| *node.inputs.first()?)
        };
        let head = before(output, |op| matches!(op, Op::Dequantize(_))).unwrap_or(output);
        let logits = before(head, |op| matches!(op, Op::Softmax(_))).unwrap_or(output);
        graph.outputs = vec![logits];
        graph.meta.signatures.clear();
        let graph = passes::dead_code(&graph).map_err(|error| refuse(error.to_string()))?;
        let ends = [graph.inputs.first(), graph.outputs.first()]
            .map(|end| end.map(|&end| graph.tensor(end).clone()));
        let [Some(input), Some(logits)] = ends else {
            return Err(refuse(format!("does not use its input {}", input.0)));
        };
        for end in [&input, &logits] {
            let one_scale = end.quant.as_ref().is_some_and(|quant| quant.scales.len() == 1);
            if end.dtype != DType::F32 && !(end.dtype == DType::I8 && one_scale) {
                return Err(refuse(format!(
                    "\"{}\" is {}; a teacher takes and makes int8 with one scale, or float32",
                    end.name,
                    end.dtype.name()
                )));
            }
        }
        let interpreter = Interpreter::new(&graph).map_err(|error| refuse(error.to_string()))?;
        Ok(Quantized { graph, input, logits, idle: Mutex::new(vec![interpreter]) })
    }

    pub(super) fn n_inputs(&self) -> usize {
        self.input.n_elements()
    }

    pub(super) fn n_outputs(&self) -> usize {
        self.logits.n_elements()
    }

    /// Adds its share of the logits for an example.
    pub(super) fn add(&self, input: &[f32], share: f32, logits: &mut [f32]) -> Result<(), String> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = idle().pop();
        let mut interpreter = match taken {
            Some(interpreter) => interpreter,
            None => Interpreter::new(&self.graph).map_err(|error| error.to_string())?,
        };
        interpreter.reset();
        let made = interpreter.run(&bytes(&self.input, input)).map_err(|error| error.to_string())?;
        idle().push(interpreter);
        logits.iter_mut().zip(values(&self.logits, &made)).for_each(|(logit, made)| *logit += share * made);
        Ok(())
    }
}

/// Scale and zero point.
fn affine(tensor: &Tensor) -> (f32, i32) {
    let quant = tensor.quant.as_ref();
    let scale = quant.and_then(|quant| quant.scales.first()).copied().unwrap_or(1.0);
    (scale, quant.and_then(|quant| quant.zero_points.first()).copied().unwrap_or(0))
}

fn bytes(tensor: &Tensor, values: &[f32]) -> Vec<u8> {
    let (scale, zero_point) = affine(tensor);
    match tensor.dtype {
        DType::I8 => values.iter().map(|&v| quantize_value(v, scale, zero_point).cast_unsigned()).collect(),
        _ => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
    }
}

fn values(tensor: &Tensor, bytes: &[u8]) -> Vec<f32> {
    let (scale, zero_point) = affine(tensor);
    match tensor.dtype {
        DType::I8 => bytes.iter().map(|&v| dequantize_value(v.cast_signed(), scale, zero_point)).collect(),
        _ => bytes.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Teacher;
    use smidgen_ir::Quant;
    use smidgen_ir::build::{Builder, Parameter};
    use smidgen_ir::ops::fully_connected::FullyConnected;
    use smidgen_ir::ops::softmax::Softmax;

    /// `y = W x` with `W = [[1, -0.5], [0.25, 2]]` in int8, and a SOFTMAX.
    fn network() -> Graph {
        let mut net = Builder::new("net", |_: &Parameter<'_>| Vec::new());
        let x = net.input_int8("x", &[1, 2], Quant::per_tensor(0.01, 0));
        let weights = Tensor::const_i8("w", vec![2, 2], &[32, -16, 8, 64], Quant::per_tensor(1.0 / 32.0, 0));
        let weights = net.constant(weights);
        let op = Op::FullyConnected(FullyConnected::default());
        let y = net.node(op, &[Some(x), Some(weights), None], Some(Quant::per_tensor(0.05, 0)));
        let y = net.node(
            Op::Softmax(Softmax { beta: 1.0, wide: false }),
            &[Some(y)],
            Some(Quant::per_tensor(1.0 / 256.0, -128)),
        );
        net.finish(&[y]).unwrap()
    }

    /// [`network`] with a DEQUANTIZE at its end, as converters leave it.
    fn with_float_end() -> Graph {
        let graph = network();
        let classes = graph.outputs[0];
        let mut net = Builder::on(graph, |_: &Parameter<'_>| Vec::new());
        let y = net.dequantize(classes);
        net.finish(&[y]).unwrap()
    }

    #[test]
    fn tells_what_feeds_its_softmax_as_real_values() {
        let teacher = Teacher::new(&[network()]).unwrap();
        assert_eq!((teacher.n_inputs(), teacher.n_outputs()), (2, 2));
        let mut told = [0.0; 2];
        for (input, expected) in [([1.0, 0.5], [0.75, 1.25]), ([-0.8, 0.2], [-0.9, 0.2])] {
            teacher.tell(&input, &mut told).unwrap();
            assert!(told.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 0.026), "{told:?}");
        }
        let mut same = [0.0; 2];
        Teacher::new(&[with_float_end()]).unwrap().tell(&[-0.8, 0.2], &mut same).unwrap();
        assert_eq!(same, told);
        // Together with another it tells the mean.
        let both = Teacher::new(&[network(), network()]).unwrap();
        let mut mean = [0.0; 2];
        both.tell(&[-0.8, 0.2], &mut mean).unwrap();
        assert!(mean.iter().zip(told).all(|(a, b)| (a - b).abs() < 1e-6));
        let error = Teacher::with_features(&[network()], &[]).unwrap_err().to_string();
        assert!(error.contains("is of integers"), "{error}");
    }
}
