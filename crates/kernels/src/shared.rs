//! One piece of memory that holds a kernel's input and its output, which may overlap as far as the kernel has used up what it
//! overwrites.
//!
//! Output pixels are computed from the first to the last where the output begins below the input, from the last to the first
//! where it begins above. [`crate::window::Window::lags`] says how far apart both must begin.

use crate::WrongLength;
use crate::error::length;
use crate::ops::dot::{part, tail};
use crate::window::{Pixel, Window};

/// The memory, and where input and output begin in it. Counts elements.
#[derive(Debug)]
pub struct Shared<'a, T> {
    /// Input, output and whatever lies between them, which is not touched.
    pub memory: &'a mut [T],
    /// Where the input begins.
    pub input: usize,
    /// Where the output begins.
    pub output: usize,
}

/// Values of an input by their index, of which those that are used up may be gone.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a, T> {
    values: &'a [T],
    /// Where the input begins in `values`; wraps where its beginning is gone.
    start: usize,
}

impl<'a, T> Input<'a, T> {
    /// All of them.
    #[inline(always)]
    pub(crate) const fn whole(values: &'a [T]) -> Self {
        Self { values, start: 0 }
    }

    /// The input without its first `n` values.
    #[inline(always)]
    pub(crate) fn after(self, n: usize) -> Self {
        Self { values: self.values, start: self.start.wrapping_add(n) }
    }

    /// The values from index `at` on.
    #[inline(always)]
    pub(crate) fn tail(self, at: usize) -> &'a [T] {
        tail(self.values, self.start.wrapping_add(at))
    }

    /// `len` values from index `at` on.
    #[inline(always)]
    pub(crate) fn part(self, at: usize, len: usize) -> &'a [T] {
        part(self.values, self.start.wrapping_add(at), len)
    }

    /// The value at an index.
    #[inline(always)]
    pub(crate) fn get(self, at: usize) -> Option<&'a T> {
        self.values.get(self.start.wrapping_add(at))
    }
}

impl<T> Shared<'_, T> {
    /// Fails unless an input and an output of so many elements lie in the memory.
    #[inline(always)]
    fn check(&self, n_in: usize, n_out: usize) -> Result<(), WrongLength> {
        let ends = [self.input.wrapping_add(n_in), self.output.wrapping_add(n_out)];
        length("memory", self.memory.len(), if ends[0] < ends[1] { ends[1] } else { ends[0] })
    }

    /// Calls `f` for every output pixel with its taps, the input and its channels.
    ///
    /// Fails unless input and output lie in the memory.
    #[inline(always)]
    pub(crate) fn for_each_pixel(
        self,
        window: &Window,
        mut f: impl FnMut(&Pixel, Input<'_, T>, &mut [T]),
    ) -> Result<(), WrongLength> {
        self.check(window.in_len(), window.out_len())?;
        let Shared { memory, input, output } = self;
        let is_backward = output > input;
        let turned = |at: usize, n: usize| if is_backward { n - 1 - at } else { at };
        for batch in 0..window.batches {
            let batch = turned(batch, window.batches);
            for y in 0..window.out_h {
                let y = turned(y, window.out_h);
                let row = (batch * window.out_h + y) * window.out_w;
                let y = window.taps_y(y);
                for x in 0..window.out_w {
                    let x = turned(x, window.out_w);
                    let at = output + (row + x) * window.out_c;
                    let pixel = Pixel { batch, y, x: window.taps_x(x) };
                    let border = if is_backward { at } else { at + window.out_c };
                    let Some((low, high)) = memory.split_at_mut_checked(border) else { continue };
                    let (values, start, channels) = if is_backward {
                        (low, input, high.get_mut(..window.out_c))
                    } else {
                        (high, input.wrapping_sub(border), low.get_mut(at..))
                    };
                    if let Some(channels) = channels {
                        f(&pixel, Input { values, start }, channels);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Where a kernel finds its input and leaves its output, for those that compute several pixels at once.
pub(crate) trait Blocks<T> {
    /// Calls `f` for blocks of `at_once` output pixels with the input, the first pixel, their number and their channels.
    ///
    /// Fails unless input and output are as long as the window says.
    fn for_each_block(
        self,
        window: &Window,
        at_once: usize,
        f: impl FnMut(Input<'_, T>, usize, usize, &mut [T]),
    ) -> Result<(), WrongLength>;
}

/// Input and output in memory of their own.
pub(crate) struct Apart<'a, T> {
    pub(crate) input: &'a [T],
    pub(crate) output: &'a mut [T],
}

impl<T> Blocks<T> for Apart<'_, T> {
    #[inline(always)]
    fn for_each_block(
        self,
        window: &Window,
        at_once: usize,
        mut f: impl FnMut(Input<'_, T>, usize, usize, &mut [T]),
    ) -> Result<(), WrongLength> {
        let Apart { input, output } = self;
        length("input", input.len(), window.in_len())?;
        length("output", output.len(), window.out_len())?;
        let n_pixels = window.batches * window.out_h * window.out_w;
        let mut first = 0;
        while first < n_pixels {
            let n = at_once.max(1).min(n_pixels - first);
            let channels = output.get_mut(first * window.out_c..(first + n) * window.out_c);
            f(Input::whole(input), first, n, channels.unwrap_or(&mut []));
            first += n;
        }
        Ok(())
    }
}

impl<T> Blocks<T> for Shared<'_, T> {
    #[inline(always)]
    fn for_each_block(
        self,
        window: &Window,
        at_once: usize,
        mut f: impl FnMut(Input<'_, T>, usize, usize, &mut [T]),
    ) -> Result<(), WrongLength> {
        self.check(window.in_len(), window.out_len())?;
        let Shared { memory, input, output } = self;
        let is_backward = output > input;
        let n_pixels = window.batches * window.out_h * window.out_w;
        let at_once = at_once.max(1);
        // Blocks begin at multiples of `at_once` either way: the last one may be shorter.
        let last = n_pixels.saturating_sub(1) / at_once * at_once;
        let mut done = 0;
        while done <= last {
            let first = if is_backward { last - done } else { done };
            let n = at_once.min(n_pixels.saturating_sub(first));
            done += at_once;
            let (at, len) = (output + first * window.out_c, n * window.out_c);
            let border = if is_backward { at } else { at + len };
            let Some((low, high)) = memory.split_at_mut_checked(border) else { continue };
            let (values, start, channels) = if is_backward {
                (low, input, high.get_mut(..len))
            } else {
                (high, input.wrapping_sub(border), low.get_mut(at..))
            };
            if let Some(channels) = channels {
                f(Input { values, start }, first, n, channels);
            }
        }
        Ok(())
    }
}

impl<'a, T: Copy> Shared<'a, T> {
    /// The output, of `len` elements, with the input's values in it.
    ///
    /// Fails unless input and output lie in the memory.
    #[inline(always)]
    pub(crate) fn moved(self, len: usize) -> Result<&'a mut [T], WrongLength> {
        let Shared { memory, input, output } = self;
        let shared = Shared { memory: &mut *memory, input, output };
        if input == output {
            shared.check(len, len)?;
        } else {
            shared.map(len, |value| value)?;
        }
        Ok(memory.get_mut(output..).and_then(|values| values.get_mut(..len)).unwrap_or(&mut []))
    }

    /// Makes each of `len` output elements of that of the input.
    ///
    /// Fails unless input and output lie in the memory.
    #[inline(always)]
    pub(crate) fn map(self, len: usize, f: impl Fn(T) -> T) -> Result<(), WrongLength> {
        self.check(len, len)?;
        let Shared { memory, input, output } = self;
        let is_backward = output > input;
        for at in 0..len {
            let at = if is_backward { len - 1 - at } else { at };
            if let Some(&value) = memory.get(input + at)
                && let Some(place) = memory.get_mut(output + at)
            {
                *place = f(value);
            }
        }
        Ok(())
    }

    /// Makes each output element of that of the input and of `others`, which has as many.
    ///
    /// Fails unless input and output lie in the memory.
    #[inline(always)]
    pub(crate) fn for_each_element(self, others: &[T], f: impl Fn(T, T) -> T) -> Result<(), WrongLength> {
        self.check(others.len(), others.len())?;
        let Shared { memory, input, output } = self;
        let is_backward = output > input;
        for at in 0..others.len() {
            let at = if is_backward { others.len() - 1 - at } else { at };
            if let (Some(&value), Some(&other)) = (memory.get(input + at), others.get(at))
                && let Some(place) = memory.get_mut(output + at)
            {
                *place = f(value, other);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
