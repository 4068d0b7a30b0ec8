//! Damaged, foreign and impossible checkpoints.

use std::ops::ControlFlow;

use smidgen_ir::build::Builder;

use super::*;
use crate::examples::Examples;

fn graph(n_hidden: usize) -> Graph {
    let mut net = Builder::new("small", |parameter| vec![0.1; parameter.n_elements()]);
    let x = net.input("x", &[1, 3]);
    let x = net.fully_connected(x, n_hidden);
    let x = net.batch_normalization(x, 1e-3);
    let y = net.fully_connected(x, 2);
    net.finish(&[y]).unwrap()
}

fn checkpoint() -> Vec<u8> {
    let data = Examples { shape: vec![3], x: vec![0.5; 12], y: vec![0, 1, 0, 1], ..Examples::default() };
    let mut trainer = Trainer::new(graph(4), Config::default()).unwrap();
    trainer.epoch(&data, &mut |_| ControlFlow::Continue(())).unwrap();
    let stats = trainer.evaluate(&data).unwrap();
    trainer.record_validation(stats);
    trainer.checkpoint()
}

fn message(graph: Graph, config: Config, bytes: &[u8]) -> String {
    Trainer::resume(graph, config, bytes).map_or_else(|error| error.to_string(), |_| "resumed".into())
}

/// The same bytes with a checksum that fits.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let body = bytes.len() - 8;
    let sum = Fnv::of(&bytes[..body]).to_le_bytes();
    bytes[body..].copy_from_slice(&sum);
    bytes
}

#[test]
fn the_state_survives() {
    let bytes = checkpoint();
    let trainer = Trainer::resume(graph(4), Config::default(), &bytes).unwrap();
    assert!(trainer.checkpoint() == bytes);
    assert_eq!(trainer.epochs_done(), 1);
    assert!(trainer.best().is_some());
}

#[test]
fn every_truncation_and_every_flipped_bit_is_noticed() {
    let bytes = checkpoint();
    for len in 0..bytes.len() {
        assert!(
            message(graph(4), Config::default(), &bytes[..len]).starts_with("checkpoint: "),
            "{len} bytes"
        );
    }
    for bit in (0..bytes.len() * 8).step_by(3) {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(message(graph(4), Config::default(), &bytes).starts_with("checkpoint: "), "bit {bit}");
    }
}

#[test]
fn says_what_does_not_fit() {
    let bytes = checkpoint();
    assert!(message(graph(4), Config::default(), b"TFL3").contains("not a checkpoint"));
    assert!(message(graph(5), Config::default(), &bytes).contains("a model of another structure"));
    let config = Config { batch: 64, learning_rate: 0.5, ..Config::default() };
    let found = message(graph(4), config, &bytes);
    assert!(found.contains("batch is 64, in the checkpoint 32; learning_rate is 0.5"), "{found}");
    let mut other = bytes.clone();
    other[8] = 9;
    assert!(message(graph(4), Config::default(), &sealed(other)).contains("format version 9"));
}

#[test]
fn sound_frames_around_nonsense_are_refused() {
    let bytes = checkpoint();
    let config = Config::default();
    let mut shorter = bytes.clone();
    shorter.drain(bytes.len() - 12..bytes.len() - 8);
    assert!(message(graph(4), config.clone(), &sealed(shorter)).contains("do not have the model's sizes"));
    let mut longer = bytes.clone();
    longer.extend([0; 4]);
    assert!(message(graph(4), config.clone(), &sealed(longer)).contains("do not have the model's sizes"));
    let mut head = bytes.clone();
    head[16] = b'!';
    assert!(message(graph(4), config.clone(), &sealed(head)).contains("its head cannot be read"));
    let mut length = bytes;
    length[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(message(graph(4), config, &sealed(length)).contains("ends too early"));
}
