//! The text of front ends: constants, imports, and the call that makes each.

use super::{FrontEnd, FrontEndText, IN_LINE, Table};
use crate::CodegenError;
use smidgen_features::mel::MelBank;
use smidgen_features::{InvalidSpec, mfcc, micro_speech, spectral, wavelet};
use std::fmt::Debug;

/// The text of a front end.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) imports: Vec<&'static str>,
    pub(super) tables: Vec<Table>,
    pub(super) text: Option<FrontEndText>,
    /// Samples of a frame and to the next, and its features.
    pub(super) frames: Option<(usize, usize, usize)>,
    pub(super) step: String,
}

impl Made {
    /// The text of `front_end`.
    ///
    /// # Errors
    /// Tables that do not fit the specification.
    pub(super) fn of(front_end: &FrontEnd) -> Result<Self, CodegenError> {
        let wrong = |error: InvalidSpec| CodegenError::Pipeline(error.to_string());
        Ok(match front_end {
            FrontEnd::None => Made::default(),
            FrontEnd::Mfcc {
                spec,
                tables: [window, twiddles, split, dct],
                mel: (starts, widths, weights),
                hop,
            } => {
                let tables = vec![
                    table("WINDOW", "f32", window),
                    table("TWIDDLES", "f32", twiddles),
                    table("SPLIT", "f32", split),
                    table("STARTS", "u16", starts),
                    table("WIDTHS", "u16", widths),
                    table("WEIGHTS", "f32", weights),
                    table("DCT", "f32", dct),
                ];
                let arguments = format!(
                    "\n    {spec:?},\n    Tables {{\n        window: &tables::WINDOW,\n        twiddles: &tables::TWIDDLES,\n        \
                     split: &tables::SPLIT,\n        mel: MelBank {{ starts: &tables::STARTS, widths: &tables::WIDTHS, \
                     weights: &tables::WEIGHTS }},\n        dct: {},\n    }},\n",
                    if dct.is_empty() { "&[]" } else { "&tables::DCT" }
                );
                let made =
                    mfcc::Tables { window, twiddles, split, mel: MelBank { starts, widths, weights }, dct };
                let made = mfcc::Mfcc::new(*spec, made).map_err(wrong)?;
                let text = FrontEndText {
                    path: "Mfcc",
                    arguments,
                    elem: "f32",
                    scratch: Some(made.scratch_len()),
                    state: None,
                };
                Made {
                    imports: vec![
                        "smidgen_features::mel::MelBank",
                        match spec.log {
                            mfcc::Log::Floor(_) => "smidgen_features::mfcc::Log::Floor",
                            mfcc::Log::Offset(_) => "smidgen_features::mfcc::Log::Offset",
                        },
                        match spec.power {
                            mfcc::Power::Magnitude => "smidgen_features::mfcc::Power::Magnitude",
                            mfcc::Power::Energy => "smidgen_features::mfcc::Power::Energy",
                        },
                        "smidgen_features::mfcc::{Mfcc, Spec, Tables}",
                    ],
                    tables,
                    text: Some(text),
                    frames: Some((spec.frame, *hop, made.n_features())),
                    step: String::new(),
                }
            }
            FrontEnd::MicroSpeech { tables, step, hop } => {
                let field =
                    |(name, _): &(&str, _)| format!("        {name}: &tables::{},\n", name.to_uppercase());
                let fields: String = tables.iter().map(field).collect();
                let text = FrontEndText {
                    path: "MicroSpeech",
                    arguments: format!("Tables {{\n{fields}    }}"),
                    elem: "i8",
                    scratch: None,
                    state: Some("State"),
                };
                Made {
                    imports: vec!["smidgen_features::micro_speech::{MicroSpeech, State, Tables}"],
                    tables: tables.iter().map(|(name, values)| table(name, "i16", values)).collect(),
                    text: Some(text),
                    frames: Some((micro_speech::FRAME, *hop, micro_speech::CHANNELS)),
                    step: format!("{step:?}"),
                }
            }
            FrontEnd::Wavelet { spec, low } => Made {
                imports: vec!["smidgen_features::wavelet::{Spec, Wavelet}"],
                tables: vec![table("LOW", "f32", low)],
                text: Some(FrontEndText {
                    path: "Wavelet",
                    arguments: format!("{spec:?}, &tables::LOW"),
                    elem: "f32",
                    scratch: Some(wavelet::Wavelet::new(*spec, low).map_err(wrong)?.scratch_len()),
                    state: None,
                }),
                frames: None,
                step: String::new(),
            },
            FrontEnd::Spectral { spec, tables: [window, twiddles, split], edges } => {
                let arguments = format!(
                    "\n    {spec:?},\n    Tables {{\n        window: &tables::WINDOW,\n        twiddles: &tables::TWIDDLES,\n        \
                     split: &tables::SPLIT,\n        edges: {},\n    }},\n",
                    if edges.is_empty() { "&[]" } else { "&tables::EDGES" }
                );
                let made = spectral::Tables { window, twiddles, split, edges };
                let made = spectral::Spectral::new(*spec, made).map_err(wrong)?;
                let text = FrontEndText {
                    path: "Spectral",
                    arguments,
                    elem: "f32",
                    scratch: Some(made.scratch_len()),
                    state: None,
                };
                Made {
                    imports: vec!["smidgen_features::spectral::{Spec, Spectral, Tables}"],
                    tables: vec![
                        table("WINDOW", "f32", window),
                        table("TWIDDLES", "f32", twiddles),
                        table("SPLIT", "f32", split),
                        table("EDGES", "u16", edges),
                    ],
                    text: Some(text),
                    frames: None,
                    step: String::new(),
                }
            }
        })
    }
}

pub(super) fn table(name: &str, elem: &'static str, values: &[impl Debug]) -> Table {
    let line = |values: &[_]| {
        values.iter().map(|value| format!("{value:?}, ")).collect::<String>().trim_end().to_owned()
    };
    Table {
        name: name.to_uppercase(),
        elem,
        len: values.len(),
        lines: values.chunks(IN_LINE).map(line).collect(),
    }
}
