//! `smidgen data get`: public data sets from their makers, resumed where a download broke off, checked before they are used.

mod sets;

pub use sets::{File, Set, all};

use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};

use crate::events::{Event, Observer};
use crate::{Error, Result, files};

/// How often a download that broke off is taken up again without a new byte.
const MAX_TRIES: u32 = 4;

/// How long nothing may come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes between two pieces of news.
const CHUNK: usize = 1 << 16;

/// How downloads behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How long nothing may come.
    pub patience: Duration,
    /// How long to wait before a try, times the number of tries.
    pub pause: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options { patience: PATIENCE, pause: Duration::from_secs(1) }
    }
}

/// The set called `name`.
///
/// # Errors
/// An unknown name, with those that are known.
pub fn find(name: &str) -> Result<Set> {
    let sets = all();
    let names: Vec<String> = sets.iter().map(|set| set.name.clone()).collect();
    sets.into_iter().find(|set| set.name == name).ok_or_else(|| {
        Error::input(format!("there is no data set \"{name}\""))
            .help(format!("the sets are: {}", names.join(", ")))
    })
}

/// Downloads `set` into `dir`, which gets a note of where it came from when all of it is there; a set that is there already
/// is left as it is.
///
/// # Errors
/// A server that cannot be reached or gives something else, a checksum that is wrong, a full disk; interrupted when the
/// observer asks to stop. What has come so far stays for the next try, but for bytes with a wrong checksum.
pub fn get(set: &Set, dir: &Path, options: Options, observer: &mut dyn Observer) -> Result<()> {
    let note = dir.join("SOURCE.md");
    if note.exists() {
        observer.event(Event::Note(&format!("{} is there already: {}", set.name, dir.display())));
        return Ok(());
    }
    files::make_dir(dir)?;
    for file in &set.files {
        let path = fetch(file, dir, options, observer)?;
        if path.to_string_lossy().ends_with(".tar.gz") {
            unpack(&path, dir, observer)?;
        }
        observer.event(Event::Wrote(&path));
    }
    let list: String =
        set.files.iter().map(|file| format!("* {} (SHA-256 {})\n", file.url, file.sha256)).collect();
    let text = format!("# {}\nLicence: {}\n\n{list}", set.title, set.licence);
    files::write(&note, text.as_bytes())
}

/// The last part of the address.
fn name(file: &File) -> &str {
    file.url.rsplit('/').next().unwrap_or(&file.url)
}

/// Downloads a file, or what is missing of it.
fn fetch(file: &File, dir: &Path, options: Options, observer: &mut dyn Observer) -> Result<PathBuf> {
    let (path, partial) = (dir.join(name(file)), dir.join(format!("{}.part", name(file))));
    if path.exists() && digest(&path)? == file.sha256 {
        return Ok(path);
    }
    observer.event(Event::Begin(&format!("Downloading {}", name(file))));
    let agent = ureq::Agent::new_with_config(
        ureq::Agent::config_builder()
            .timeout_connect(Some(options.patience))
            .timeout_recv_response(Some(options.patience))
            .http_status_as_error(false)
            .build(),
    );
    let mut tries = 0;
    loop {
        let before = length(&partial);
        if before == file.bytes {
            break;
        }
        match part(&agent, file, &partial, options, observer) {
            Ok(()) if length(&partial) == file.bytes => break,
            Ok(()) => {}
            Err(Failure::Stopped(error)) => return Err(error),
            Err(Failure::Again(message)) if tries + 1 >= MAX_TRIES && length(&partial) <= before => {
                return Err(Error::input(format!("the download broke off: {message}"))
                    .at(&file.url)
                    .help("the same command goes on where it ended; is there a way to the internet?"));
            }
            Err(Failure::Again(message)) => observer.event(Event::Note(&format!("{message}; trying again"))),
        }
        tries = if length(&partial) > before { 0 } else { tries + 1 };
        if tries >= MAX_TRIES {
            return Err(Error::input(format!(
                "the server gives {} of {} bytes and no more",
                length(&partial),
                file.bytes
            ))
            .at(&file.url)
            .help("the same command tries again; the makers may have moved the file"));
        }
        std::thread::sleep(options.pause * tries);
    }
    let found = digest(&partial)?;
    if found != file.sha256 {
        // Bytes that are wrong cannot be gone on from.
        let _ = fs::remove_file(&partial);
        return Err(Error::input(format!("the checksum is {found}, expected {}", file.sha256))
            .at(&file.url)
            .help("the file was damaged on its way or changed by its makers; it was removed: try again"));
    }
    fs::rename(&partial, &path).map_err(|error| files::write_error("file", &path, &error))?;
    Ok(path)
}

fn length(path: &Path) -> u64 {
    path.metadata().map_or(0, |data| data.len())
}

/// Why a part of a download did not come.
enum Failure {
    /// Another try may help.
    Again(String),
    /// It cannot, or the user asked to stop.
    Stopped(Error),
}

/// Appends what the server gives of the rest of the file.
fn part(
    agent: &ureq::Agent,
    file: &File,
    partial: &Path,
    options: Options,
    observer: &mut dyn Observer,
) -> std::result::Result<(), Failure> {
    let there = length(partial);
    let request = agent.get(&file.url).config().timeout_recv_body(None).build();
    let request = if there > 0 { request.header("Range", format!("bytes={there}-")) } else { request };
    let response = request.call().map_err(|error| Failure::Again(error.to_string()))?;
    let status = response.status().as_u16();
    let from = match status {
        206 => there,
        200 => 0,
        // What is there is longer than the file: start again.
        416 => {
            let _ = fs::remove_file(partial);
            return Err(Failure::Again("the server has fewer bytes".into()));
        }
        500..=599 | 408 | 429 => return Err(Failure::Again(format!("the server answers {status}"))),
        _ => {
            return Err(Failure::Stopped(
                Error::input(format!("the server answers {status}"))
                    .at(&file.url)
                    .help("the makers may have moved the file; download it by hand and name the folder in data.path"),
            ));
        }
    };
    let write_error = |error: &io::Error| Failure::Stopped(files::write_error("file", partial, error));
    let mut out = fs::OpenOptions::new().create(true).write(true).truncate(false).open(partial);
    let out = out.as_mut().map_err(|error| write_error(error))?;
    out.set_len(from).and_then(|()| out.seek(SeekFrom::Start(from))).map_err(|error| write_error(&error))?;
    let mut body = Patient::new(response.into_body().into_reader(), options.patience);
    let (mut chunk, mut done) = (vec![0; CHUNK], from);
    while done < file.bytes {
        if observer.stop() {
            return Err(Failure::Stopped(
                Error::interrupted("the download was stopped")
                    .at(partial.display())
                    .help("the same command goes on"),
            ));
        }
        let n = match body.read(&mut chunk) {
            Ok(0) => {
                return Err(Failure::Again(format!("the server ended after {done} of {} bytes", file.bytes)));
            }
            Ok(n) => n.min((file.bytes - done) as usize),
            Err(error) => return Err(Failure::Again(format!("after {done} bytes: {error}"))),
        };
        out.write_all(chunk.get(..n).unwrap_or_default()).map_err(|error| write_error(&error))?;
        done += n as u64;
        observer.event(Event::Progress { done, total: file.bytes, unit: "bytes" });
    }
    Ok(())
}

/// A reader that gives up when nothing comes for a while: it reads in a thread of its own, because the time limits of
/// the connection are for the whole of an answer.
struct Patient {
    chunks: std::sync::mpsc::Receiver<io::Result<Vec<u8>>>,
    rest: Vec<u8>,
    patience: Duration,
}

impl Patient {
    fn new(mut reader: impl Read + Send + 'static, patience: Duration) -> Self {
        let (send, chunks) = std::sync::mpsc::sync_channel(4);
        std::thread::spawn(move || {
            loop {
                let mut chunk = vec![0; CHUNK];
                let read = reader.read(&mut chunk).map(|n| {
                    chunk.truncate(n);
                    chunk
                });
                let is_last = !matches!(&read, Ok(chunk) if !chunk.is_empty());
                // Nobody listens any more when the download was given up.
                if send.send(read).is_err() || is_last {
                    return;
                }
            }
        });
        Patient { chunks, rest: Vec::new(), patience }
    }
}

impl Read for Patient {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            self.rest = match self.chunks.recv_timeout(self.patience) {
                Ok(chunk) => chunk?,
                Err(_) => {
                    let message = format!("nothing came for {} s", self.patience.as_secs_f32());
                    return Err(io::Error::new(io::ErrorKind::TimedOut, message));
                }
            };
        }
        let n = self.rest.len().min(out.len());
        for (place, byte) in out.iter_mut().zip(self.rest.drain(..n)) {
            *place = byte;
        }
        Ok(n)
    }
}

fn digest(path: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    let copied = fs::File::open(path).and_then(|mut file| io::copy(&mut file, &mut hash));
    copied.map_err(|error| Error::input(format!("the file cannot be read: {error}")).at(path.display()))?;
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Unpacks an archive into `dir`; no entry leaves it. The archive goes when all of it is there.
fn unpack(archive: &Path, dir: &Path, observer: &mut dyn Observer) -> Result<()> {
    observer.event(Event::Begin(&format!("Unpacking {}", archive.display())));
    let wrong = |error: io::Error| {
        Error::input(format!("the archive cannot be unpacked: {error}"))
            .at(archive.display())
            .help("is the disk full? The same command tries again")
    };
    let file = fs::File::open(archive).map_err(wrong)?;
    let mut entries = tar::Archive::new(GzDecoder::new(io::BufReader::new(file)));
    for (number, entry) in (0_u64..).zip(entries.entries().map_err(wrong)?) {
        entry.and_then(|mut entry| entry.unpack_in(dir)).map_err(wrong)?;
        if number % 256 == 0 && observer.stop() {
            return Err(Error::interrupted("unpacking was stopped")
                .at(archive.display())
                .help("the same command goes on"));
        }
    }
    fs::remove_file(archive).map_err(|error| files::write_error("file", archive, &error))
}

#[cfg(test)]
mod tests;
