//! Element-wise functions of one operand: the kernels' values, and slopes in closed form.

use smidgen_ir::ops::{Op, gelu::Gelu};
use smidgen_kernels::float;

use crate::error::TrainError;
use crate::operands::Operands;
use crate::ops::Seen;
use crate::ops::rule::Rule;

/// A function of one value and its slope, given `x` and `y = f(x)`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Function {
    value: fn(f32, f32) -> f32,
    slope: fn(f32, f32, f32) -> f32,
    /// The function's attribute, 0 where it has none.
    alpha: f32,
}

/// The function of `op`, if it is one.
pub(crate) fn function(op: &Op) -> Option<Function> {
    let of = |value: fn(f32, f32) -> f32, slope: fn(f32, f32, f32) -> f32| {
        Some(Function { value, slope, alpha: 0.0 })
    };
    match op {
        Op::Abs(_) => of(|x, _| x.abs(), |x, _, _| sign(x)),
        Op::Cos(_) => of(|x, _| float::cos(x), |x, _, _| -float::sin(x)),
        Op::Elu(_) => of(
            |x, _| if x < 0.0 { float::expm1(x) } else { x },
            |x, y, _| if x < 0.0 { y + 1.0 } else { 1.0 },
        ),
        Op::Exp(_) => of(|x, _| float::exp(x), |_, y, _| y),
        Op::HardSwish(_) => of(|x, _| x * float::clamp(x + 3.0, 0.0, 6.0) / 6.0, hard_swish_slope),
        Op::LeakyRelu(op) => Some(Function {
            value: |x, alpha| if x > 0.0 { x } else { x * alpha },
            slope: |x, _, alpha| if x > 0.0 { 1.0 } else { alpha },
            alpha: op.alpha,
        }),
        Op::Log(_) => of(|x, _| float::log(x), |x, _, _| 1.0 / x),
        Op::Logistic(_) => of(|x, _| float::logistic(x), |_, y, _| y * (1.0 - y)),
        Op::Neg(_) => of(|x, _| -x, |_, _, _| -1.0),
        Op::ReluN1To1(_) => {
            of(|x, _| float::clamp(x, -1.0, 1.0), |x, _, _| if x > -1.0 && x < 1.0 { 1.0 } else { 0.0 })
        }
        Op::Rsqrt(_) => of(|x, _| 1.0 / float::sqrt(x), |x, y, _| -0.5 * y / x),
        Op::Sin(_) => of(|x, _| float::sin(x), |x, _, _| float::cos(x)),
        Op::Sqrt(_) => of(|x, _| float::sqrt(x), |_, y, _| 0.5 / y),
        Op::Square(_) => of(|x, _| x * x, |x, _, _| 2.0 * x),
        Op::Tanh(_) => of(|x, _| float::tanh(x), |_, y, _| 1.0 - y * y),
        Op::Gelu(Gelu { approximate: false }) => {
            of(|x, _| 0.5 * x * float::erfc(-x * std::f32::consts::FRAC_1_SQRT_2), gelu_slope)
        }
        Op::Gelu(Gelu { approximate: true }) => {
            of(|x, _| 0.5 * x * (1.0 + float::tanh(gelu_inner(x))), gelu_tangent_slope)
        }
        _ => None,
    }
}

fn sign(x: f32) -> f32 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

/// `x (x + 3) / 6` between -3 and 3.
fn hard_swish_slope(x: f32, _: f32, _: f32) -> f32 {
    match x {
        _ if x <= -3.0 => 0.0,
        _ if x >= 3.0 => 1.0,
        _ => (2.0 * x + 3.0) / 6.0,
    }
}

const SQRT_2_OVER_PI: f32 = 0.797_884_6;

/// `P(X <= x)` and `x` times the density of a standard normal.
fn gelu_slope(x: f32, _: f32, _: f32) -> f32 {
    let probability = 0.5 * float::erfc(-x * std::f32::consts::FRAC_1_SQRT_2);
    probability + x * 0.5 * SQRT_2_OVER_PI * float::exp(-0.5 * x * x)
}

fn gelu_inner(x: f32) -> f32 {
    SQRT_2_OVER_PI * (x + 0.044_715 * x * x * x)
}

fn gelu_tangent_slope(x: f32, _: f32, _: f32) -> f32 {
    let tanh = float::tanh(gelu_inner(x));
    let inner_slope = SQRT_2_OVER_PI * (1.0 + 3.0 * 0.044_715 * x * x);
    0.5 * (1.0 + tanh) + 0.5 * x * (1.0 - tanh * tanh) * inner_slope
}

/// A compiled element-wise function.
#[derive(Debug)]
pub(crate) struct Layer(Function);

impl Layer {
    pub(crate) fn compile(function: Function, operands: &Operands<'_>) -> Result<Self, TrainError> {
        operands.same_elements()?;
        Ok(Layer(function))
    }
}

impl Rule for Layer {
    fn forward(&self, _params: &[f32], x: &[&[f32]], y: &mut [f32], _n: usize) {
        let Function { value, alpha, .. } = self.0;
        y.iter_mut().zip(x[0]).for_each(|(y, &x)| *y = value(x, alpha));
    }

    fn input_gradient(&self, seen: Seen<'_>, _operand: usize, dx: &mut [f32], _n: usize) {
        let Function { slope, alpha, .. } = self.0;
        let values = seen.x[0].iter().zip(seen.y).zip(seen.dy);
        dx.iter_mut().zip(values).for_each(|(dx, ((&x, &y), &dy))| *dx = dy * slope(x, y, alpha));
    }
}
