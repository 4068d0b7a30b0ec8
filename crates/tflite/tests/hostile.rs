//! Files that are damaged or made to do harm: no panic, no hang, and no more memory than the bound that is promised.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod raw;
mod repeating;
mod shared_models;

use std::fs;
use std::path::Path;

use raw::hostile::Hostile;
use repeating::Repeated;
use smidgen_ir::Interpreter;
use smidgen_testkit::{Counting, Random, peak_bytes, shared_or_skip};
use smidgen_tflite::{ReadError, read, read_with_warnings};

/// The promise of `read`: 32 times the file and 2 MiB.
fn bound(file_bytes: usize) -> usize {
    32 * file_bytes + (2 << 20)
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Reads `bytes`, also printing the error, and checks the memory that took.
fn read_within_bound(bytes: &[u8], what: &dyn Fn() -> String) -> Result<(), ReadError> {
    let (outcome, taken) = peak_bytes(|| {
        read_with_warnings(bytes).map(|_| ()).inspect_err(|error| assert!(!error.to_string().is_empty()))
    });
    assert!(taken <= bound(bytes.len()), "{}: {taken} bytes for a file of {}", what(), bytes.len());
    outcome
}

/// A damage to `bytes`, and what undoes it: the place and the bytes that stood there.
fn damage(bytes: &mut [u8], random: &mut Random) -> (usize, Vec<u8>) {
    const EXTREMES: [u32; 9] = [0, 1, 4, 0x7f, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffc, 0xffff_ffff];
    // Half of the places are where converters put tables rather than weights.
    let area = if random.below(2) == 0 { bytes.len() } else { bytes.len().min(4096) };
    let from = if random.below(2) == 0 { 0 } else { bytes.len() - area };
    let (at, new) = match random.below(5) {
        0 => (from + random.below(area), vec![random.bits() as u8]),
        1 => {
            let at = from + random.below(area);
            (at, vec![bytes[at] ^ (1 << random.below(8))])
        }
        2 => {
            let word = random.pick(&EXTREMES);
            ((from + random.below(area)) & !3, word.to_le_bytes().to_vec())
        }
        3 => {
            // An offset or a length that stays inside the file.
            let word = random.below(bytes.len()) as u32;
            ((from + random.below(area)) & !3, word.to_le_bytes().to_vec())
        }
        _ => ((from + random.below(area)) & !1, (random.below(64) as u16).to_le_bytes().to_vec()),
    };
    let end = (at + new.len()).min(bytes.len());
    let old = bytes[at..end].to_vec();
    bytes[at..end].copy_from_slice(&new[..end - at]);
    (at, old)
}

#[test]
fn a_thousand_mutations_of_each_model_end_within_the_bound() {
    let Some(shared) = shared_or_skip("a_thousand_mutations_of_each_model_end_within_the_bound") else {
        return;
    };
    let (mut n_read, mut n_refused) = (0usize, 0usize);
    for (model, path) in shared_models::tflite_files(&shared.join("models")).iter().enumerate() {
        let mut bytes = fs::read(path).unwrap();
        let mut random = Random(model as u64);
        for round in 0..1000 {
            let undo: Vec<_> = (0..1 + random.below(4)).map(|_| damage(&mut bytes, &mut random)).collect();
            let cut = if random.below(8) == 0 { random.below(bytes.len()) } else { bytes.len() };
            match read_within_bound(&bytes[..cut], &|| format!("{} round {round}", path.display())) {
                Ok(()) => n_read += 1,
                Err(_) => n_refused += 1,
            }
            for (at, old) in undo.into_iter().rev() {
                bytes[at..at + old.len()].copy_from_slice(&old);
            }
        }
        assert_eq!(bytes, fs::read(path).unwrap(), "the damage was undone");
    }
    assert!(
        n_read > 1000 && n_refused > 1000,
        "{n_read} read, {n_refused} refused: the damage is too small or too large"
    );
}

#[test]
fn mutations_of_a_compressed_model_end_within_the_bound() {
    let mut net = smidgen_ir::build::Builder::new("net", |parameter| {
        (0..parameter.n_elements()).map(|at| ((at * 5) % 13) as f32 * 0.25).collect()
    });
    let x = net.input("x", &[1, 48]);
    let x = net.fully_connected(x, 32);
    let (mut bytes, n) = smidgen_tflite::write_compressed(&net.finish(&[x]).unwrap()).unwrap();
    assert_eq!(n, 1);
    let (mut random, mut n_refused) = (Random(7), 0);
    for round in 0..20_000 {
        let (at, old) = damage(&mut bytes, &mut random);
        n_refused += usize::from(read_within_bound(&bytes, &|| format!("round {round}")).is_err());
        bytes[at..at + old.len()].copy_from_slice(&old);
    }
    assert!((2000..19_000).contains(&n_refused), "{n_refused}");
}

#[test]
fn every_truncation_is_refused() {
    let Some(shared) = shared_or_skip("every_truncation_is_refused") else { return };
    let bytes = fs::read(shared.join("models/tflm/hello_world_int8.tflite")).unwrap();
    let mut refused = 0;
    for length in 0..bytes.len() {
        refused += usize::from(read_within_bound(&bytes[..length], &|| format!("{length} bytes")).is_err());
    }
    // The last bytes may be padding that nothing refers to.
    assert!(refused + 16 >= bytes.len(), "{refused} of {} truncations refused", bytes.len());
}

#[test]
fn every_word_at_its_worst_is_survived() {
    let Some(shared) = shared_or_skip("every_word_at_its_worst_is_survived") else { return };
    let mut bytes = fs::read(shared.join("models/tflm/hello_world_int8.tflite")).unwrap();
    let mut refused = 0;
    for word in [0u32, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, bytes.len() as u32] {
        for at in (0..bytes.len() - 4).step_by(2) {
            let old = <[u8; 4]>::try_from(&bytes[at..at + 4]).unwrap();
            bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
            refused += usize::from(read_within_bound(&bytes, &|| format!("{word:#x} at {at}")).is_err());
            bytes[at..at + 4].copy_from_slice(&old);
        }
    }
    assert!(refused > 1000, "{refused} refused");
}

#[test]
fn what_is_no_tflite_file_is_called_that() {
    let zip = b"PK\x03\x04\x14\0\0\0\x08\0";
    for (bytes, found) in [
        (&b""[..], "the file is empty"),
        (b"TFL3", "the file has only 4 bytes"),
        (zip, "bytes 4 to 7 are \"\\x14\\x00\\x00\\x00\", expected \"TFL3\""),
        (&[0; 1024], "bytes 4 to 7 are \"\\x00\\x00\\x00\\x00\", expected \"TFL3\""),
    ] {
        let error = read(bytes).unwrap_err().to_string();
        assert_eq!(error, format!("model: not a TFLite model: {found}; give a .tflite file"));
    }
}

#[test]
fn offsets_out_of_the_file_are_named() {
    for root in [8u32, 1000, 0x7fff_ffff, 0xffff_ffff] {
        let mut bytes = root.to_le_bytes().to_vec();
        bytes.extend(b"TFL3");
        let error = read(&bytes).unwrap_err().to_string();
        assert!(error.contains("the file is damaged"), "{error}");
        assert!(error.contains("leads outside the file of 8 bytes"), "{error}");
    }
    // A root table in zeros: its vtable is itself and has no room for its own lengths.
    let mut bytes = vec![0; 1024];
    bytes[4..8].copy_from_slice(b"TFL3");
    bytes[0] = 64;
    let error = read(&bytes).unwrap_err().to_string();
    assert!(error.contains("a vtable's length at byte 64"), "{error}");
}

/// ADD of float32 tensors, each thing once or twice.
const HONEST: Repeated =
    Repeated { tensors: 2, name_bytes: 4, nodes: 1, operands: 2, inputs: 1, code: 0, element_type: 0 };

#[test]
fn a_file_that_repeats_itself_takes_no_more_than_the_bound() {
    assert!(read(&repeating::file(HONEST)).is_ok_and(|graph| graph.nodes.len() == 1));
    const MANY: usize = 100_000;
    let int16 = 7;
    for repeated in [
        Repeated { tensors: MANY, operands: MANY, ..HONEST },
        Repeated { tensors: MANY, operands: MANY, name_bytes: MANY, ..HONEST },
        Repeated { tensors: MANY, operands: MANY, element_type: int16, ..HONEST },
        Repeated { nodes: MANY, ..HONEST },
        Repeated { nodes: MANY, name_bytes: MANY, ..HONEST },
        Repeated { nodes: MANY, operands: MANY, ..HONEST },
        Repeated { nodes: MANY, name_bytes: MANY, code: 39, ..HONEST },
        Repeated { nodes: 300, name_bytes: MANY, ..HONEST },
        Repeated { nodes: 20_000, operands: 8, ..HONEST },
        // These are within the budget and give the verifier much to say.
        Repeated { nodes: 600, operands: 8, ..HONEST },
        Repeated { nodes: 600, name_bytes: 200, ..HONEST },
        Repeated { inputs: 600, name_bytes: 200, ..HONEST },
        Repeated { inputs: MANY, name_bytes: MANY, ..HONEST },
        Repeated { inputs: 5000, ..HONEST },
    ] {
        let bytes = repeating::file(repeated);
        let error =
            read_within_bound(&bytes, &|| format!("{repeated:?}")).expect_err("a model that repeats itself");
        assert!(error.problems.len() <= 501, "{repeated:?}");
    }
}

/// The files of `testdata/hostile` are what `examples/hostile_files.rs` writes, so that other readers can be tried on
/// them as well.
#[test]
fn every_hostile_file_is_refused_by_the_name_of_its_class() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/hostile");
    for (name, bytes) in raw::hostile::sound() {
        assert_eq!(read(&bytes).map(|_| ()), Ok(()), "{name}");
    }
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".tflite"))
        .collect();
    names.sort();
    let (mut classes, mut failures) = (Vec::new(), Vec::new());
    for Hostile { class, says, bytes } in raw::hostile::all() {
        classes.push(format!("{class}.tflite"));
        assert!(
            fs::read(folder.join(class).with_extension("tflite")).unwrap() == bytes,
            "write {class} again"
        );
        let refused =
            read(&bytes).map(|graph| Interpreter::new(&graph).map(|_| ()).map_err(|error| error.to_string()));
        match refused {
            Err(error) if error.to_string().contains(says) => {}
            Err(error) => failures.push(format!("{class}: expected {says}, found {error}")),
            Ok(Err(error)) if error.contains(says) => {}
            Ok(outcome) => failures.push(format!("{class}: read, and {outcome:?}")),
        }
        let _ = read_within_bound(&bytes, &|| class.to_owned());
    }
    assert_eq!(failures, Vec::<String>::new(), "{}", failures.join("\n"));
    assert_eq!(names, classes, "testdata/hostile has other files");
}
