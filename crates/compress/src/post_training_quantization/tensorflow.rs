//! Filters and biases against those that TensorFlow's converter made from the same float models.

use super::weights::{self, Layout};
use smidgen_ir::{DType, Graph, Node, Op, Tensor};

#[test]
fn filters_and_biases_equal_the_converters() {
    let Some(shared) = smidgen_testkit::shared_or_skip("filters_and_biases_equal_the_converters") else {
        return;
    };
    let read = |name: &str| {
        let bytes = std::fs::read(shared.join(format!("models/mlperf_tiny/{name}.tflite"))).unwrap();
        smidgen_tflite::read(&bytes).unwrap()
    };
    let pairs = [("pretrainedResnet_float", "pretrainedResnet_int8", 10), ("ad01_fp32", "ad01_int8", 10)];
    for (float, int8, n_layers) in pairs {
        let (float, int8) = (read(float), read(int8));
        let (ours, theirs) = (layers(&float), layers(&int8));
        assert_eq!((ours.len(), theirs.len()), (n_layers, n_layers));
        for (ours, theirs) in ours.iter().zip(theirs) {
            check(&float, ours, &int8, theirs);
        }
    }
}

fn layers(graph: &Graph) -> Vec<&Node> {
    let has_weights = |op: &Op| matches!(op, Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::FullyConnected(_));
    graph.nodes.iter().filter(|node| has_weights(&node.op)).collect()
}

fn check(float: &Graph, ours: &Node, int8: &Graph, theirs: &Node) {
    let [input, filter, bias] = operands(int8, theirs);
    assert_eq!(input.dtype, DType::I8);
    let input_scale = input.quant.as_ref().unwrap().scales[0];
    let layout = match ours.op {
        Op::Conv2d(_) => Layout { axis: 0, per_channel: true, bits: 8, is_wide: false },
        Op::DepthwiseConv2d(_) => Layout { axis: 3, per_channel: true, bits: 8, is_wide: false },
        _ => Layout { axis: 0, per_channel: false, bits: 8, is_wide: false },
    };
    let [_, float_filter, float_bias] = operands(float, ours);
    let made = weights::quantize(
        float_filter,
        Some(float_bias),
        layout,
        weights::Input { scale: input_scale, means: None, gram: None, scales: None },
    )
    .unwrap();
    let made_bias = made.bias.unwrap();
    assert_eq!(made.filter.quant, filter.quant, "{}", filter.name);
    assert_eq!(made.filter.data, filter.data, "{}", filter.name);
    assert_eq!(made_bias.quant.unwrap().scales, bias.quant.as_ref().unwrap().scales, "{}", bias.name);
    assert_eq!(made_bias.data, bias.data, "{}", bias.name);
}

fn operands<'g>(graph: &'g Graph, node: &Node) -> [&'g Tensor; 3] {
    [0, 1, 2].map(|at| graph.tensor(node.inputs[at].unwrap()))
}
