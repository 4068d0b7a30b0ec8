//! A pipeline on a stream of samples: what it heard, what it cost, and whether host and device agree.

use serde::{Deserialize, Serialize};

use crate::{Agreement, Profile};

/// A class that the pipeline told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// End of the window that decided, s from the beginning of the stream.
    pub time_s: f64,
    /// The class.
    pub class: String,
    /// Its averaged score.
    pub score: f32,
}

/// Firmware that takes samples in and tells classes, over one recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stream {
    /// What was streamed.
    pub source: String,
    /// How long it is; 0 where nobody says the rate.
    pub seconds: f64,
    /// Rows a second.
    pub rate_hz: f32,
    /// Rows from one inference to the next.
    pub stride: usize,
    /// What was detected, in order.
    pub detections: Vec<Detection>,
    /// Recordings in it whose class can be detected; absent where nothing is known of the stream.
    pub events: Option<u64>,
    /// Those that were detected as what they are.
    pub hits: u64,
    /// Detections that are not of the recording at their time.
    pub false_alarms: u64,
    /// Outputs, averaged scores and detections of host and device compared.
    pub agreement: Agreement,
    /// Flash and RAM of front end, model and decision together.
    pub profile: Profile,
    /// Instructions of a frame without an inference; absent where each push makes one.
    pub frame_instructions: Option<u64>,
    /// Frames a second.
    pub frames_per_second: f64,
    /// Instructions of a frame with an inference.
    pub inference_instructions: u64,
    /// Inferences a second.
    pub inferences_per_second: f64,
    /// Core clock of the board, Hz.
    pub clock_hz: u64,
}

impl Stream {
    /// Instructions that a second of the stream takes; absent where nobody says the rate.
    pub fn instructions_per_second(&self) -> Option<f64> {
        let frame = self.frame_instructions.unwrap_or(0) as f64;
        let without = (self.frames_per_second - self.inferences_per_second).max(0.0);
        let all = frame * without + self.inference_instructions as f64 * self.inferences_per_second;
        (self.rate_hz > 0.0).then_some(all)
    }
}
