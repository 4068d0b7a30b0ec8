//! The list of models.

mod autoencoder;
mod bc_resnet;
mod ds_cnn;
mod fomo;
mod gaussian_mixture;
mod gru;
mod inverted_residual;
mod k_means;
mod lstm;
mod mcunet;
mod micronet_kws;
mod mobilenet_v1;
mod mobilenet_v2;
mod mobilenet_v3_small;
mod resnet_8;
mod squeezenet;
mod svdf;
mod tenet;
mod tiny_conv;
mod tiny_yolo;
mod yolo_fastest;

use crate::{Config, Entry, Task};

/// Every model, in the order in which `smidgen zoo list` prints them.
pub static MODELS: &[Entry] = &[
    mobilenet_v1::ENTRY,
    mobilenet_v2::ENTRY,
    mobilenet_v3_small::ENTRY,
    squeezenet::ENTRY,
    resnet_8::ENTRY,
    mcunet::ENTRY,
    tiny_yolo::ENTRY,
    yolo_fastest::ENTRY,
    fomo::ENTRY,
    ds_cnn::S,
    ds_cnn::M,
    ds_cnn::L,
    bc_resnet::ENTRY,
    micronet_kws::ENTRY,
    tiny_conv::ENTRY,
    svdf::ENTRY,
    tenet::ENTRY,
    lstm::ENTRY,
    gru::ENTRY,
    autoencoder::ENTRY,
    k_means::ENTRY,
    gaussian_mixture::ENTRY,
];

/// A size with width and depth 1.
const fn size(input: [usize; 3], outputs: usize) -> Config {
    Config { input, outputs, width: 1.0, depth: 1.0 }
}
