//! Shared models by path.

use std::fs;
use std::path::{Path, PathBuf};

/// Every `.tflite` below `folder`, sorted by path.
pub(crate) fn tflite_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension() {
                _ if path.is_dir() => folders.push(path),
                Some(kind) if kind == "tflite" => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    files
}
