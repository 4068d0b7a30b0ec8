//! Reading and writing whole files: what stands under a final name is always complete.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// Reads a whole file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| read_error(path, &error))
}

/// Reads a whole text file.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| read_error(path, &error))
}

fn read_error(path: &Path, error: &io::Error) -> Error {
    let help = match error.kind() {
        ErrorKind::NotFound => "check the name; paths are relative to the current folder",
        ErrorKind::PermissionDenied => "give yourself the right to read it",
        ErrorKind::InvalidData => "the file must be UTF-8 text",
        ErrorKind::IsADirectory => "name a file, not a folder",
        _ => "check the disk",
    };
    Error::input(format!("the file cannot be read: {error}")).at(path.display()).help(help)
}

/// Makes a folder and those above it.
pub(crate) fn make_dir(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| write_error("folder", path, &error))
}

/// Writes a whole file: under a temporary name beside it, then renamed, so that a reader or a crash never meets half
/// of it. The folder is made where it is missing.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        make_dir(dir)?;
    }
    let partial = partial_name(path);
    let written = write_through(&partial, bytes).and_then(|()| fs::rename(&partial, path));
    written.map_err(|error| {
        // The error that stopped the writing is the one to tell.
        let _ = fs::remove_file(&partial);
        write_error("file", path, &error)
    })
}

fn write_through(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// `dir/.name.partial`
pub(crate) fn partial_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.partial"))
}

pub(crate) fn write_error(what: &str, path: &Path, error: &io::Error) -> Error {
    let help = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "free some space on the disk, or choose another folder; nothing was left half written"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "choose a folder that you may write to (option --out or -o)"
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "a file stands where a folder is needed: move it away"
        }
        _ => "check the disk, or choose another folder",
    };
    Error::input(format!("the {what} cannot be written: {error}")).at(path.display()).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_whole_files_and_makes_folders() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/c.bin");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_full_disk_is_told_and_leaves_nothing() {
        let full = Path::new("/dev/full");
        if !full.exists() {
            println!("skipped: no /dev/full here");
            return;
        }
        let error = write_through(full, b"x").unwrap_err();
        let error = write_error("file", Path::new("model.tflite"), &error);
        assert!(error.to_string().contains("free some space"), "{error}");
        assert!(error.to_string().contains("model.tflite"), "{error}");
    }

    #[test]
    fn a_file_in_the_place_of_a_folder_is_told() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("out"), "").unwrap();
        let error = write(&dir.path().join("out/model.tflite"), b"x").unwrap_err().to_string();
        assert!(error.contains("cannot be written") && error.contains("out"), "{error}");
        let error = read(&dir.path().join("missing.bin")).unwrap_err().to_string();
        assert!(error.contains("missing.bin") && error.contains("check the name"), "{error}");
    }
}
