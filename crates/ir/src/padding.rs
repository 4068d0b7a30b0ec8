//! PAD into the windows behind it, in a lowered program.
//!
//! A kernel's window may begin before the image by any number of rows and columns and end behind it, which the padding SAME and VALID of
//! files cannot say: here a PAD whose only reader is a convolution goes where [`fuse_pad`](crate::passes::fuse_pad()) must leave it. Values
//! beyond the image add nothing to a sum, as the zeros did.

use crate::graph::Graph;
use crate::kernel::Kernel;
use crate::ops::Op;
use crate::patches::is_passed_on;
use crate::program::{Call, Operand, Program};

/// The program without PADs of zeros, by rows and columns, that only a CONV_2D or DEPTHWISE_CONV_2D without padding of its own reads.
#[must_use]
pub fn without_pads(graph: &Graph, program: Program) -> Program {
    program.fused(|program, at| fused(graph, program, at))
}

/// The call of the PAD that the call at `at` reads, and the call that reads what the PAD reads.
fn fused(graph: &Graph, program: &Program, at: usize) -> Option<(usize, Call)> {
    let call = program.calls.get(at)?;
    let is_sum = matches!(graph.nodes.get(call.node.idx())?.op, Op::Conv2d(_) | Op::DepthwiseConv2d(_));
    let window =
        call.kernel.window().filter(|window| is_sum && (window.pad_top, window.pad_left) == (0, 0))?;
    let Operand::Tensor(padded) = call.operands.first()?.0 else { return None };
    let pad = program.calls[..at].iter().position(|call| call.results().eq([padded]))?;
    let Op::Pad(op) = &graph.nodes.get(program.calls[pad].node.idx())?.op else { return None };
    let [[0, 0], [top, bottom], [left, right], [0, 0]] = *op.paddings.as_slice() else { return None };
    let Operand::Tensor(image) = program.calls[pad].operands.first()?.0 else { return None };
    if !is_passed_on(graph, program, padded) {
        return None;
    }
    let inner =
        |extent: usize, before: usize, after: usize| extent.checked_sub(before + after).filter(|n| *n > 0);
    let mut window = window;
    (window.in_h, window.in_w) = (inner(window.in_h, top, bottom)?, inner(window.in_w, left, right)?);
    (window.pad_top, window.pad_left) = (top, left);
    let kernel: Kernel = call.kernel.with_window(window);
    // Some kernels take only so much padding.
    kernel.ready().ok()?;
    let mut call = Call { kernel, ..call.clone() };
    call.operands.first_mut()?.0 = Operand::Tensor(image);
    Some((pad, call))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::{Builder, Conv};
    use crate::{Interpreter, lower};

    #[test]
    fn any_padding_by_rows_and_columns_goes_into_the_window() {
        let mut n = 0;
        for seed in 0..200usize {
            let mut at = seed as f32;
            let mut net = Builder::new("net", move |parameter| {
                (0..parameter.n_elements())
                    .map(|_| {
                        at += 0.7;
                        at.sin()
                    })
                    .collect()
            });
            let x = net.input("x", &[1, 5 + seed % 3, 6, 2]);
            let pads = [[seed % 4, seed / 4 % 3], [seed / 3 % 3, seed / 7 % 5]];
            let conv = Conv::new(3, [1 + seed % 3, 1 + seed / 5 % 3])
                .stride([1 + seed / 2 % 2, 1 + seed / 11 % 2])
                .valid();
            let y = net.pad(x, &[[0, 0], pads[0], pads[1], [0, 0]]);
            let y = if seed % 2 == 0 {
                net.conv_2d(y, conv)
            } else {
                net.depthwise_conv_2d(y, Conv::new(1, [3, 2]).valid())
            };
            let y = net.pad(y, &[[0, 0], [1, 1], [1, 1], [0, 0]]);
            let y = net.max_pool_2d(y, [2, 2], [1, 1]);
            let graph = net.finish(&[y]).unwrap();
            let program = lower(&graph).unwrap();
            let fused = without_pads(&graph, program.clone());
            n += program.calls.len() - fused.calls.len();
            assert!(fused.calls.len() >= 3, "the pad of a pool stays");
            let input: Vec<u8> =
                (0..graph.input_bytes() / 4).flat_map(|at| (at as f32 * 0.1 - 3.0).to_le_bytes()).collect();
            let wanted = Interpreter::new(&graph).unwrap().run(&input).unwrap();
            assert_eq!(
                Interpreter::with_program(&graph, fused).unwrap().run(&input).unwrap(),
                wanted,
                "{seed}"
            );
        }
        // Kernels refuse padding that no window reaches over.
        assert!(n > 30, "{n}");
    }
}
