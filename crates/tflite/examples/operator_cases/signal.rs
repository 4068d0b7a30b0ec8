//! TFLM's signal library: windows, transforms, filter banks, streams; and variables.

use smidgen_ir::ops::add::Add;
use smidgen_ir::ops::assign_variable::AssignVariable;
use smidgen_ir::ops::circular_buffer::CircularBuffer;
use smidgen_ir::ops::read_variable::ReadVariable;
use smidgen_ir::ops::signal_delay::SignalDelay;
use smidgen_ir::ops::signal_energy::SignalEnergy;
use smidgen_ir::ops::signal_fft_auto_scale::SignalFftAutoScale;
use smidgen_ir::ops::signal_filter_bank::SignalFilterBank;
use smidgen_ir::ops::signal_filter_bank_log::SignalFilterBankLog;
use smidgen_ir::ops::signal_filter_bank_spectral_subtraction::SignalFilterBankSpectralSubtraction;
use smidgen_ir::ops::signal_filter_bank_square_root::SignalFilterBankSquareRoot;
use smidgen_ir::ops::signal_framer::SignalFramer;
use smidgen_ir::ops::signal_irfft::SignalIrfft;
use smidgen_ir::ops::signal_overlap_add::SignalOverlapAdd;
use smidgen_ir::ops::signal_pcan::SignalPcan;
use smidgen_ir::ops::signal_rfft::SignalRfft;
use smidgen_ir::ops::signal_stacker::SignalStacker;
use smidgen_ir::ops::signal_window::SignalWindow;
use smidgen_ir::{DType, Op, Tensor, TensorIdx};

use crate::net::{Case, Net};

pub(crate) fn cases() -> Vec<Case> {
    [spectra(), features(), streams(), variables()].concat()
}

fn spectra() -> Vec<Case> {
    let window = |name, build| Case::new("signal_window", name, build);
    let rfft = |name, build| Case::new("signal_rfft", name, build);
    let irfft = |name, build| Case::new("signal_irfft", name, build);
    vec![
        window("int16", |net| windowed(net, &[1, 30], 12)),
        window("int16_rows", |net| windowed(net, &[2, 3, 8], 13)),
        Case::several("signal_fft_auto_scale", "int16", |net| {
            let x = input(net, DType::I16, &[12]);
            net.nodes(Op::SignalFftAutoScale(SignalFftAutoScale {}), &[x], 1)
        }),
        // A window first, because any drawn input has large samples.
        Case::several("signal_fft_auto_scale", "int16_quiet", |net| {
            let x = windowed(net, &[12], 25);
            net.nodes(Op::SignalFftAutoScale(SignalFftAutoScale {}), &[x], 1)
        }),
        rfft("int16_512", |net| transformed(net, DType::I16, &[1, 480], 512)),
        rfft("int16_128", |net| transformed(net, DType::I16, &[128], 128)),
        rfft("int16_radix_3_and_5", |net| transformed(net, DType::I16, &[2, 90], 90)),
        rfft("int16_480", |net| transformed(net, DType::I16, &[1, 400], 480)),
        rfft("int32_64", |net| transformed(net, DType::I32, &[2, 50], 64)),
        rfft("float_64", |net| transformed(net, DType::F32, &[2, 50], 64)),
        irfft("int16_512", |net| restored(net, DType::I16, &[1, 514], 512)),
        irfft("int16_radix_3_and_5", |net| restored(net, DType::I16, &[2, 92], 90)),
        irfft("int32_64", |net| restored(net, DType::I32, &[2, 66], 64)),
        irfft("float_64", |net| restored(net, DType::F32, &[2, 66], 64)),
        Case::new("signal_energy", "int16", |net| {
            let x = input(net, DType::I16, &[34]);
            net.node(Op::SignalEnergy(SignalEnergy { start_index: 0, end_index: 17 }), &[x], None)
        }),
    ]
}

fn windowed(net: &mut Net, shape: &[usize], shift: u32) -> TensorIdx {
    let x = input(net, DType::I16, shape);
    let frame = shape.last().copied().unwrap_or(1);
    let weights = int16s(net, frame, |net| net.below(1 << 16) as i32 - (1 << 15));
    net.node(Op::SignalWindow(SignalWindow { shift }), &[x, weights], None)
}

fn transformed(net: &mut Net, dtype: DType, shape: &[usize], fft_length: usize) -> TensorIdx {
    let x = input(net, dtype, shape);
    net.node(Op::SignalRfft(SignalRfft { fft_length }), &[x], None)
}

fn restored(net: &mut Net, dtype: DType, shape: &[usize], fft_length: usize) -> TensorIdx {
    let x = input(net, dtype, shape);
    net.node(Op::SignalIrfft(SignalIrfft { fft_length }), &[x], None)
}

fn features() -> Vec<Case> {
    let log = |name, build| Case::new("signal_filter_bank_log", name, build);
    let subtraction = |name, build| Case::several("signal_filter_bank_spectral_subtraction", name, build);
    vec![
        Case::new("signal_filter_bank", "uint32", |net| {
            let x = input(net, DType::U32, &[20]);
            let mut operands = vec![x];
            for _ in 0..2 {
                operands.push(int16s(net, 18, |net| net.below(4097) as i32));
            }
            // Seven bands of two or three bins one after the other.
            for list in [[1, 3, 6, 8, 11, 13, 16], [0, 2, 5, 7, 10, 12, 15], [2, 3, 2, 3, 2, 3, 2]] {
                let mut list = list.into_iter();
                operands.push(int16s(net, 7, |_| list.next().unwrap_or_default()));
            }
            net.node(Op::SignalFilterBank(SignalFilterBank { num_channels: 6 }), &operands, None)
        }),
        Case::new("signal_filter_bank_square_root", "uint64", |net| {
            let x = input(net, DType::U64, &[20]);
            let bits = net.float().constant(Tensor::const_i32("scale_bits", vec![], &[3], None));
            net.node(Op::SignalFilterBankSquareRoot(SignalFilterBankSquareRoot {}), &[x, bits], None)
        }),
        subtraction("uint32", |net| subtracted(net, false)),
        subtraction("uint32_stateful", |net| subtracted(net, false)),
        subtraction("uint32_stateful_clamping", |net| subtracted(net, true)),
        Case::new("signal_pcan", "uint32", |net| {
            let (x, noise) = (input(net, DType::U32, &[20]), input(net, DType::U32, &[20]));
            let gain = int16s(net, 125, |net| net.below(1 << 15) as i32);
            net.node(Op::SignalPcan(SignalPcan { snr_shift: 6 }), &[x, noise, gain], None)
        }),
        log("uint32", |net| logarithm(net, 64, 3)),
        log("uint32_saturating", |net| logarithm(net, 1600, 0)),
    ]
}

fn subtracted(net: &mut Net, clamping: bool) -> Vec<TensorIdx> {
    let x = input(net, DType::U32, &[20]);
    let noise = net.float().constant(Tensor::variable("noise", DType::U32, vec![20], None));
    let subtraction = SignalFilterBankSpectralSubtraction {
        num_channels: 20,
        smoothing: 409,
        one_minus_smoothing: 15_975,
        alternate_smoothing: 983,
        alternate_one_minus_smoothing: 15_401,
        min_signal_remaining: 819,
        smoothing_bits: 10,
        spectral_subtraction_bits: 14,
        clamping,
    };
    net.nodes(Op::SignalFilterBankSpectralSubtraction(subtraction), &[x, noise], 2)
}

fn logarithm(net: &mut Net, output_scale: i32, input_correction_bits: u32) -> TensorIdx {
    let x = input(net, DType::U32, &[20]);
    let log = SignalFilterBankLog { output_scale, input_correction_bits };
    net.node(Op::SignalFilterBankLog(log), &[x], None)
}

fn streams() -> Vec<Case> {
    let delay = |name, build| Case::new("signal_delay", name, build);
    let framer = |name, build| Case::several("signal_framer", name, build);
    let overlap = |name, build| Case::new("signal_overlap_add", name, build);
    vec![
        delay("int16", |net| delayed(net, &[2, 9], 4)),
        delay("int16_stateful_longer_than_a_frame", |net| delayed(net, &[2, 4], 7)),
        framer("int16_prefill", |net| {
            framed(net, &[1, 12], SignalFramer { frame_size: 7, frame_step: 4, prefill: true })
        }),
        framer("int16_stateful", |net| {
            framed(net, &[2, 8], SignalFramer { frame_size: 4, frame_step: 4, prefill: false })
        }),
        framer("int16_stateful_prefill", |net| {
            framed(net, &[2, 8], SignalFramer { frame_size: 10, frame_step: 4, prefill: true })
        }),
        Case::several("signal_stacker", "int16_stateful", |net| {
            let stacker = SignalStacker {
                num_channels: 5,
                stacker_left_context: 2,
                stacker_right_context: 0,
                stacker_step: 1,
            };
            let x = input(net, DType::I16, &[5]);
            let stack = state(net, DType::I16, &[15]);
            let filled = state(net, DType::I32, &[]);
            net.nodes(Op::SignalStacker(stacker), &[x, stack, filled], 2)
        }),
        overlap("int16", |net| overlapped(net, DType::I16, &[1, 3, 8])),
        overlap("int16_stateful", |net| overlapped(net, DType::I16, &[2, 2, 8])),
        overlap("float_stateful", |net| overlapped(net, DType::F32, &[2, 2, 8])),
        Case::new("circular_buffer", "int8_stateful", |net| {
            let x = net.input_int8(&[1, 1, 1, 6]);
            let quant = net.float().graph().tensor(x).quant.clone();
            let buffer = Tensor::variable("buffer", DType::I8, vec![1, 3, 1, 6], quant);
            let buffer = net.float().constant(buffer);
            net.node(Op::CircularBuffer(CircularBuffer { slots: 3 }), &[x, buffer], None)
        }),
    ]
}

fn delayed(net: &mut Net, shape: &[usize; 2], delay_length: usize) -> TensorIdx {
    let x = input(net, DType::I16, shape);
    let samples = state(net, DType::I16, &[shape[0], delay_length]);
    net.node(Op::SignalDelay(SignalDelay { delay_length }), &[x, samples], None)
}

fn framed(net: &mut Net, shape: &[usize; 2], framer: SignalFramer) -> Vec<TensorIdx> {
    let x = input(net, DType::I16, shape);
    let samples = state(net, DType::I16, &[shape[0], framer.frame_size]);
    let steps = state(net, DType::I32, &[]);
    net.nodes(Op::SignalFramer(framer), &[x, samples, steps], 2)
}

fn overlapped(net: &mut Net, dtype: DType, shape: &[usize; 3]) -> TensorIdx {
    let x = input(net, dtype, shape);
    let sums = state(net, dtype, &[shape[0], shape[2]]);
    net.node(Op::SignalOverlapAdd(SignalOverlapAdd { frame_step: 5 }), &[x, sums], None)
}

fn variables() -> Vec<Case> {
    vec![
        // What the last inference assigned.
        Case::new("read_variable", "float_stateful", |net| {
            let x = net.input(&[2, 3]);
            let first = Tensor::const_f32("first", vec![2, 3], &[0.5, -1.0, 2.0, 0.0, 7.0, -0.25]);
            let variable = net.float().constant(Tensor { is_variable: true, ..first });
            let last = net.node(Op::ReadVariable(ReadVariable {}), &[variable], None);
            net.nodes(Op::AssignVariable(AssignVariable {}), &[variable, x], 0);
            net.node(Op::Add(Add::default()), &[last, x], None)
        }),
        // A running sum, beside another variable of the same name that is int8 and starts with zeros.
        Case::several("assign_variable", "mixed_stateful", |net| {
            let x = net.input(&[4]);
            let y = net.input_int8(&[5]);
            let quant = net.float().graph().tensor(y).quant.clone();
            let sum = state(net, DType::F32, &[4]);
            let last = net.float().constant(Tensor::variable("state", DType::I8, vec![5], None));
            let before = net.node(Op::ReadVariable(ReadVariable {}), &[sum], None);
            let after = net.node(Op::Add(Add::default()), &[before, x], None);
            net.nodes(Op::AssignVariable(AssignVariable {}), &[sum, after], 0);
            let shown = net.node(Op::ReadVariable(ReadVariable {}), &[last], quant);
            net.nodes(Op::AssignVariable(AssignVariable {}), &[last, y], 0);
            let again = net.node(Op::ReadVariable(ReadVariable {}), &[sum], None);
            vec![shown, again]
        }),
    ]
}

fn input(net: &mut Net, dtype: DType, shape: &[usize]) -> TensorIdx {
    net.float().input_tensor(Tensor::activation("input", dtype, shape.to_vec()))
}

fn state(net: &mut Net, dtype: DType, shape: &[usize]) -> TensorIdx {
    net.float().constant(Tensor::variable("state", dtype, shape.to_vec(), None))
}

/// An int16 constant of `len` numbers.
fn int16s(net: &mut Net, len: usize, mut number: impl FnMut(&mut Net) -> i32) -> TensorIdx {
    let data = (0..len).flat_map(|_| (number(net) as i16).to_le_bytes()).collect();
    let list = Tensor::activation("list", DType::I16, vec![len]);
    net.float().constant(Tensor { data: Some(data), ..list })
}
