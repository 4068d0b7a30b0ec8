//! ADD inside the CONV_2D that makes one of its operands, in a lowered program.
//!
//! Each output of the convolution meets the other operand where that lies, and the sum stays there: what the convolution gives is
//! never in memory, and need not keep apart from what the convolution reads.

use smidgen_kernels::ops::{add, conv_2d};

use crate::graph::{Graph, TensorIdx};
use crate::kernel::Kernel;
use crate::patches::is_passed_on;
use crate::program::{Call, Operand, Program};

/// The program with every int8 ADD of two activations of one shape in the CONV_2D that computes the later of them, if nothing else
/// reads that.
#[must_use]
pub fn without_adds(graph: &Graph, program: Program) -> Program {
    program.fused(|program, at| fused(graph, program, at))
}

/// The CONV_2D whose result the ADD at `at` reads, and the call that does the work of both.
fn fused(graph: &Graph, program: &Program, at: usize) -> Option<(usize, Call)> {
    let add = program.calls.get(at)?;
    let Kernel::AddInt8(sum) = add.kernel else { return None };
    let &[(Operand::Tensor(a), elem), (Operand::Tensor(b), _)] = add.operands.as_slice() else { return None };
    // Parts of one tensor would be read and written at once.
    let is_part = |tensor: TensorIdx| program.part(tensor).is_some();
    if sum.a_shape != sum.b_shape || add.reads().chain(add.results()).any(is_part) {
        return None;
    }
    let writer = |tensor: TensorIdx| program.calls[..at].iter().rposition(|call| call.results().eq([tensor]));
    let sides = [Side::a(&sum), Side::b(&sum)];
    let (conv, made, residual, [own, other]) = match (writer(a), writer(b)) {
        (Some(conv), other) if other.is_none_or(|other| other < conv) => (conv, a, b, sides),
        (_, Some(conv)) => (conv, b, a, [sides[1], sides[0]]),
        _ => return None,
    };
    let call = program.calls.get(conv)?;
    let Kernel::Conv2dInt8(spec) = call.kernel else { return None };
    let (multiplier, _) = call.operands.get(MULTIPLIER)?;
    let multiplier = program.consts.get(multiplier.constant()?.0 as usize)?;
    let has_one_each = multiplier.bytes.len() == spec.window.out_c * multiplier.elem.bytes();
    let is_free = is_passed_on(graph, program, made) && spec.output_zero_point == own.zero_point;
    // State may change between both calls.
    let is_kept = |tensor: TensorIdx| graph.get(tensor).is_some_and(|tensor| !tensor.is_variable);
    let is_read = call.reads().all(|tensor| !is_part(tensor) && is_kept(tensor));
    if !is_free || !is_read || !has_one_each || spec.window.out_len() != sum.a_shape.iter().product() {
        return None;
    }
    let kernel = Kernel::Conv2dInt8Added(conv_2d::Int8AddedSpec {
        window: spec.window,
        groups: spec.groups,
        input_zero_point: spec.input_zero_point,
        conv_zero_point: spec.output_zero_point,
        conv_act_min: spec.act_min,
        conv_act_max: spec.act_max,
        residual_zero_point: other.zero_point,
        left_shift: sum.left_shift,
        conv_multiplier: own.multiplier,
        conv_shift: own.shift,
        residual_multiplier: other.multiplier,
        residual_shift: other.shift,
        output_multiplier: sum.output_multiplier,
        output_shift: sum.output_shift,
        output_zero_point: sum.output_zero_point,
        act_min: sum.act_min,
        act_max: sum.act_max,
    });
    kernel.ready().ok()?;
    let operands =
        [(Operand::Tensor(residual), elem)].into_iter().chain(call.operands.iter().copied()).collect();
    Some((conv, Call { node: add.node, kernel, operands, targets: add.targets.clone() }))
}

/// Where CONV_2D has its multipliers.
const MULTIPLIER: usize = 3;

/// How an operand of a sum is scaled.
#[derive(Debug, Clone, Copy)]
struct Side {
    zero_point: i32,
    multiplier: i32,
    shift: i32,
}

impl Side {
    const fn a(sum: &add::Int8Spec) -> Self {
        Side { zero_point: sum.a_zero_point, multiplier: sum.a_multiplier, shift: sum.a_shift }
    }

    const fn b(sum: &add::Int8Spec) -> Self {
        Side { zero_point: sum.b_zero_point, multiplier: sum.b_multiplier, shift: sum.b_shift }
    }
}
