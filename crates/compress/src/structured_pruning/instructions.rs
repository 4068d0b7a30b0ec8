//! An estimate of the instructions that the int8 form of a graph executes on a Cortex-M, from shapes alone.
//!
//! The coefficients were fitted to what the emulator counted, layer by layer, for the keyword model, ResNet-8, person detection and
//! the autoencoder of MLPerf Tiny on an emulated Cortex-M4 (`bench/models/run.sh`). Their totals are met within 5 %; layers of a few
//! thousand instructions less well. Pruning asks for a share, so that what is the same before and after hardly matters.

use smidgen_ir::{Graph, Node, NodeIdx, Op, ops};

/// The sum over all operators.
pub(super) fn instructions(graph: &Graph) -> f64 {
    let of = |(at, node): (u32, &Node)| of_node(graph, node, ops::macs(graph, NodeIdx(at)) as f64);
    (0..).zip(&graph.nodes).map(of).sum()
}

fn of_node(graph: &Graph, node: &Node, macs: f64) -> f64 {
    let Some(output) = node.outputs.first().map(|&output| graph.tensor(output)) else { return 0.0 };
    let n = output.n_elements() as f64;
    let pixels = n / output.shape.last().copied().unwrap_or(1).max(1) as f64;
    let input =
        node.inputs.first().copied().flatten().map_or(0.0, |input| graph.tensor(input).n_elements() as f64);
    match &node.op {
        // Products; results; pixels; inputs that are gathered for each.
        Op::Conv2d(_) => 3.23 * macs + 51.6 * n + 706.0 * pixels + 3.96 * macs * pixels / n.max(1.0),
        Op::DepthwiseConv2d(_) => 8.8 * macs + 8.0 * n + 650.0 * pixels,
        Op::FullyConnected(_) => 3.3 * macs + 46.0 * n,
        Op::AveragePool2d(pool) => n * (25.0 + 10.0 * pool.window.iter().product::<usize>() as f64),
        Op::MaxPool2d(pool) => n * (25.0 + 10.0 * pool.window.iter().product::<usize>() as f64),
        Op::Mean(_) => 10.0 * input,
        Op::Add(_) | Op::Sub(_) | Op::Mul(_) => 99.0 * n,
        Op::Softmax(_) => 250.0 * n,
        Op::Reshape(_) | Op::Squeeze(_) | Op::ExpandDims(_) => 0.0,
        _ => 8.0 * n + macs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smidgen_testkit::shared_or_skip;

    #[test]
    fn totals_are_near_what_the_emulator_counted() {
        let Some(shared) = shared_or_skip("estimates of instructions") else { return };
        for (model, counted) in [
            ("mlperf_tiny/kws_ref_model_int8", 13_571_063.0),
            ("mlperf_tiny/pretrainedResnet_int8", 52_575_332.0),
            ("mlperf_tiny/ad01_int8", 940_482.0),
            ("tflm/person_detect_int8", 42_603_047.0),
        ] {
            let bytes = std::fs::read(shared.join(format!("models/{model}.tflite"))).unwrap();
            let estimated = instructions(&smidgen_tflite::read(&bytes).unwrap());
            let error: f64 = estimated / counted - 1.0;
            assert!(error.abs() < 0.05, "{model}: {estimated}, counted {counted}");
        }
    }
}
