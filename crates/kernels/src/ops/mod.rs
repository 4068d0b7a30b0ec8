//! One module per operator, named after the TFLite operator in snake case.
//!
//! Tensors are row-major; images NHWC. An absent bias is an empty slice. `run` fails only when a slice has the wrong
//! length, and then leaves the output as it was.

pub mod add;
pub mod add_n;
pub mod arg_max;
pub mod arg_min;
pub mod assign_variable;
pub mod average_pool_2d;
pub mod batch_matmul;
pub mod cast;
pub mod circular_buffer;
pub mod conv_2d;
pub mod cumsum;
pub mod depthwise_conv_2d;
pub mod dequantize;
pub mod div;
pub mod equal;
pub mod floor_div;
pub mod floor_mod;
pub mod fully_connected;
pub mod greater;
pub mod greater_equal;
pub mod less;
pub mod less_equal;
pub mod logical_and;
pub mod logical_not;
pub mod logical_or;
pub mod max_pool_2d;
pub mod maximum;
pub mod mean;
pub mod minimum;
pub mod mul;
pub mod not_equal;
pub mod pad;
pub mod pow;
pub mod quantize;
pub mod read_variable;
pub mod reduce_max;
pub mod reduce_min;
pub mod relu;
pub mod relu6;
pub mod reshape;
pub mod select_v2;
pub mod signal_delay;
pub mod signal_energy;
pub mod signal_fft_auto_scale;
pub mod signal_filter_bank;
pub mod signal_filter_bank_log;
pub mod signal_filter_bank_spectral_subtraction;
pub mod signal_filter_bank_square_root;
pub mod signal_framer;
pub mod signal_irfft;
pub mod signal_overlap_add;
pub mod signal_pcan;
pub mod signal_rfft;
pub mod signal_stacker;
pub mod signal_window;
pub mod softmax;
pub mod squared_difference;
pub mod sub;
pub mod sum;
pub mod transpose_conv;

mod broadcast;
mod channels;
mod comparison;
mod dot;
mod extremes;
mod fft;
#[cfg(test)]
pub(crate) mod naive;
mod packed;
mod reduction;
mod rescaled;
mod wide_dot;
