//! A call with a filter as it is, in exchange for one with a stored filter.

use smidgen_kernels::ops::{conv_2d, depthwise_conv_2d, fully_connected};

use super::huffman::Coded;
use super::{Form, Indexed, Layer, code};
use crate::kernel::Kernel;
use crate::program::{Call, Const, ConstIdx, Elem, Operand, Program};

/// An operand of a call, and its element type.
type Part = (Operand, Elem);

/// Replaces the call at `at`.
pub(super) fn exchange(program: &mut Program, at: usize, layer: &Layer, form: &Form) {
    let Some(call) = program.calls.get(at).cloned() else { return };
    let &[input, filter, bias, multiplier, shift] = call.operands.as_slice() else { return };
    let kernel = match form {
        Form::Indexed(form) => indexed_kernel(call.kernel, form.bits),
        Form::Coded(_) => coded_kernel(call.kernel),
        Form::Unrolled => code::kernel(call.kernel),
    };
    let Some(kernel) = kernel else { return };
    let mut operands = vec![input];
    let mut add = |what: &str, elem: Elem, bytes: Vec<u8>| -> Part {
        if bytes.is_empty() {
            return (Operand::Absent, elem);
        }
        program.consts.push(Const { name: format!("{}_{what}", layer.name), elem, bytes });
        (Operand::Const(ConstIdx((program.consts.len() - 1) as u32)), elem)
    };
    let signed = |values: &[i8]| values.iter().map(|value| value.cast_unsigned()).collect();
    let words = |values: &[u16]| values.iter().flat_map(|value| value.to_le_bytes()).collect();
    match form {
        Form::Indexed(Indexed { mask, starts, codebook, values, .. }) => {
            if !matches!(kernel, Kernel::DepthwiseConv2dStored(_)) {
                operands.push(add("mask", Elem::U8, mask.clone()));
                operands.push(add("starts", Elem::U16, words(starts)));
            }
            operands.push(add("codebook", Elem::I8, signed(codebook)));
            operands.push(add("values", Elem::U8, values.clone()));
        }
        Form::Coded(Coded { counts, symbols, codes }) => {
            operands.push(add("counts", Elem::U16, words(counts)));
            operands.push(add("symbols", Elem::I8, signed(symbols)));
            operands.push(add("codes", Elem::U8, codes.clone()));
        }
        // The code is made from filter and bias as they are.
        Form::Unrolled => operands.push(filter),
    }
    operands.push(match kernel {
        Kernel::DepthwiseConv2dStored(_) | Kernel::FullyConnectedUnrolled(_) => bias,
        _ => {
            add("stored_bias", Elem::I32, layer.biases().iter().flat_map(|bias| bias.to_le_bytes()).collect())
        }
    });
    operands.extend([multiplier, shift]);
    if let Some(place) = program.calls.get_mut(at) {
        *place = Call { kernel, operands, ..call };
    }
}

fn indexed_kernel(kernel: Kernel, bits: u32) -> Option<Kernel> {
    Some(match kernel {
        Kernel::Conv2dInt8(spec) | Kernel::Conv2dInt4(spec) => {
            let conv_2d::Int8Spec { window, input_zero_point, output_zero_point, act_min, act_max, .. } =
                spec;
            Kernel::Conv2dStored(conv_2d::StoredSpec {
                window,
                bits,
                input_zero_point,
                output_zero_point,
                act_min,
                act_max,
            })
        }
        Kernel::DepthwiseConv2dInt8(spec) => {
            let depthwise_conv_2d::Int8Spec {
                window,
                input_zero_point,
                output_zero_point,
                act_min,
                act_max,
                ..
            } = spec;
            Kernel::DepthwiseConv2dStored(depthwise_conv_2d::StoredSpec {
                window,
                bits,
                input_zero_point,
                output_zero_point,
                act_min,
                act_max,
            })
        }
        Kernel::FullyConnectedInt8(spec) | Kernel::FullyConnectedInt4(spec) => {
            let fully_connected::Int8Spec { batches, in_c, out_c, .. } = spec;
            let fully_connected::Int8Spec { input_zero_point, output_zero_point, act_min, act_max, .. } =
                spec;
            Kernel::FullyConnectedStored(fully_connected::StoredSpec {
                batches,
                in_c,
                out_c,
                bits,
                input_zero_point,
                output_zero_point,
                act_min,
                act_max,
            })
        }
        _ => return None,
    })
}

fn coded_kernel(kernel: Kernel) -> Option<Kernel> {
    match kernel {
        Kernel::Conv2dInt8(spec) | Kernel::Conv2dInt4(spec) => Some(Kernel::Conv2dCoded(spec)),
        Kernel::FullyConnectedInt8(spec) | Kernel::FullyConnectedInt4(spec) => {
            Some(Kernel::FullyConnectedCoded(spec))
        }
        _ => None,
    }
}
