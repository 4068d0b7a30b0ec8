//! Float16 constants: widened to float32 when they are read, and the DEQUANTIZE that the converter put behind each is
//! folded away. Every float16 is a float32, so nothing changes but the size. Written, if asked for, as converters do.

use std::collections::BTreeMap;
use std::sync::Arc;

use half::f16;
use smidgen_ir::ops::dequantize::Dequantize;
use smidgen_ir::{DType, Graph, Node, Op, Problem, Tensor, TensorIdx};

use crate::findings::{Budget, Fault, Findings};
use crate::rewrite::drop_unused_tensors;

/// Folds every DEQUANTIZE of a float16 constant.
pub(crate) fn widen(graph: &mut Graph, budget: &mut Budget, findings: &mut Findings) -> Result<(), Fault> {
    // The constant that stands for each folded result.
    let mut folded: BTreeMap<TensorIdx, TensorIdx> = BTreeMap::new();
    for node in &graph.nodes {
        let (Op::Dequantize(_), [Some(from)], [to]) =
            (&node.op, node.inputs.as_slice(), node.outputs.as_slice())
        else {
            continue;
        };
        let half = graph.get(*from).is_some_and(|tensor| tensor.dtype == DType::F16 && tensor.is_const());
        if half && !graph.outputs.contains(to) {
            folded.insert(*to, *from);
        }
    }
    if folded.is_empty() {
        return Ok(());
    }
    graph.nodes.retain(|node| !node.outputs.iter().any(|output| folded.contains_key(output)));
    let mut bytes = 0usize;
    for (to, from) in &folded {
        let Some(data) = graph.get(*from).and_then(|tensor| tensor.data.clone()) else { continue };
        // Once while they are collected, once where they stay.
        budget.charge(data.len().saturating_mul(4))?;
        bytes = bytes.saturating_add(data.len());
        let (halves, _) = data.as_chunks::<2>();
        let wide: Arc<[u8]> =
            halves.iter().flat_map(|half| float32(u16::from_le_bytes(*half)).to_le_bytes()).collect();
        let name = graph.get(*from).map(|tensor| tensor.name.clone()).unwrap_or_default();
        if let Some(tensor) = graph.tensors.get_mut(to.idx()) {
            (tensor.data, tensor.quant, tensor.name) = (Some(wide), None, name);
        }
    }
    drop_unused_tensors(graph);
    findings.warn(format!(
        "{} float16 constants of {bytes} bytes are read as float32 and take twice as many",
        folded.len()
    ));
    Ok(())
}

/// The graph with float16 in the place of float32 constants, each with a DEQUANTIZE behind it.
///
/// # Errors
/// The constants beyond what float16 holds.
pub(crate) fn narrow(graph: &Graph) -> Result<Graph, Vec<Problem>> {
    let (mut narrow, mut nodes, mut problems) = (graph.clone(), Vec::new(), Vec::new());
    for (at, tensor) in (0u32..).zip(&graph.tensors) {
        let idx = TensorIdx(at);
        let Some(values) = tensor.f32s().filter(|_| tensor.is_const() && !graph.outputs.contains(&idx))
        else {
            continue;
        };
        let halves: Vec<f16> = values.iter().map(|&value| f16::from_f32(value)).collect();
        let too_large =
            |(value, half): (&f32, &f16)| (value.is_finite() && !half.is_finite()).then_some(*value);
        if let Some(value) = values.iter().zip(&halves).find_map(too_large) {
            let place = format!("tensor {at} \"{}\"", tensor.name);
            problems
                .push(Problem { place, message: format!("it holds {value}; float16 holds at most 65504") });
        }
        let data = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
        let half = Tensor::activation(tensor.name.clone(), DType::F16, tensor.shape.clone());
        let half = narrow.add_tensor(Tensor { data: Some(data), ..half });
        let name = format!("{}_dequantize", tensor.name);
        *narrow.tensor_mut(idx) = Tensor::activation(name, DType::F32, tensor.shape.clone());
        nodes.push(Node { op: Op::Dequantize(Dequantize), inputs: vec![Some(half)], outputs: vec![idx] });
    }
    narrow.nodes.splice(0..0, nodes);
    if problems.is_empty() { Ok(narrow) } else { Err(problems) }
}

/// The float32 of an IEEE 754 half-precision number, exactly.
fn float32(half: u16) -> f32 {
    let sign = u32::from(half >> 15) << 31;
    let (exponent, fraction) = (u32::from(half >> 10) & 0x1f, u32::from(half) & 0x3ff);
    let bits = match (exponent, fraction) {
        // Zero and subnormal numbers: multiples of 2^-24.
        (0, _) => return f32::from_bits(((fraction as f32) * 2f32.powi(-24)).to_bits() | sign),
        (0x1f, _) => 0xff << 23 | fraction << 13,
        _ => (exponent + 127 - 15) << 23 | fraction << 13,
    };
    f32::from_bits(bits | sign)
}

#[cfg(test)]
mod tests {
    use super::*;
    use smidgen_ir::build::{Builder, Conv};

    fn network(scale: f32) -> Graph {
        let mut net = Builder::new("net", move |parameter| {
            (0..parameter.n_elements()).map(|at| (at as f32 * 0.7).sin() * scale).collect()
        });
        let x = net.input("x", &[1, 6, 6, 2]);
        let x = net.conv_2d(x, Conv::new(8, [3, 3]).relu());
        let x = net.reshape(x, &[1, -1]);
        let x = net.fully_connected(x, 6);
        net.finish(&[x]).unwrap()
    }

    #[test]
    fn files_of_halves_are_smaller_and_read_as_what_was_rounded() {
        let graph = network(0.3);
        let (wide, narrow) = (crate::write(&graph).unwrap(), crate::write_float16(&graph).unwrap());
        assert!(narrow.len() * 10 < wide.len() * 7, "{} of {}", narrow.len(), wide.len());
        let read = crate::read(&narrow).unwrap();
        assert_eq!(read.nodes.len(), graph.nodes.len());
        for (before, after) in graph.nodes.iter().zip(&read.nodes) {
            let filter = |graph: &Graph, node: &Node| graph.tensor((*node.inputs.get(1)?)?).f32s();
            let (Some(before), Some(after)) = (filter(&graph, before), filter(&read, after)) else {
                continue;
            };
            let rounded: Vec<f32> = before.iter().map(|&value| f16::from_f32(value).to_f32()).collect();
            assert!(after == rounded && after != before);
        }
    }

    #[test]
    fn what_float16_does_not_hold_is_named() {
        let error = crate::write_float16(&network(1e6)).unwrap_err().to_string();
        assert!(error.contains("filter") && error.contains("float16 holds at most 65504"), "{error}");
    }

    #[test]
    fn halves_widen_exactly() {
        for (half, wanted) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x03ff, 6.097_555_e-5),
            (0x0400, 6.103_515_6e-5),
            (0x7c00, f32::INFINITY),
            (0xfc00, f32::NEG_INFINITY),
        ] {
            assert_eq!(float32(half).to_bits(), f32::to_bits(wanted), "{half:#x}");
        }
        assert_eq!(float32(0x8000).to_bits(), (-0.0f32).to_bits());
        assert!(float32(0x7e00).is_nan());
    }
}
