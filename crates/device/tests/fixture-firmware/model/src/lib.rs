//! A stand-in for a network: two layers over eight int8 values, `y = (x + w0) ^ w1`.
#![no_std]

use core::hint::black_box;

pub const LEN: usize = 8;

#[unsafe(link_section = ".rodata.WEIGHTS_0")]
static WEIGHTS_0: [i8; LEN] = [1, -2, 3, -4, 5, -6, 7, -8];
#[unsafe(link_section = ".rodata.WEIGHTS_1")]
static WEIGHTS_1: [i8; LEN] = [85; LEN];

pub struct Model {
    arena: &'static mut [i8; 3 * LEN],
}

impl Model {
    pub fn new(arena: &'static mut [i8; 3 * LEN]) -> Self {
        Self { arena }
    }

    pub fn input_mut(&mut self) -> &mut [i8] {
        &mut self.arena[..LEN]
    }

    pub fn output(&self) -> &[i8] {
        &self.arena[2 * LEN..]
    }

    /// Runs both layers; `hook` gets the output of each. The weights stay in memory, small as they are.
    #[inline(never)]
    pub fn predict(&mut self, hook: &mut impl FnMut(usize, &[i8])) {
        let (input, rest) = self.arena.split_at_mut(LEN);
        let (hidden, output) = rest.split_at_mut(LEN);
        layer(input, black_box(&WEIGHTS_0), hidden, i8::wrapping_add);
        hook(0, hidden);
        layer(hidden, black_box(&WEIGHTS_1), output, |x, w| x ^ w);
        hook(1, output);
    }
}

/// Goes through a buffer of its own, so that there is a stack to measure.
#[inline(never)]
fn layer(input: &[i8], weights: &[i8], output: &mut [i8], combine: impl Fn(i8, i8) -> i8) {
    let mut wide = [0u32; 100];
    let wide = black_box(&mut wide);
    for ((slot, x), w) in wide.iter_mut().zip(input).zip(weights) {
        *slot = combine(*x, *w) as u32;
    }
    for (y, slot) in output.iter_mut().zip(wide) {
        *y = *slot as i8;
    }
}
