//! `Pool2DOptions`, which AVERAGE_POOL_2D, MAX_POOL_2D and L2_POOL_2D share.

use smidgen_ir::{Activation, Padding};

use super::{Options, Source};
use crate::findings::Fault;
use crate::schema::{options, pool_2d_options as field};

/// The attributes of a pool; extents are height before width.
pub(super) struct Pool2d {
    pub(super) window: [usize; 2],
    pub(super) stride: [usize; 2],
    pub(super) padding: Padding,
    pub(super) activation: Activation,
}

impl Pool2d {
    pub(super) fn read(source: &Source<'_>) -> Result<Self, Fault> {
        let fields = source.options(options::POOL_2D)?;
        Ok(Pool2d {
            window: fields.extents("window", field::FILTER_HEIGHT, field::FILTER_WIDTH, 0)?,
            stride: fields.extents("stride", field::STRIDE_H, field::STRIDE_W, 0)?,
            padding: fields.padding(field::PADDING)?,
            activation: fields.activation(field::ACTIVATION)?,
        })
    }

    pub(super) fn write(self) -> Options {
        let Pool2d { window: [window_h, window_w], stride: [stride_h, stride_w], padding, activation } = self;
        Options::new(options::POOL_2D)
            .padding(field::PADDING, padding)
            .size(field::STRIDE_W, stride_w)
            .size(field::STRIDE_H, stride_h)
            .size(field::FILTER_WIDTH, window_w)
            .size(field::FILTER_HEIGHT, window_h)
            .activation(field::ACTIVATION, activation)
    }
}
