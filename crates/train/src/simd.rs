//! Loops along the channels of NHWC data, compiled for the vector unit that the machine has.

use pulp::{Arch, Simd, WithSimd};

/// A loop over positions that treats all channels alike.
pub(crate) trait ChannelLoop {
    /// Does all the work of channels `channel..channel + N`. Must be `#[inline(always)]`.
    fn block<const N: usize>(&mut self, channel: usize);
}

/// Runs a loop over `channels` channels, compiled for the best instruction set of the machine (on x86: AVX-512, AVX2 or
/// SSE2), in blocks whose accumulators fit its registers. The order of additions is the loop's own, so the result does
/// not depend on the instruction set; no multiplication is fused with an addition.
pub(crate) fn over_channels(channels: usize, work: impl ChannelLoop) {
    Arch::new().dispatch(Blocks { channels, work });
}

struct Blocks<W> {
    channels: usize,
    work: W,
}

impl<W: ChannelLoop> WithSimd for Blocks<W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        let mut channel = 0;
        while channel + 64 <= self.channels {
            self.work.block::<64>(channel);
            channel += 64;
        }
        while channel + 32 <= self.channels {
            self.work.block::<32>(channel);
            channel += 32;
        }
        while channel + 8 <= self.channels {
            self.work.block::<8>(channel);
            channel += 8;
        }
        while channel + 4 <= self.channels {
            self.work.block::<4>(channel);
            channel += 4;
        }
        while channel < self.channels {
            self.work.block::<1>(channel);
            channel += 1;
        }
    }
}

/// The `N` elements from `at` on.
#[inline(always)]
pub(crate) fn load<const N: usize>(values: &[f32], at: usize) -> [f32; N] {
    let mut block = [0.0; N];
    block.copy_from_slice(&values[at..at + N]);
    block
}

/// Overwrites the `N` elements from `at` on.
#[inline(always)]
pub(crate) fn store<const N: usize>(values: &mut [f32], at: usize, block: [f32; N]) {
    values[at..at + N].copy_from_slice(&block);
}

/// `f` of each index of a block.
#[inline(always)]
pub(crate) fn map<const N: usize>(f: impl Fn(usize) -> f32) -> [f32; N] {
    let mut block = [0.0; N];
    for (at, element) in block.iter_mut().enumerate() {
        *element = f(at);
    }
    block
}

/// Adds a block to the `N` elements from `at` on.
#[inline(always)]
pub(crate) fn add_to_block<const N: usize>(values: &mut [f32], at: usize, block: [f32; N]) {
    let old = load::<N>(values, at);
    store(values, at, map::<N>(|i| old[i] + block[i]));
}

/// `y += x`, element by element.
pub(crate) fn add_to(y: &mut [f32], x: &[f32]) {
    struct Add<'a>(&'a mut [f32], &'a [f32]);
    impl ChannelLoop for Add<'_> {
        #[inline(always)]
        fn block<const N: usize>(&mut self, at: usize) {
            add_to_block(self.0, at, load::<N>(self.1, at));
        }
    }
    over_channels(y.len().min(x.len()), Add(y, x));
}
