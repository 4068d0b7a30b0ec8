//! Element-wise functions of two operands with broadcasting, but ADD, which has a fast path.

use smidgen_ir::ops::Op;

use crate::activation::Clamp;
use crate::error::TrainError;
use crate::operands::Operands;
use crate::ops::Seen;
use crate::ops::broadcast::Access;
use crate::ops::rule::Rule;

/// A function of two values with the slopes in both.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Function {
    value: fn(f32, f32) -> f32,
    slopes: [fn(f32, f32) -> f32; 2],
    clamp: Clamp,
}

/// The function of `op`, if it is one. Where both operands of MAXIMUM or MINIMUM are equal, the first one wins.
pub(crate) fn function(op: &Op) -> Option<Function> {
    let clamp = match op {
        Op::Sub(op) => Clamp::of(op.activation),
        Op::Mul(op) => Clamp::of(op.activation),
        Op::Div(op) => Clamp::of(op.activation),
        _ => Clamp::NONE,
    };
    let of = |value, slopes| Some(Function { value, slopes, clamp });
    match op {
        Op::Sub(_) => of(|a, b| a - b, [|_, _| 1.0, |_, _| -1.0]),
        Op::Mul(_) => of(|a, b| a * b, [|_, b| b, |a, _| a]),
        Op::Div(_) => of(|a, b| a / b, [|_, b| 1.0 / b, |a, b| -a / (b * b)]),
        Op::SquaredDifference(_) => {
            of(|a, b| (a - b) * (a - b), [|a, b| 2.0 * (a - b), |a, b| 2.0 * (b - a)])
        }
        Op::Maximum(_) => of(|a, b| if a >= b { a } else { b }, [|a, b| one(a >= b), |a, b| one(a < b)]),
        Op::Minimum(_) => of(|a, b| if a <= b { a } else { b }, [|a, b| one(a <= b), |a, b| one(a > b)]),
        _ => None,
    }
}

fn one(is: bool) -> f32 {
    if is { 1.0 } else { 0.0 }
}

/// A compiled function of two operands.
#[derive(Debug)]
pub(crate) struct Layer {
    function: Function,
    elements: usize,
    operands: [Access; 2],
}

impl Layer {
    pub(crate) fn compile(function: Function, operands: &Operands<'_>) -> Result<Self, TrainError> {
        let access = [Access::of(operands, 0)?, Access::of(operands, 1)?];
        let elements = operands.output().iter().product::<usize>().max(1);
        Ok(Layer { function, elements, operands: access })
    }

    #[inline(always)]
    fn pair(&self, x: &[&[f32]], example: usize, at: usize) -> (f32, f32) {
        let value = |of: usize| {
            let values = x.get(of).copied().unwrap_or_default();
            self.operands[of].value(values, example, self.elements, at)
        };
        (value(0), value(1))
    }
}

impl Rule for Layer {
    fn forward(&self, _params: &[f32], x: &[&[f32]], y: &mut [f32], _n: usize) {
        for (example, y) in y.chunks_exact_mut(self.elements).enumerate() {
            for (at, y) in y.iter_mut().enumerate() {
                let (a, b) = self.pair(x, example, at);
                *y = (self.function.value)(a, b);
            }
        }
        self.function.clamp.finish(y, &[]);
    }

    fn input_gradient(&self, seen: Seen<'_>, operand: usize, dx: &mut [f32], _n: usize) {
        let slope = self.function.slopes[operand];
        self.operands[operand].gather(self.elements, dx, |example, at| {
            let (a, b) = self.pair(seen.x, example, at);
            seen.dy[example * self.elements + at] * slope(a, b)
        });
    }

    fn clamp(&self) -> Clamp {
        self.function.clamp
    }
}
