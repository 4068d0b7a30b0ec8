//! How windows, groups and filters of CONV_2D lie in memory, for all element types.

use core::num::NonZeroUsize;

use crate::InvalidSpec;
use crate::error::{attempt, elements, ensure};
use crate::ops::dot::{Inputs, gather};
use crate::shared::Input;
use crate::window::{Pixel, Window};

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// Shapes, strides, dilation and padding.
    pub(super) window: Window,
    /// Input channels of a group.
    pub(super) group_in_c: usize,
    /// Output channels of a group.
    pub(super) group_out_c: usize,
    /// Filter elements of an output channel.
    pub(super) filter_row: usize,
    /// Elements of the filter row that are neighbours in the input too: a row of the kernel, or only a tap of it.
    unit: usize,
    /// Units in a row of the kernel.
    units_per_row: usize,
}

impl Layout {
    /// Checks the window and the groups.
    pub(super) const fn new(window: Window, groups: usize) -> Result<Self, InvalidSpec> {
        attempt!(window.check());
        ensure!(groups > 0, "there must be at least one group");
        ensure!(window.in_c.is_multiple_of(groups), "the groups must divide the input channels");
        ensure!(window.out_c.is_multiple_of(groups), "the groups must divide the output channels");
        let group_in_c = window.in_c / groups;
        let units_per_row = if groups == 1 && window.dilation_w == 1 { 1 } else { window.k_w };
        attempt!(elements(&[window.out_c, window.k_h, window.k_w, group_in_c]));
        Ok(Self {
            window,
            group_in_c,
            group_out_c: window.out_c / groups,
            filter_row: window.k_h * window.k_w * group_in_c,
            unit: if units_per_row == 1 { window.k_w * group_in_c } else { group_in_c },
            units_per_row,
        })
    }

    /// [`Layout::new`] of an input whose pixels are `step` elements apart, of which it reads the first `in_c`.
    pub(super) const fn stepped(window: Window, groups: usize, step: usize) -> Result<Self, InvalidSpec> {
        ensure!(window.in_c <= step, "pixels must not begin inside the one before");
        attempt!(Window { in_c: step, ..window }.check());
        let layout = attempt!(Self::new(window, groups));
        if step == window.in_c {
            return Ok(layout);
        }
        let window = Window { in_c: step, ..window };
        Ok(Self { window, unit: layout.group_in_c, units_per_row: window.k_w, ..layout })
    }

    /// Weights of the filter.
    pub(super) const fn filter_len(&self) -> usize {
        self.window.out_c * self.filter_row
    }
}

/// The inputs of one group in the window of a pixel.
pub(super) struct WindowInputs<'a, T> {
    pub(super) layout: &'a Layout,
    pub(super) pixel: &'a Pixel,
    pub(super) group: usize,
    pub(super) input: Input<'a, T>,
    /// What is added to every input.
    pub(super) input_offset: i32,
}

impl<T: Copy + Into<i32>> Inputs for WindowInputs<'_, T> {
    /// Fills the stretch with the window, from element `start` of the filter row on; 0 where padding is.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    fn gather(&self, start: usize, mut stretch: &mut [i16]) {
        let WindowInputs { pixel, group, input, input_offset, .. } = *self;
        let Layout { window, group_in_c, unit, units_per_row, .. } = *self.layout;
        let (Some(unit), Some(units_per_row)) = (NonZeroUsize::new(unit), NonZeroUsize::new(units_per_row))
        else {
            return;
        };
        let mut skipped = start % unit;
        let mut column = start / unit % units_per_row;
        let mut row = start / unit / units_per_row;
        while !stretch.is_empty() {
            let len = stretch.len().min(unit.get() - skipped);
            let Some((target, rest)) = stretch.split_at_mut_checked(len) else { return };
            // The part of the unit that lies inside the input, and the input column that it begins at.
            let (inside, x) = if !pixel.y.contains(row) {
                (0..0, 0)
            } else if units_per_row.get() == 1 {
                (pixel.x.tap * group_in_c..(pixel.x.tap + pixel.x.count) * group_in_c, pixel.x.first)
            } else if pixel.x.contains(column) {
                (0..group_in_c, pixel.x.first + (column - pixel.x.tap) * window.dilation_w)
            } else {
                (0..0, 0)
            };
            if inside.len() < unit.get() {
                target.fill(0);
            }
            if !inside.is_empty() {
                let y = pixel.y.first + (row - pixel.y.tap) * window.dilation_h;
                let at = window.in_index(pixel.batch, y, x) + group * group_in_c;
                let first = inside.start.saturating_sub(skipped);
                let end = inside.end.saturating_sub(skipped).min(len);
                let target = target.get_mut(first..end).unwrap_or(&mut []);
                gather(input.tail(at + skipped.saturating_sub(inside.start)), input_offset, target);
            }
            stretch = rest;
            skipped = 0;
            column += 1;
            if column == units_per_row.get() {
                column = 0;
                row += 1;
            }
        }
    }
}
