//! DEPTHWISE_CONV_2D with a filter of indices into a codebook: the weights of some channels at a time, for all pixels.

use super::{Int8, Int8Spec, filter_len};
use crate::error::{attempt, ensure, length};
use crate::ops::channels::{Channels, SUMS};
use crate::ops::stored::{self, Stored as Filter};
use crate::shared::Input;
use crate::window::{Window, for_each_pixel};
use crate::{InvalidSpec, Shared, WrongLength};

/// Weights that are unpacked at once: those of windows of 5 x 5 of as many channels as have sums.
const UNPACKED: usize = 25 * SUMS;

/// Everything about an int8 DEPTHWISE_CONV_2D with a stored filter that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredSpec {
    /// Shapes, strides, dilation and padding; as many output channels as input channels.
    pub window: Window,
    /// Bits of a value of the filter: 1 to 8.
    pub bits: u32,
    /// The int8 value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The int8 value of a real 0 in the output.
    pub output_zero_point: i32,
    /// Lowest int8 output.
    pub act_min: i32,
    /// Highest int8 output.
    pub act_max: i32,
}

/// Int8 DEPTHWISE_CONV_2D with one scale per channel and a filter of indices into a codebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    layer: Int8,
    bits: u32,
    /// Channels whose weights are unpacked together.
    n_together: usize,
}

impl Stored {
    /// Checks the specification. The window has at most 1600 taps.
    pub const fn new(spec: StoredSpec) -> Result<Self, InvalidSpec> {
        let StoredSpec { window, bits, input_zero_point, output_zero_point, act_min, act_max } = spec;
        attempt!(stored::check_bits(bits));
        let depth_multiplier = 1;
        let plain =
            Int8Spec { window, depth_multiplier, input_zero_point, output_zero_point, act_min, act_max };
        let layer = attempt!(Int8::new(plain));
        let n_taps = window.k_h * window.k_w;
        ensure!(n_taps > 0 && Self::holds(n_taps), "a window must have at most 1600 taps");
        Ok(Self { layer, bits, n_together: together(n_taps) })
    }

    /// Whether the filter of a window of so many taps can be stored.
    pub const fn holds(n_taps: usize) -> bool {
        n_taps <= UNPACKED
    }

    /// Input NHWC, filter 1HWO as a codebook and indices, see `ops/stored.rs`; bias `out_c` or empty, multiplier and shift
    /// (`-31..=30`, left above 0) `out_c`.
    #[expect(clippy::too_many_arguments, reason = "kernels take slices, one for each constant")]
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub fn run(
        &self,
        input: &[i8],
        codebook: &[i8],
        values: &[u8],
        bias: &[i32],
        multiplier: &[i32],
        shift: &[i8],
        output: &mut [i8],
    ) -> Result<(), WrongLength> {
        let window = &self.layer.window;
        let filter = Filter { mask: &[], starts: &[], codebook, values, bits: self.bits };
        length("input", input.len(), window.in_len())?;
        filter.check(1, filter_len(window))?;
        length("output", output.len(), window.out_len())?;
        let channels = Channels::new(window.out_c, bias, multiplier, shift, self.layer.output)?;
        let (mut unpacked, mut sums) = ([0; UNPACKED], [0; SUMS]);
        let mut first = 0;
        while first < window.out_c {
            let n = self.n_together.min(window.out_c - first);
            self.unpack(filter, first, n, &mut unpacked);
            let sums = sums.get_mut(..n).unwrap_or(&mut []);
            for_each_pixel!(window, &mut *output, |pixel, output| {
                channels.start(first, 0, sums);
                self.layer.sum(pixel, Input::whole(input).after(first), &unpacked, n, sums);
                channels.store(first, sums, output.get_mut(first..first + n).unwrap_or(&mut []));
            });
            first += n;
        }
        Ok(())
    }

    /// Whether all channels are computed at once, so that input and output may share memory.
    pub const fn is_shared(window: &Window) -> bool {
        window.out_c <= together(window.k_h * window.k_w)
    }

    /// As [`Stored::run`], with input and output in one piece of memory; for what [`Stored::is_shared`] says.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub fn run_shared(
        &self,
        codebook: &[i8],
        values: &[u8],
        bias: &[i32],
        multiplier: &[i32],
        shift: &[i8],
        shared: Shared<'_, i8>,
    ) -> Result<(), WrongLength> {
        let window = &self.layer.window;
        let filter = Filter { mask: &[], starts: &[], codebook, values, bits: self.bits };
        filter.check(1, filter_len(window))?;
        if window.out_c > self.n_together {
            return Err(WrongLength { operand: "channels", expected: self.n_together, found: window.out_c });
        }
        let channels = Channels::new(window.out_c, bias, multiplier, shift, self.layer.output)?;
        let (mut unpacked, mut sums) = ([0; UNPACKED], [0; SUMS]);
        self.unpack(filter, 0, window.out_c, &mut unpacked);
        let sums = sums.get_mut(..window.out_c).unwrap_or(&mut []);
        shared.for_each_pixel(window, |pixel, input, output| {
            channels.start(0, 0, sums);
            self.layer.sum(pixel, input, &unpacked, window.out_c, sums);
            channels.store(0, sums, output);
        })
    }

    /// The weights of `n` channels from `first` on, tap by tap.
    #[inline(always)]
    fn unpack(&self, filter: Filter<'_>, first: usize, n: usize, unpacked: &mut [i8; UNPACKED]) {
        let Window { k_h, k_w, out_c, .. } = self.layer.window;
        for (tap, weights) in unpacked.chunks_exact_mut(n.max(1)).take(k_h * k_w).enumerate() {
            filter.unpack(tap * out_c + first, weights);
        }
    }
}

/// Channels whose weights are unpacked together where a window has so many taps.
const fn together(n_taps: usize) -> usize {
    match UNPACKED.checked_div(n_taps) {
        Some(n) if n < SUMS => n,
        Some(_) => SUMS,
        None => 0,
    }
}
