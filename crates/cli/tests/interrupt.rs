//! A training that is stopped, by Ctrl-C or by `kill -9`, goes on to the same bytes as an undisturbed one.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod common;

use common::{Folder, bytes, ran};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

const EPOCHS: &str = "60";
const RESULTS: [&str; 3] = ["build/checkpoint.bin", "build/float.tflite", "build/training.json"];

/// Trains until an epoch is told, sends `signal`, and returns the exit status and what followed on stderr.
fn stopped(folder: &Folder, project: &str, signal: &str) -> (Option<i32>, String) {
    let mut command = folder.command(&["train", project, "--epochs", EPOCHS]);
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let told = lines.by_ref().map_while(Result::ok).any(|line| line.contains("epoch  2/60"));
    assert!(told, "no second epoch");
    let id = child.id().to_string();
    assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    (child.wait().unwrap().code(), rest.join("\n"))
}

#[test]
fn a_stopped_training_resumes_to_the_same_bytes() {
    let folder = Folder::new();
    let undisturbed = folder.small_project("undisturbed");
    assert_eq!(folder.smidgen(&["train", "undisturbed", "--epochs", EPOCHS, "--quiet"]).code, 0);
    for (project, signal) in [("ctrl-c", "-INT"), ("killed", "-KILL")] {
        let dir = folder.small_project(project);
        let text = std::fs::read_to_string(dir.join("smidgen.toml")).unwrap();
        std::fs::write(dir.join("smidgen.toml"), text.replace(&format!("\"{project}\""), "\"undisturbed\""))
            .unwrap();
        let (code, rest) = stopped(&folder, project, signal);
        if signal == "-INT" {
            assert_eq!(code, Some(130), "{rest}");
            assert!(rest.contains("training was stopped") && rest.contains("--resume"), "{rest}");
        } else {
            assert_eq!(code, None, "ended by the signal: {rest}");
        }
        assert!(!dir.join("build/float.tflite").exists(), "{project} was stopped before its end");
        let resumed = ran(folder.command(&["train", project, "--resume"]).output().unwrap());
        assert_eq!(resumed.code, 0, "{}", resumed.stderr);
        assert!(!resumed.stderr.contains("epoch  1/60"), "it begins again: {}", resumed.stderr);
        for result in RESULTS {
            assert!(
                bytes(&dir.join(result)) == bytes(&undisturbed.join(result)),
                "{project}: {result} differs"
            );
        }
    }
}

#[test]
fn a_checkpoint_of_other_settings_is_refused() {
    let folder = Folder::new();
    let dir = folder.small_project("wand");
    assert_eq!(folder.smidgen(&["train", "wand", "--epochs", "1", "--quiet"]).code, 0);
    let other = folder.smidgen(&["train", "wand", "--resume", "--seed", "9"]);
    assert_eq!(other.code, 2);
    assert!(other.stderr.contains("the seed differs"), "{}", other.stderr);
    std::fs::write(dir.join("build/checkpoint.bin"), "half a check").unwrap();
    let damaged = folder.smidgen(&["train", "wand", "--resume"]);
    assert_eq!(damaged.code, 2);
    assert!(
        damaged.stderr.contains("cannot be used") && damaged.stderr.contains("checkpoint.bin"),
        "{}",
        damaged.stderr
    );
}

#[test]
fn a_checkpoint_of_other_recordings_is_refused() {
    let folder = Folder::new();
    let dir = folder.small_project("wand");
    let data = dir.join("data/all.jsonl");
    let generate = |seed: &str| {
        let data = data.to_str().unwrap();
        folder.smidgen(&["data", "generate", "-o", data, "--people", "4", "--seed", seed, "--quiet"])
    };
    let path = dir.join("smidgen.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replacen("source = \"generated\"", "source = \"json_lines\"\npath = \"data\"", 1);
    std::fs::write(&path, text).unwrap();
    assert_eq!(generate("1").code, 0);
    assert_eq!(folder.smidgen(&["train", "wand", "--epochs", "1", "--quiet"]).code, 0);
    assert_eq!(folder.smidgen(&["train", "wand", "--resume", "--quiet"]).code, 0, "nothing is left to do");
    assert_eq!(generate("2").code, 0);
    let changed = folder.smidgen(&["train", "wand", "--resume"]);
    assert_eq!(changed.code, 2);
    assert!(changed.stderr.contains("other recordings"), "{}", changed.stderr);
}
