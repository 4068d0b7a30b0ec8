//! Downloads from a server on this machine that behaves well and badly.

use super::*;
use crate::events::Silent;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// How the server answers its first request; all later ones are answered well.
#[derive(Debug, Clone, Copy, PartialEq)]
enum First {
    Well,
    /// Half of the body, then the connection ends.
    Broken,
    /// Some bytes, then nothing for longer than anybody waits.
    Stalled,
    /// Less than it says, always.
    Short,
    /// All from the start, whatever range was asked for; broken at first.
    WithoutRanges,
    NotFound,
    /// One 503, then well.
    Busy,
    /// Other bytes.
    Damaged,
}

/// Serves `body` under any name; returns its address and the ranges that were asked for.
fn serve(body: Vec<u8>, first: First) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/files/", listener.local_addr().unwrap());
    let (asked, n) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
    let log = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (body, log, n) = (body.clone(), log.clone(), n.clone());
            std::thread::spawn(move || answer(stream, &body, first, n.fetch_add(1, Ordering::SeqCst), &log));
        }
    });
    (address, asked)
}

fn answer(mut stream: TcpStream, body: &[u8], first: First, number: usize, log: &Mutex<Vec<String>>) {
    let mut range = String::new();
    for line in BufReader::new(stream.try_clone().unwrap()).lines().map_while(std::io::Result::ok) {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
            range = value.trim_end_matches('-').to_owned();
        }
        if line.is_empty() {
            break;
        }
    }
    log.lock().unwrap().push(range.clone());
    let behaves = if number == 0
        || matches!(first, First::Short | First::WithoutRanges | First::Damaged | First::NotFound)
    {
        first
    } else {
        First::Well
    };
    let from: usize = if behaves == First::WithoutRanges { 0 } else { range.parse().unwrap_or(0) };
    let rest = &body[from.min(body.len())..];
    let status = match behaves {
        First::NotFound => "404 Not Found",
        First::Busy => "503 Service Unavailable",
        _ if from > 0 => "206 Partial Content",
        _ => "200 OK",
    };
    let _ =
        write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", rest.len());
    let half = rest.len() / 2;
    let _ = match behaves {
        First::Broken => stream.write_all(&rest[..half]),
        First::WithoutRanges if number == 0 => stream.write_all(&rest[..half]),
        First::Short => stream.write_all(&body[from.min(100)..100.min(body.len())]),
        First::Stalled => {
            let _ = stream.write_all(&rest[..half]);
            std::thread::sleep(Duration::from_secs(5));
            Ok(())
        }
        First::Damaged => stream.write_all(&vec![7; rest.len()]),
        First::NotFound | First::Busy => Ok(()),
        First::Well | First::WithoutRanges => stream.write_all(rest),
    };
}

fn body() -> Vec<u8> {
    (0..300_000_u32).map(|at| (at.wrapping_mul(at) / 7) as u8).collect()
}

fn set(address: &str, name: &str, bytes: &[u8]) -> Set {
    let sha256: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let file = File { url: format!("{address}{name}"), sha256, bytes: bytes.len() as u64 };
    Set { name: "test".into(), title: "A test".into(), licence: "none".into(), files: vec![file] }
}

const QUICK: Options = Options { patience: Duration::from_millis(300), pause: Duration::from_millis(5) };

/// Downloads with the given behaviour; what came of it, the folder, and the ranges asked for.
fn downloaded(first: First) -> (Result<()>, tempfile::TempDir, Vec<String>) {
    let (address, asked) = serve(body(), first);
    let dir = tempfile::tempdir().unwrap();
    let result = get(&set(&address, "a.bin", &body()), dir.path(), QUICK, &mut Silent);
    let asked = asked.lock().unwrap().clone();
    (result, dir, asked)
}

#[test]
fn a_file_comes_whole_from_servers_that_break_off_stall_and_are_busy() {
    for first in [First::Well, First::Broken, First::Stalled, First::WithoutRanges, First::Busy] {
        let (result, dir, asked) = downloaded(first);
        result.unwrap_or_else(|error| panic!("{first:?}: {error}"));
        assert!(std::fs::read(dir.path().join("a.bin")).unwrap() == body(), "{first:?}");
        assert!(dir.path().join("SOURCE.md").exists() && !dir.path().join("a.bin.part").exists());
        let resumed = asked.iter().any(|range| !range.is_empty());
        assert_eq!(
            resumed,
            matches!(first, First::Broken | First::Stalled | First::WithoutRanges),
            "{first:?} {asked:?}"
        );
    }
}

#[test]
fn what_cannot_come_is_an_error_with_its_place_and_keeps_what_came() {
    let text = |first| downloaded(first).0.unwrap_err().to_string();
    assert!(text(First::NotFound).contains("answers 404"));
    let (result, dir, _) = downloaded(First::Short);
    let message = result.unwrap_err().to_string();
    assert!(message.contains("/files/a.bin") && message.contains("goes on where it ended"), "{message}");
    assert_eq!(std::fs::metadata(dir.path().join("a.bin.part")).unwrap().len(), 100);
    let (result, dir, _) = downloaded(First::Damaged);
    assert!(result.unwrap_err().to_string().contains("the checksum is"));
    assert!(std::fs::read_dir(dir.path()).unwrap().next().is_none(), "damaged bytes stay");
    let nobody = set("http://127.0.0.1:9/", "a.bin", &body());
    let dir = tempfile::tempdir().unwrap();
    assert!(get(&nobody, dir.path(), QUICK, &mut Silent).unwrap_err().to_string().contains("127.0.0.1:9"));
}

#[test]
fn a_set_that_is_there_is_not_asked_for_again() {
    let (address, asked) = serve(body(), First::Well);
    let (dir, set) = (tempfile::tempdir().unwrap(), set(&address, "a.bin", &body()));
    get(&set, dir.path(), QUICK, &mut Silent).unwrap();
    get(&set, dir.path(), QUICK, &mut Silent).unwrap();
    std::fs::remove_file(dir.path().join("SOURCE.md")).unwrap();
    get(&set, dir.path(), QUICK, &mut Silent).unwrap();
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[test]
fn archives_are_unpacked_and_nothing_leaves_the_folder() {
    let archive = |path: &str| {
        let mut tar =
            tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_size(3);
        header.set_mode(0o644);
        let name = header.as_gnu_mut().unwrap();
        name.name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        tar.append(&header, &b"abc"[..]).unwrap();
        tar.into_inner().unwrap().finish().unwrap()
    };
    for (path, expected) in [("yes/1.wav", true), ("../out.wav", false)] {
        let bytes = archive(path);
        let (address, _) = serve(bytes.clone(), First::Well);
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("set");
        get(&set(&address, "a.tar.gz", &bytes), &dir, QUICK, &mut Silent).unwrap();
        assert_eq!(dir.join("yes/1.wav").exists(), expected);
        assert!(!parent.path().join("out.wav").exists() && !dir.join("a.tar.gz").exists());
    }
}

#[test]
fn sets_have_checksums_and_unknown_names_are_refused() {
    assert!(
        find("mnist")
            .unwrap()
            .files
            .iter()
            .all(|file| file.sha256.len() == 64 && file.url.starts_with("https://"))
    );
    let error = find("imagenet").unwrap_err().to_string();
    assert!(error.contains("imagenet") && error.contains("speech_commands"), "{error}");
}
