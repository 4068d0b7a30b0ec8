//! Operands that are put side by side have the range of the whole from the beginning.
//!
//! CONCATENATION moves values as they are, so that its operands have the scale of its result. A layer that gives one of them to
//! nobody else rounds once, straight to that scale: a QUANTIZE behind it would round a second time, and keep what it rescales in memory.

use smidgen_ir::{Graph, Node, Op, OutputQuant, Range, TensorIdx};

/// Ranges of activations, by tensor, with those of results in the places of operands that only a CONCATENATION reads.
pub(super) fn joined(graph: &Graph, ranges: &[Option<Range>]) -> Vec<Option<Range>> {
    let mut ranges = ranges.to_vec();
    // From the last to the first: a whole may be a part of another one.
    for node in graph.nodes.iter().rev() {
        let (Op::Concatenation(_), &[whole]) = (&node.op, node.outputs.as_slice()) else { continue };
        let range = ranges.get(whole.idx()).copied().flatten();
        for &part in node.inputs.iter().flatten().filter(|&&part| is_own(graph, node, part)) {
            if let (Some(place), Some(range)) = (ranges.get_mut(part.idx()), range) {
                *place = Some(range);
            }
        }
    }
    ranges
}

/// Whether a node is the only reader of a tensor whose producer can give it any scale.
fn is_own(graph: &Graph, node: &Node, tensor: TensorIdx) -> bool {
    let n_reads = graph.consumers(tensor).len();
    let n_places = node.inputs.iter().filter(|input| **input == Some(tensor)).count();
    let producer = graph.producer(tensor).and_then(|producer| graph.nodes.get(producer.idx()));
    let is_free = producer.is_some_and(|producer| match producer.op {
        Op::Concatenation(_) => true,
        ref op => op.output_quant() == OutputQuant::Calibrated,
    });
    (n_reads, n_places) == (1, 1) && is_free && !graph.outputs.contains(&tensor)
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::super::tests::{inputs, quantized};
    use smidgen_ir::Op;
    use smidgen_ir::build::{Builder, Conv};
    use smidgen_ir::ops::concatenation::Concatenation;

    #[test]
    fn layers_round_once_to_the_scale_of_what_they_are_a_part_of() {
        let mut at = 0.0f32;
        let mut net = Builder::new("net", move |parameter| {
            let scale = if parameter.name.contains('2') { 0.1 } else { 1.0 };
            let mut next = || {
                at += 0.7;
                at.sin() * scale
            };
            (0..parameter.n_elements()).map(|_| next()).collect()
        });
        let x = net.input("x", &[1, 4, 4, 2]);
        let join = |net: &mut Builder<'_>, parts: [_; 2]| {
            net.node(Op::Concatenation(Concatenation { axis: 3 }), &parts.map(Some), None)
        };
        let (a, b) = (net.conv_2d(x, Conv::new(3, [3, 3])), net.conv_2d(x, Conv::new(3, [1, 1])));
        let c = net.conv_2d(x, Conv::new(2, [1, 1]));
        let inner = join(&mut net, [a, b]);
        let outer = join(&mut net, [inner, c]);
        // b is read here too, so that it keeps its own scale and is rescaled.
        let y = net.conv_2d(b, Conv::new(8, [1, 1]));
        let y = net.add(outer, y);
        let graph = net.finish(&[y]).unwrap();
        let int8 = quantized(&graph, &Config::default(), &inputs(1, &graph, 8)).unwrap();
        let n = |name: &str| int8.nodes.iter().filter(|node| node.op.name() == name).count();
        assert_eq!((n("CONCATENATION"), n("QUANTIZE")), (2, 1));
    }
}
