//! IDX, the format of MNIST and its relatives: images and labels in files of their own, plain or packed with gzip.
//!
//! LeCun, Cortes, Burges: The MNIST database, "file formats": two zero bytes, a type code, the rank, the extents as
//! 32-bit big-endian numbers, then the values, row-major and big-endian.

use crate::collection::Collection;
use crate::element::{Element, Stored};
use crate::files::{self, Found, Named};
use crate::{DataError, Index};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// Most values of one image.
const MAX_ITEM: usize = 1 << 26;

/// The index of the pairs of image and label files in `dir`: `train-images-idx3-ubyte.gz` goes with
/// `train-labels-idx1-ubyte.gz`. Names that begin with `train` are the training part, with `t10k` or `test` the test
/// part. Values are as stored, 0 to 255 for bytes; images are `[height, width, 1]`, arrays of rank 2 are `[n, 1]`.
///
/// # Errors
/// [`DataError::Problems`] with every file that is no IDX file, is cut off, or has no partner of the same length;
/// [`DataError::Options`] when there is none.
pub fn load(dir: &Path) -> Result<Index, DataError> {
    let mut all = files::list(dir, &[])?;
    // The training files come first whatever their names sort like.
    all.sort_by_key(|file| (part(file) != Some(crate::Part::Train), file.below.clone()));
    let mut made: Option<Collection> = None;
    let mut stored_as = None;
    for images in all.iter().filter(|file| file.below.contains("images")) {
        let place = images.path.display().to_string();
        let mut wrong = |message: String| {
            made.get_or_insert_with(|| Collection::new(Stored::little(Element::U8)))
                .problems
                .add(&place, message);
        };
        let labels = match labels_of(images, &all).and_then(labels) {
            Ok(labels) => labels,
            Err(message) => {
                wrong(message);
                continue;
            }
        };
        let (mut reader, stored, shape) = match open(images) {
            Ok(opened) => opened,
            Err(message) => {
                wrong(message);
                continue;
            }
        };
        let (n, item) = shape.split_first().map_or((0, &[][..]), |(&n, item)| (n, item));
        let item =
            if let &[height, width] = item { vec![height, width, 1] } else { vec![item.iter().product(), 1] };
        let n_bytes = item.iter().try_fold(stored.bytes(), |n, &extent| n.checked_mul(extent));
        let Some(n_bytes) = n_bytes.filter(|&n| n <= MAX_ITEM) else {
            wrong(format!("an item of shape {item:?} is too large"));
            continue;
        };
        if n != labels.len() {
            wrong(format!("{n} images, but {} labels", labels.len()));
            continue;
        }
        if *stored_as.get_or_insert(stored) != stored {
            wrong("another element type than the files before".into());
            continue;
        }
        let made = made.get_or_insert_with(|| Collection::new(stored));
        let mut bytes = vec![0; n_bytes];
        for (number, label) in labels.iter().enumerate() {
            if let Err(error) = reader.read_exact(&mut bytes) {
                made.problems.add(&place, format!("image {number} of {n}: {}", cut_off(&error)));
                break;
            }
            let named = Named { label: Some(label.clone()), group: None, part: part(images) };
            made.push(format!("{place}, image {number}"), named, &item, &bytes)?;
        }
    }
    let none = || DataError::Options(format!("{}: no file with \"images\" in its name", dir.display()));
    made.ok_or_else(none)?.finish(dir, 0.0, "")
}

fn part(file: &Found) -> Option<crate::Part> {
    let name = file.below.rsplit('/').next().unwrap_or(&file.below);
    match name {
        name if name.starts_with("train") => Some(crate::Part::Train),
        name if name.starts_with("t10k") || name.starts_with("test") => Some(crate::Part::Test),
        _ => None,
    }
}

/// The file of labels that goes with `images`.
fn labels_of<'a>(images: &Found, all: &'a [Found]) -> Result<&'a Found, String> {
    let wanted = images.below.replace("images", "labels").replace("idx3", "idx1");
    let stem = |name: &str| name.trim_end_matches(".gz").to_owned();
    all.iter()
        .find(|file| stem(&file.below) == stem(&wanted))
        .ok_or_else(|| format!("no file of labels \"{wanted}\" beside it"))
}

fn labels(file: &Found) -> Result<Vec<String>, String> {
    let with_place = |message: String| format!("{}: {message}", file.path.display());
    let (mut reader, stored, shape) = open(file).map_err(with_place)?;
    let (&[n], Element::U8) = (shape.as_slice(), stored.element) else {
        return Err(with_place(format!("labels of shape {shape:?}; expected one byte for each image")));
    };
    let mut bytes = Vec::new();
    let read = reader.by_ref().take(n as u64).read_to_end(&mut bytes);
    match read {
        Ok(read) if read == n => Ok(bytes.iter().map(u8::to_string).collect()),
        Ok(read) => Err(with_place(format!("{read} of {n} labels: the file is cut off"))),
        Err(error) => Err(with_place(cut_off(&error))),
    }
}

fn cut_off(error: &std::io::Error) -> String {
    format!("the file is cut off or damaged ({error}); download it again")
}

type Opened = (Box<dyn Read>, Stored, Vec<usize>);

/// The values, their stored form and the extents.
fn open(file: &Found) -> Result<Opened, String> {
    let raw = BufReader::new(File::open(&file.path).map_err(|error| error.to_string())?);
    let is_packed = file.below.ends_with(".gz");
    let mut reader: Box<dyn Read> =
        if is_packed { Box::new(BufReader::new(MultiGzDecoder::new(raw))) } else { Box::new(raw) };
    let mut number = || {
        let mut bytes = [0; 4];
        reader.read_exact(&mut bytes).map_err(|error| cut_off(&error)).map(|()| bytes)
    };
    let [zero, other, code, rank] = number()?;
    let element = match code {
        0x08 => Element::U8,
        0x09 => Element::I8,
        0x0b => Element::I16,
        0x0c => Element::I32,
        0x0d => Element::F32,
        0x0e => Element::F64,
        _ => return Err(format!("type code {code:#04x}: this is no IDX file")),
    };
    if zero != 0 || other != 0 || rank == 0 || rank > 4 {
        return Err("it does not begin as an IDX file does".into());
    }
    let mut shape = Vec::new();
    for _ in 0..rank {
        shape.push(u32::from_be_bytes(number()?) as usize);
    }
    Ok((reader, Stored { element, big_endian: true }, shape))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Part;
    use std::io::Write;

    fn images(n: u8) -> Vec<u8> {
        let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, 2, 0, 0, 0, 3];
        bytes.extend((0..n * 6).map(|at| at * 2));
        bytes
    }

    fn labels(labels: &[u8]) -> Vec<u8> {
        [&[0, 0, 8, 1, 0, 0, 0, labels.len() as u8], labels].concat()
    }

    fn folder(files: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(bytes).unwrap();
            let packed = packed.finish().unwrap();
            std::fs::write(dir.path().join(name), if name.ends_with("gz") { &packed } else { bytes })
                .unwrap();
        }
        dir
    }

    #[test]
    fn packed_and_plain_files_are_read_with_their_parts() {
        let dir = folder(&[
            ("t10k-images-idx3-ubyte.gz", images(1)),
            ("t10k-labels-idx1-ubyte.gz", labels(&[7])),
            ("train-images.idx3-ubyte", images(2)),
            ("train-labels.idx1-ubyte", labels(&[1, 7])),
        ]);
        let index = load(dir.path()).unwrap();
        assert_eq!(
            (index.classes.as_slice(), index.row_shape.as_slice()),
            (&["1".to_owned(), "7".into()][..], &[3, 1][..])
        );
        let parts: Vec<_> = index.items.iter().map(|item| (item.label, item.part, item.rows)).collect();
        let (train, test) = (Some(Part::Train), Some(Part::Test));
        assert_eq!(parts, [(0, train, 2), (1, train, 2), (1, test, 2)]);
        assert_eq!(index.values(1).unwrap(), [12.0, 14.0, 16.0, 18.0, 20.0, 22.0]);
    }

    #[test]
    fn damaged_and_lonely_files_are_named() {
        let cut = images(2)[..20].to_vec();
        let text = |files: &[(&str, Vec<u8>)]| load(folder(files).path()).unwrap_err().to_string();
        assert!(text(&[("a-images-idx3-ubyte", images(1))]).contains("no file of labels"));
        let labelled = |images: Vec<u8>, n: &[u8]| {
            text(&[("a-images-idx3-ubyte", images), ("a-labels-idx1-ubyte", labels(n))])
        };
        assert!(labelled(cut, &[1, 2]).contains("image 0 of 2: the file is cut off"));
        assert!(labelled(images(2), &[1]).contains("2 images, but 1 labels"));
        assert!(labelled(b"PNG...".to_vec(), &[1]).contains("no IDX file"));
        let huge = vec![0, 0, 8, 3, 0, 0, 0, 1, 255, 255, 255, 255, 255, 255, 255, 255];
        assert!(labelled(huge, &[1]).contains("too large"));
    }
}
