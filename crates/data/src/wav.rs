//! WAV files: the header, and frames from anywhere in the file as one channel at the wanted rate.
//!
//! RIFF/WAVE as in Microsoft's Multimedia Programming Interface and Data Specifications 1.0, with
//! WAVE_FORMAT_EXTENSIBLE. PCM of 8, 16, 24 and 32 bits, float of 32 and 64, µ-law and A-law (which `hound` refuses).

use crate::DataError;
use crate::element::{Element, Stored};
use crate::resample::Resampler;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Which channel of a file with several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The mean of all.
    #[default]
    Mix,
    /// The first.
    Left,
    /// The second.
    Right,
}

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) rate_hz: u32,
    pub(crate) channels: u16,
    pub(crate) stored: Stored,
    /// First byte of the frames.
    offset: u64,
    /// Frames that the file holds.
    pub(crate) frames: usize,
}

/// Reads the header of `path`.
///
/// # Errors
/// In words: what is not as expected, and what to do.
pub(crate) fn header(path: &Path) -> Result<Header, String> {
    let mut file = File::open(path).map_err(|error| error.to_string())?;
    let file_len = file.metadata().map_err(|error| error.to_string())?.len();
    let mut head = [0; 12];
    if file_len < 12 || file.read_exact(&mut head).is_err() {
        return Err(format!("{file_len} bytes are no WAV file; record it again, or take it out"));
    }
    if !head.starts_with(b"RIFF") || !head.ends_with(b"WAVE") {
        return Err("expected a RIFF WAVE file, found other bytes; convert it to WAV".into());
    }
    let (mut at, mut format) = (12u64, None);
    while at + 8 <= file_len {
        let mut chunk = [0; 8];
        file.seek(SeekFrom::Start(at))
            .and_then(|_| file.read_exact(&mut chunk))
            .map_err(|e| e.to_string())?;
        let [i0, i1, i2, i3, l0, l1, l2, l3] = chunk;
        let len = u64::from(u32::from_le_bytes([l0, l1, l2, l3]));
        match &[i0, i1, i2, i3] {
            b"fmt " => {
                let mut bytes = vec![0; len.min(40) as usize];
                file.read_exact(&mut bytes).map_err(|_| "the chunk \"fmt \" is cut off".to_owned())?;
                format = Some(read_format(&bytes)?);
            }
            b"data" => {
                let (rate_hz, channels, stored) =
                    format.ok_or("the chunk \"data\" comes before \"fmt \"; convert the file again")?;
                // Writers to a pipe leave the length at 0 or at its largest: then the rest of the file is meant.
                let there = file_len - at - 8;
                let len = if len == 0 || len >= 0xffff_ff00 { there } else { len.min(there) };
                let frames = (len / (stored.bytes() as u64 * u64::from(channels))) as usize;
                return Ok(Header { rate_hz, channels, stored, offset: at + 8, frames });
            }
            _ => {}
        }
        at += 8 + len + len % 2;
    }
    Err("no chunk \"data\": the file is cut off; record it again, or take it out".into())
}

fn read_format(bytes: &[u8]) -> Result<(u32, u16, Stored), String> {
    let two =
        |at: usize| bytes.get(at..at + 2).map(|b| b.iter().rev().fold(0u16, |n, &b| n << 8 | u16::from(b)));
    let short = "the chunk \"fmt \" is too short";
    let (mut tag, channels, bits) = (two(0).ok_or(short)?, two(2).ok_or(short)?, two(14).ok_or(short)?);
    let rate_hz = u32::from(two(4).ok_or(short)?) | u32::from(two(6).ok_or(short)?) << 16;
    if tag == 0xfffe {
        tag = two(24).ok_or("an extensible format without its sub-format")?;
    }
    let element = match (tag, bits) {
        (1, 8) => Element::Pcm8,
        (1, 16) => Element::Pcm16,
        (1, 24) => Element::Pcm24,
        (1, 32) => Element::Pcm32,
        (3, 32) => Element::F32,
        (3, 64) => Element::F64,
        (6, 8) => Element::ALaw,
        (7, 8) => Element::MuLaw,
        _ => {
            return Err(format!(
                "format {tag} with {bits} bits; expected PCM of 8, 16, 24 or 32 bits, float of 32 or 64, µ-law or A-law: \
                 convert it to 16-bit PCM"
            ));
        }
    };
    if channels == 0 || channels > 64 || rate_hz == 0 {
        return Err(format!("{channels} channels at {rate_hz} Hz; expected 1 to 64 and a rate above 0"));
    }
    Ok((rate_hz, channels, Stored::little(element)))
}

/// A stretch of a file as an item of a set.
#[derive(Debug, Clone)]
pub(crate) struct Clip {
    pub(crate) path: PathBuf,
    pub(crate) header: Header,
    /// First row at the wanted rate.
    pub(crate) first_row: usize,
    pub(crate) gain: f32,
}

/// WAV files as items of one channel at one rate.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) rate_hz: u32,
    pub(crate) channel: Channel,
    pub(crate) clips: Vec<Clip>,
    resamplers: BTreeMap<u32, Resampler>,
}

impl Files {
    pub(crate) fn new(rate_hz: u32, channel: Channel) -> Self {
        Files { rate_hz, channel, clips: Vec::new(), resamplers: BTreeMap::new() }
    }

    /// Takes a file in: its number and its rows at the wanted rate.
    pub(crate) fn add(&mut self, path: &Path, header: Header) -> Result<(u64, usize), DataError> {
        let mut rows = header.frames;
        if header.rate_hz != self.rate_hz {
            let resampler = match self.resamplers.get(&header.rate_hz) {
                Some(resampler) => resampler,
                None => {
                    let made = Resampler::new(header.rate_hz, self.rate_hz)?;
                    self.resamplers.entry(header.rate_hz).or_insert(made)
                }
            };
            rows = resampler.output_len(header.frames);
        }
        self.clips.push(Clip { path: path.to_owned(), header, first_row: 0, gain: 1.0 });
        Ok((self.clips.len() as u64 - 1, rows))
    }

    /// Rows `first…` of clip `place`.
    pub(crate) fn read(&self, place: u64, first: usize, out: &mut [f32]) -> Result<(), DataError> {
        let Some(clip) = usize::try_from(place).ok().and_then(|at| self.clips.get(at)) else {
            return Err(DataError::Options("an item without a file".into()));
        };
        let first = clip.first_row + first;
        match self.resamplers.get(&clip.header.rate_hz).filter(|_| clip.header.rate_hz != self.rate_hz) {
            None => self.frames(clip, first as i64, out)?,
            Some(resampler) => {
                let (start, n) = resampler.needs(first, out.len());
                let mut input = vec![0.0; n];
                self.frames(clip, start, &mut input)?;
                resampler.run(first, &input, out);
            }
        }
        if clip.gain != 1.0 {
            out.iter_mut().for_each(|value| *value *= clip.gain);
        }
        Ok(())
    }

    /// Frames from `first` on at the file's rate, one channel; 0 outside of the file.
    fn frames(&self, clip: &Clip, first: i64, out: &mut [f32]) -> Result<(), DataError> {
        let io = |source| DataError::Io { path: clip.path.clone(), source };
        let (header, channels) = (&clip.header, usize::from(clip.header.channels));
        out.fill(0.0);
        let n_before = usize::try_from(-first).unwrap_or(0).min(out.len());
        let from = usize::try_from(first).unwrap_or(0).min(header.frames);
        let n = (out.len() - n_before).min(header.frames - from);
        let width = header.stored.bytes() * channels;
        let mut bytes = vec![0; n * width];
        let mut file = File::open(&clip.path).map_err(io)?;
        file.seek(SeekFrom::Start(header.offset + (from * width) as u64)).map_err(io)?;
        file.read_exact(&mut bytes).map_err(io)?;
        let mut values = vec![0.0; n * channels];
        header.stored.decode(&bytes, &mut values);
        for (value, frame) in out.iter_mut().skip(n_before).zip(values.chunks_exact(channels)) {
            *value = match self.channel {
                Channel::Mix => frame.iter().sum::<f32>() / channels as f32,
                Channel::Left => frame.first().copied().unwrap_or(0.0),
                Channel::Right => frame.get(1).or(frame.first()).copied().unwrap_or(0.0),
            };
            if !value.is_finite() {
                let message = format!("{}: a sample is not a finite number", clip.path.display());
                return Err(DataError::Options(message));
            }
        }
        Ok(())
    }
}

/// The speaker and take of a Speech Commands name: what stands before `_nohash_`, without a word in front of it.
pub(crate) fn speaker(stem: &str) -> Option<&str> {
    let (speaker, _) = stem.split_once("_nohash_")?;
    Some(speaker.rsplit('_').next().unwrap_or(speaker))
}
