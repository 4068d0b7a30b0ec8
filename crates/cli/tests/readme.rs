//! The commands of the README's tour work, in their order, in one folder.

mod common;

use common::{Folder, bytes, can_emulate};

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");

/// The lines of the README's `console` blocks that call `smidgen`, without the prompt and the name.
fn commands(readme: &str) -> Vec<Vec<&str>> {
    let blocks = readme.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines = blocks.flat_map(str::lines).filter_map(|line| line.strip_prefix("$ smidgen "));
    lines.map(|line| line.split_whitespace().collect()).collect()
}

#[test]
fn every_command_of_the_tour_works() {
    let folder = Folder::new();
    if !can_emulate(&folder) {
        return;
    }
    let readme = std::fs::read_to_string(README).unwrap();
    let commands = commands(&readme);
    assert!(commands.len() >= 10, "the tour has {} commands", commands.len());
    for command in &commands {
        let ran = folder.smidgen(command);
        assert_eq!(ran.code, 0, "{command:?}: {}", ran.stderr);
    }
    let outputs = ["host.bin", "device.bin", "wand/build/test.out.bin"].map(|file| bytes(&folder.path(file)));
    assert!(!outputs[0].is_empty() && outputs[0] == outputs[1] && outputs[1] == outputs[2]);
}
