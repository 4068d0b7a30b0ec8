//! Filters as code: what each row adds up, as the code generator prints it.

use std::collections::BTreeMap;

use smidgen_kernels::ops::fully_connected;

use crate::kernel::Kernel;
use crate::program::{Call, Program};

/// A filter as code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// Inputs of a row.
    pub in_c: usize,
    /// What each output adds up.
    pub rows: Vec<Row>,
}

/// What an output adds up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The bias, with what the input's zero point adds.
    pub bias: i32,
    /// Each magnitude of weights once, in order; none is 0.
    pub products: Vec<Product>,
}

/// A magnitude times the inputs that are added, less those that are subtracted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Product {
    /// 1 to 128.
    pub magnitude: i32,
    /// Places of the inputs that are added.
    pub plus: Vec<usize>,
    /// Places of the inputs that are subtracted.
    pub minus: Vec<usize>,
}

/// The kernel that has the filter of another one as code; a CONV_2D of 1x1 takes each pixel for a row.
pub(super) fn kernel(kernel: Kernel) -> Option<Kernel> {
    match kernel {
        Kernel::FullyConnectedInt8(spec) if spec.filter_zero_point == 0 => {
            Some(Kernel::FullyConnectedUnrolled(spec))
        }
        Kernel::Conv2dInt8(spec) => {
            let window = spec.window;
            let pixels = [window.in_h, window.in_w];
            let is_pointwise = [window.k_h, window.k_w, window.stride_h, window.stride_w] == [1; 4]
                && pixels == [window.out_h, window.out_w]
                && spec.groups == 1;
            is_pointwise.then_some(Kernel::FullyConnectedUnrolled(fully_connected::Int8Spec {
                batches: window.batches * window.in_h * window.in_w,
                in_c: window.in_c,
                out_c: window.out_c,
                input_zero_point: spec.input_zero_point,
                filter_zero_point: 0,
                output_zero_point: spec.output_zero_point,
                act_min: spec.act_min,
                act_max: spec.act_max,
            }))
        }
        _ => None,
    }
}

impl Program {
    /// Filter and bias of a call that has them as code.
    pub fn code(&self, call: &Call) -> Option<Code> {
        let Kernel::FullyConnectedUnrolled(spec) = call.kernel else { return None };
        let bytes = |operand: usize| {
            let idx = call.operands.get(operand)?.0.constant()?;
            self.consts.get(idx.0 as usize).map(|constant| constant.bytes.as_slice())
        };
        let (filter, bias) = (bytes(1)?, bytes(2).unwrap_or_default().as_chunks::<4>().0);
        let row = |(row, weights): (usize, &[u8])| {
            let mut products: BTreeMap<i32, Product> = BTreeMap::new();
            let mut sum = 0_i32;
            for (place, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight != 0) {
                let weight = i32::from(weight.cast_signed());
                sum = sum.wrapping_add(weight);
                let product = products.entry(weight.abs()).or_default();
                product.magnitude = weight.abs();
                let places = if weight > 0 { &mut product.plus } else { &mut product.minus };
                places.push(place);
            }
            let bias = bias.get(row).map_or(0, |bytes| i32::from_le_bytes(*bytes));
            let bias = bias.wrapping_sub(sum.wrapping_mul(spec.input_zero_point));
            Row { bias, products: products.into_values().collect() }
        };
        Some(Code { in_c: spec.in_c, rows: filter.chunks(spec.in_c.max(1)).enumerate().map(row).collect() })
    }
}
