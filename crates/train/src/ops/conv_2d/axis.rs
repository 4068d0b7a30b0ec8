//! One axis of a direct convolution: which source positions stand under which destination position.

use std::ops::Range;

/// Destination position `position(at)`, for `at` in `0..n`, reads the source from `at * step + start` on, one position for
/// each tap.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    /// Destination positions.
    pub(super) n: usize,
    first: usize,
    stride: usize,
    start: isize,
    pub(super) step: usize,
    /// Positions of the kernel, in the order in which they stand over the source.
    pub(super) taps: Vec<usize>,
    /// Source positions.
    pub(super) len: usize,
}

/// Extents of a window along an axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extents {
    pub(super) input: usize,
    pub(super) output: usize,
    pub(super) size: usize,
    pub(super) stride: usize,
    pub(super) padding: usize,
}

impl Axis {
    /// From input to output.
    pub(super) fn forward(extents: &Extents) -> Self {
        Axis {
            n: extents.output,
            first: 0,
            stride: 1,
            start: -signed(extents.padding),
            step: extents.stride,
            taps: (0..extents.size).collect(),
            len: extents.input,
        }
    }

    /// From output to input: one axis for the input positions of each remainder of the stride, because each meets other
    /// taps. One may have no taps.
    pub(super) fn backward(extents: &Extents) -> Vec<Self> {
        let &Extents { input, output, size, stride, padding } = extents;
        let class = |first: usize| {
            let taps: Vec<usize> = (0..size)
                .rev()
                .filter(|tap| (first + padding + size * stride - tap).is_multiple_of(stride))
                .collect();
            let start =
                taps.first().map_or(0, |&tap| (signed(first + padding) - signed(tap)) / signed(stride));
            Axis { n: (input - first).div_ceil(stride), first, stride, start, step: 1, taps, len: output }
        };
        (0..stride.min(input)).map(class).collect()
    }

    /// Where destination position `at` of this axis stands among all.
    pub(super) fn position(&self, at: usize) -> usize {
        self.first + at * self.stride
    }

    fn base(&self, at: usize) -> isize {
        signed(at * self.step) + self.start
    }

    /// The taps of position `at` that meet the source.
    pub(super) fn inside(&self, at: usize) -> Range<usize> {
        let clip = |tap: isize| tap.clamp(0, signed(self.taps.len())) as usize;
        clip(-self.base(at))..clip(signed(self.len) - self.base(at))
    }

    /// The source position that `tap` of position `at` meets.
    pub(super) fn source(&self, at: usize, tap: usize) -> usize {
        (self.base(at) + signed(tap)).max(0) as usize
    }

    /// Positions to add before the source, so that no tap stands before it.
    pub(super) fn before(&self) -> usize {
        (-self.start).max(0) as usize
    }

    /// Positions of the source with what is added before and behind.
    pub(super) fn padded_len(&self) -> usize {
        let end = self.base(self.n.saturating_sub(1)) + signed(self.taps.len());
        self.before() + self.len.max(end.max(0) as usize)
    }

    /// The first source position of position `at`, counted from the added ones.
    #[inline(always)]
    pub(super) fn padded(&self, at: usize) -> usize {
        (self.base(at) + signed(self.before())) as usize
    }
}

/// Extents of tensors are far below `isize::MAX`.
fn signed(value: usize) -> isize {
    isize::try_from(value).unwrap_or(isize::MAX)
}
