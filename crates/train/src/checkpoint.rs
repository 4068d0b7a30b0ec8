//! Checkpoints: the state after an epoch as bytes, so that a run goes on as if it had never stopped.
//!
//! Layout, little endian: magic (8 bytes), version (u32), length of the head (u32), head (JSON: what the run is, its
//! counters and history), the trained values, both moments, the moving values and, where there are some, the averaged
//! trained and moving values, the best trained and the best moving values (f32), and the FNV-1a hash of all that (u64).

use serde::{Deserialize, Serialize};
use smidgen_ir::Graph;

use crate::config::Config;
use crate::error::TrainError;
use crate::optimizer::Moments;
use crate::parameters::Parameters;
use crate::trainer::{Best, EpochStats, State, Stats, Trainer};

const MAGIC: &[u8; 8] = b"SMDGTRN\0";
const VERSION: u32 = 3;

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    /// Identity of the graph's structure.
    graph: u64,
    config: Config,
    epoch: u64,
    step: u64,
    best: Option<(u64, Stats)>,
    history: Vec<EpochStats>,
}

/// FNV-1a, 64 bits: any change of one byte changes it.
#[derive(Debug, Clone, Copy)]
struct Fnv(u64);

impl Fnv {
    fn of(bytes: &[u8]) -> u64 {
        let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
        hash.add(bytes);
        hash.0
    }

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

/// Identity of a model: everything but the values that training changes.
fn identity(graph: &Graph, parameters: &Parameters) -> u64 {
    let mut hash = Fnv(Fnv::of(b"smidgen model"));
    let Graph { name: _, tensors, nodes, inputs, outputs, dialect, meta: _ } = graph;
    hash.add(format!("{nodes:?} {inputs:?} {outputs:?} {dialect:?}").as_bytes());
    for (at, tensor) in (0u32..).zip(tensors) {
        hash.add(format!("{:?} {:?}", tensor.shape, tensor.dtype).as_bytes());
        if parameters.find(smidgen_ir::TensorIdx(at)).is_none() {
            hash.add(tensor.data.as_deref().unwrap_or(&[]));
        }
    }
    hash.0
}

fn refuse<T>(problem: impl Into<String>) -> Result<T, TrainError> {
    Err(TrainError::Checkpoint(problem.into()))
}

fn word(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (word, rest) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*word), rest))
}

/// Checks the frame; returns the head's text and the tensors' bytes.
fn open(bytes: &[u8]) -> Result<(&[u8], &[u8]), TrainError> {
    let Some(rest) = bytes.strip_prefix(MAGIC) else {
        return refuse("this is not a checkpoint of the trainer; give the file that training wrote");
    };
    let truncated =
        || TrainError::Checkpoint("the file ends too early; take an older one or start afresh".into());
    let (version, rest) = word(rest).ok_or_else(truncated)?;
    if version != VERSION {
        return refuse(format!(
            "format version {version}, expected {VERSION}; it is of another version of Smidgen"
        ));
    }
    let (_, sum) = bytes.split_last_chunk::<8>().ok_or_else(truncated)?;
    let body = rest.len().checked_sub(8).and_then(|len| rest.get(..len)).ok_or_else(truncated)?;
    if Fnv::of(&bytes[..bytes.len() - 8]) != u64::from_le_bytes(*sum) {
        return refuse(
            "the checksum does not match: the file is damaged or cut off; take an older one or start afresh",
        );
    }
    let (len, body) = word(body).ok_or_else(truncated)?;
    body.split_at_checked(len as usize).ok_or_else(truncated)
}

/// Says which fields of two configurations differ.
fn check_config(found: &Config, expected: &Config) -> Result<(), TrainError> {
    if found == expected {
        return Ok(());
    }
    let fields = |config: &Config| match serde_json::to_value(config) {
        Ok(serde_json::Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let found = fields(found);
    let differ = |(name, value): (String, serde_json::Value)| match found.get(&name) {
        Some(other) if *other == value => None,
        other => Some(format!(
            "{name} is {value}, in the checkpoint {}",
            other.unwrap_or(&serde_json::Value::Null)
        )),
    };
    let list: Vec<String> = fields(expected).into_iter().filter_map(differ).collect();
    refuse(format!("made with another configuration ({}); go back to it or start afresh", list.join("; ")))
}

/// Takes `n` values off the front.
fn take(bytes: &mut &[u8], n: usize) -> Option<Vec<f32>> {
    let (values, rest) = bytes.split_at_checked(n.checked_mul(4)?)?;
    *bytes = rest;
    Some(
        values.chunks_exact(4).map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect(),
    )
}

fn state(head: Head, mut bytes: &[u8], parameters: &Parameters, is_averaged: bool) -> Option<State> {
    let (n_trained, n_moving) = (parameters.n_trained, parameters.n_moving);
    let params = take(&mut bytes, n_trained)?;
    let first = take(&mut bytes, n_trained)?;
    let second = take(&mut bytes, n_trained)?;
    let moving = take(&mut bytes, n_moving)?;
    let average = if is_averaged { take(&mut bytes, n_trained + n_moving)? } else { Vec::new() };
    let best = match head.best {
        None => None,
        Some((epoch, stats)) => {
            let params = take(&mut bytes, n_trained)?;
            Some(Best { epoch, stats, params, moving: take(&mut bytes, n_moving)? })
        }
    };
    let moments = Moments { first, second };
    let Head { step, epoch, history, .. } = head;
    bytes.is_empty().then_some(State { step, epoch, params, moving, moments, average, best, history })
}

impl Trainer {
    /// The state after the last whole epoch, for [`Trainer::resume`]. The same state gives the same bytes.
    pub fn checkpoint(&self) -> Vec<u8> {
        let State { step, epoch, params, moving, moments, average, best, history } = &self.state;
        let head = Head {
            graph: identity(&self.graph, &self.network.parameters),
            config: self.config.clone(),
            epoch: *epoch,
            step: *step,
            best: best.as_ref().map(|best| (best.epoch, best.stats)),
            history: history.clone(),
        };
        // A struct of numbers and lists always has a JSON form.
        let head = serde_json::to_vec(&head).unwrap_or_default();
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend((head.len() as u32).to_le_bytes());
        bytes.extend(head);
        let mut tensors = vec![params, &moments.first, &moments.second, moving, average];
        if let Some(best) = best {
            tensors.extend([&best.params, &best.moving]);
        }
        bytes.extend(tensors.into_iter().flatten().flat_map(|value| value.to_le_bytes()));
        bytes.extend(Fnv::of(&bytes).to_le_bytes());
        bytes
    }

    /// A trainer that goes on where `checkpoint` was made. `graph` gives the structure (its weights do not matter) and
    /// must be that of the checkpoint, and `config` too.
    ///
    /// Errors: bytes that are not a checkpoint, or a damaged one; a checkpoint of another model or configuration; and
    /// all of [`Trainer::new`].
    pub fn resume(graph: Graph, config: Config, checkpoint: &[u8]) -> Result<Self, TrainError> {
        let (head, tensors) = open(checkpoint)?;
        let head: Head = match serde_json::from_slice(head) {
            Ok(head) => head,
            Err(error) => return refuse(format!("its head cannot be read ({error}); start afresh")),
        };
        let mut trainer = Trainer::new(graph, config)?;
        if head.graph != identity(&trainer.graph, &trainer.network.parameters) {
            return refuse("it belongs to a model of another structure; give that model or start afresh");
        }
        check_config(&head.config, &trainer.config)?;
        match state(head, tensors, &trainer.network.parameters, trainer.config.ema_decay.is_some()) {
            Some(state) => trainer.state = state,
            None => return refuse("its tensors do not have the model's sizes; start afresh"),
        }
        Ok(trainer)
    }
}

#[cfg(test)]
mod tests;
