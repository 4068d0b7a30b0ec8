//! Damaged files of every layout end in a set or in an error, never in a panic.

use smidgen_data::{Index, Layout, Options, inspect, load};
use std::path::Path;

/// A linear congruence (Numerical Recipes), the high bits.
struct Random(u32);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % n.max(1)
    }
}

fn wav() -> Vec<u8> {
    let mut bytes =
        b"RIFF\x48\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x20\0\0\0"
            .to_vec();
    bytes.extend((0..32).map(|at| at * 5));
    bytes
}

fn npy() -> Vec<u8> {
    let mut bytes =
        b"\x93NUMPY\x01\0\x46\0{'descr': '<f4', 'fortran_order': False, 'shape': (4, 2), }".to_vec();
    bytes.resize(80, b' ');
    bytes.extend((0..8).flat_map(|at| (at as f32).to_le_bytes()));
    bytes
}

fn idx() -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3];
    bytes.extend(0..12);
    bytes
}

const CSV: &[u8] = b"timestamp,x,\"y\",what\n0,1.5,2,a\n20,3,,a\n40,NA,1e3,b\n60,4,5,b\n";
const JSON: &[u8] =
    br#"{"payload": {"interval_ms": 20, "sensors": [{"name": "x", "units": "g"}], "values": [[1], [2.5], [-3]]}}"#;
const LINES: &[u8] = b"{\"gesture\": \"a\", \"name\": \"p\", \"accel_ms2_xyz\": [[1, 2, 3], [4, 5, 6]]}\n";
/// A PNG of one red pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc\xf8\xcf\xc0\0\0\x03\x01\x01\0\xc9\xfe\x92\xef\0\0\0\0IEND\xaeB`\x82";

/// One byte changed, some taken out, some doubled, the end cut off, or a number of length made huge.
fn damaged(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..1 + random.below(3) {
        let at = random.below(bytes.len());
        match random.below(5) {
            0 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = random.below(256) as u8),
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(at..(at + random.below(9)).min(bytes.len()))),
            3 => bytes = [&bytes[..at], &bytes[at / 2..]].concat(),
            _ => bytes.iter_mut().skip(at).take(4).for_each(|byte| *byte = 0xff),
        }
    }
    bytes
}

/// Loads the folder and reads all of it where that is small.
fn read_all(dir: &Path, layout: Layout, options: &Options) {
    if let Ok(index) = load(dir, layout, options) {
        let n_values =
            |index: &Index| index.items.iter().map(|item| item.rows).sum::<usize>() * index.row_len();
        if n_values(&index) < 1 << 20 {
            let _ = inspect::inspect(&index);
        }
    }
}

#[test]
fn no_damage_panics() {
    let mut csv = Options::default();
    csv.csv.label = "what".into();
    csv.csv.missing = smidgen_data::csv::Gap::Interpolate;
    let mut grid = csv.clone();
    (grid.csv.resample, grid.csv.rate_hz) = (true, 100.0);
    let labels = [&[0, 0, 8, 1, 0, 0, 0, 2][..], &[3, 4]].concat();
    let cases: [(&str, Vec<u8>, Layout, &Options); 9] = [
        ("yes/a.wav", wav(), Layout::Wav, &Options::default()),
        ("a.csv", CSV.to_vec(), Layout::Csv, &csv),
        ("a.csv", CSV.to_vec(), Layout::Csv, &grid),
        ("walk/a.npy", npy(), Layout::Numpy, &Options::default()),
        ("a-images-idx3-ubyte", idx(), Layout::Idx, &Options::default()),
        ("data_batch.bin", vec![1; 3073], Layout::Cifar, &Options::default()),
        ("cat/a.png", PNG.to_vec(), Layout::Images, &Options::default()),
        ("a.json", JSON.to_vec(), Layout::EdgeImpulse, &Options::default()),
        ("a.jsonl", LINES.to_vec(), Layout::JsonLines, &Options::default()),
    ];
    for (name, bytes, layout, options) in cases {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        if layout == Layout::Idx {
            std::fs::write(dir.path().join("a-labels-idx1-ubyte"), &labels).unwrap();
        }
        std::fs::write(&path, &bytes).unwrap();
        assert!(
            load(dir.path(), layout, options).is_ok(),
            "{name}: {:?}",
            load(dir.path(), layout, options).err()
        );
        let mut random = Random(name.len() as u32);
        for _ in 0..500 {
            std::fs::write(&path, damaged(&bytes, &mut random)).unwrap();
            read_all(dir.path(), layout, options);
        }
    }
}
