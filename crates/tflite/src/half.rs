//! Float16 constants: widened to float32 when they are read, and the DEQUANTIZE that the converter put behind each is
//! folded away. Every float16 is a float32, so nothing changes but the size.

use std::collections::BTreeMap;
use std::sync::Arc;

use smidgen_ir::{DType, Graph, Op, TensorIdx};

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
