//! The binary files of CIFAR-10 and CIFAR-100: label bytes, then 32 × 32 pixels as a red, a green and a blue plane.
//!
//! Krizhevsky: Learning multiple layers of features from tiny images, 2009; "binary version" of the download page.

use crate::collection::Collection;
use crate::element::{Element, Stored};
use crate::files::{self, Named};
use crate::{DataError, Index, Part};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

const SIDE: usize = 32;
const PIXELS: usize = SIDE * SIDE;

/// The index of the `.bin` files in `dir`, images of `[32, 32, 3]`, 0 to 255. Files named `test…` are the test part,
/// the others the training part; class names come from `batches.meta.txt` or `fine_label_names.txt` where present.
///
/// # Errors
/// [`DataError::Problems`] with every file whose length is no multiple of a record.
pub fn load(dir: &Path) -> Result<Index, DataError> {
    let mut made = Collection::new(Stored::little(Element::U8));
    let names = |file: &str| std::fs::read_to_string(dir.join(file)).ok();
    let fine = names("fine_label_names.txt");
    let n_labels = if fine.is_some() { 2 } else { 1 };
    let names = fine.or_else(|| names("batches.meta.txt")).unwrap_or_default();
    let names: Vec<&str> = names.lines().map(str::trim).filter(|name| !name.is_empty()).collect();
    for found in files::list(dir, &["bin"])? {
        let io = |source| DataError::Io { path: found.path.clone(), source };
        let place = found.path.display().to_string();
        let record_len = n_labels + 3 * PIXELS;
        let len = found.path.metadata().map_err(io)?.len();
        if len == 0 || !len.is_multiple_of(record_len as u64) {
            made.problems.add(place, format!("{len} bytes; expected whole records of {record_len} bytes"));
            continue;
        }
        let is_test = found.below.rsplit('/').next().is_some_and(|name| name.starts_with("test"));
        let part = Some(if is_test { Part::Test } else { Part::Train });
        let mut reader = BufReader::new(File::open(&found.path).map_err(io)?);
        let mut record = vec![0; record_len];
        for number in 0..len / record_len as u64 {
            reader.read_exact(&mut record).map_err(io)?;
            let (labels, planes) = record.split_at(n_labels);
            let label = labels.last().copied().unwrap_or(0);
            let label =
                names.get(usize::from(label)).map_or_else(|| label.to_string(), |&name| name.to_owned());
            let named = Named { label: Some(label), group: None, part };
            let pixel =
                |at: usize| (0..3).map(move |plane| planes.get(plane * PIXELS + at).copied().unwrap_or(0));
            let image: Vec<u8> = (0..PIXELS).flat_map(pixel).collect();
            made.push(format!("{place}, image {number}"), named, &[SIDE, SIDE, 3], &image)?;
        }
    }
    made.finish(dir, 0.0, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_become_pixels_and_classes_have_names() {
        let dir = tempfile::tempdir().unwrap();
        let mut bytes = Vec::new();
        for label in [1u8, 0] {
            bytes.push(label);
            bytes.extend((0..3 * PIXELS).map(|at| (at / PIXELS * 10 + at % 7) as u8));
        }
        std::fs::write(dir.path().join("data_batch_1.bin"), &bytes).unwrap();
        std::fs::write(dir.path().join("test_batch.bin"), &bytes[..1 + 3 * PIXELS]).unwrap();
        std::fs::write(dir.path().join("batches.meta.txt"), "plane\ncar\n\n").unwrap();
        let index = load(dir.path()).unwrap();
        assert_eq!(index.classes, ["car", "plane"]);
        let items: Vec<_> = index.items.iter().map(|item| (item.label, item.part, item.rows)).collect();
        let (train, test) = (Some(Part::Train), Some(Part::Test));
        assert_eq!(items, [(0, train, 32), (1, train, 32), (0, test, 32)]);
        assert_eq!(index.values(0).unwrap()[3..9], [1.0, 13.0, 25.0, 2.0, 14.0, 26.0]);
        std::fs::write(dir.path().join("cut.bin"), &bytes[..100]).unwrap();
        assert!(
            load(dir.path()).unwrap_err().to_string().contains("cut.bin: 100 bytes; expected whole records")
        );
    }
}
