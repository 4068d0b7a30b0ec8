//! NumPy arrays: a `.npy` file for each recording, or arrays of samples and labels in a folder or an `.npz` archive.

use crate::collection::Collection;
use crate::element::{Element, Stored};
use crate::files::{self, Named, Pattern};
use crate::{DataError, Index, Part};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// Most values of one sample.
const MAX_ITEM: u64 = 1 << 28;

/// Most labels.
const MAX_LABELS: u64 = 100_000_000;

/// The index of the arrays at `path`.
///
/// An `.npz` archive or a folder with arrays whose names begin with `x` and `y` (`x.npy` and `y.npy`, `x_train` and
/// `y_train`, `x_test` and `y_test`) is a set of samples `[n, rows, axes]`, `[n, rows]` or `[n, height, width,
/// channels]` with integer labels `[n]`; `train`, `val` and `test` in a name are its part. In any other folder each
/// `.npy` file is a recording `[rows]` or `[rows, axes]` (or an image of rank 3), with its class from its name.
///
/// # Errors
/// [`DataError::Problems`] with every file that is no array of numbers, is cut off, in Fortran order, without labels,
/// or has a value that is not finite.
pub fn load(path: &Path, names: &Pattern, rate_hz: f32) -> Result<Index, DataError> {
    names.check()?;
    let mut made = Collection::new(Stored::little(Element::F32));
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npz")) {
        archive(path, &mut made)?;
        return made.finish(path, rate_hz, "");
    }
    let found = files::list(path, &["npy"])?;
    let arrays: BTreeMap<String, PathBuf> = found
        .iter()
        .filter(|file| !file.below.contains('/'))
        .map(|file| (file.below.trim_end_matches(".npy").to_owned(), file.path.clone()))
        .collect();
    let pairs = pairs(arrays.keys());
    for (x, y) in &pairs {
        let open = |name: &String| {
            let path = arrays.get(name).ok_or_else(|| format!("no array \"{name}\""))?;
            Ok(BufReader::new(File::open(path).map_err(|error| error.to_string())?))
        };
        let place = arrays.get(x).map(|path| path.display().to_string()).unwrap_or_default();
        let labels = open(y).and_then(labels).map_err(|message| format!("labels in \"{y}.npy\": {message}"));
        let read = labels.and_then(|labels| Ok((labels, open(x)?)));
        match read {
            Ok((labels, reader)) => samples(reader, &place, part_of(x), &labels, &mut made)?,
            Err(message) => made.problems.add(place, message),
        }
    }
    if pairs.is_empty() {
        for found in &found {
            let place = found.path.display().to_string();
            let read = names.of(found).and_then(|named| {
                let file = File::open(&found.path).map_err(|error| error.to_string())?;
                Ok((named, recording(BufReader::new(file))?))
            });
            match read {
                Ok((named, (shape, bytes))) => made.push(place, named, &shape, &bytes)?,
                Err(message) => made.problems.add(place, message),
            }
        }
    }
    made.finish(path, rate_hz, "")
}

fn archive(path: &Path, made: &mut Collection) -> Result<(), DataError> {
    let place = path.display().to_string();
    let file = File::open(path).map_err(|source| DataError::Io { path: path.to_owned(), source })?;
    let mut zip = match zip::ZipArchive::new(BufReader::new(file)) {
        Ok(zip) => zip,
        Err(error) => {
            made.problems.add(place, format!("no archive of arrays: {error}"));
            return Ok(());
        }
    };
    let names: Vec<String> =
        zip.file_names().flatten().map(|name| name.trim_end_matches(".npy").to_owned()).collect();
    let pairs = pairs(names.iter());
    if pairs.is_empty() {
        let message = format!("arrays {}; expected x and y, or x_train and y_train", names.join(", "));
        made.problems.add(&place, message);
    }
    for (x, y) in pairs {
        let place = format!("{place}, {x}");
        let found = zip.by_name(&format!("{y}.npy")).map_err(|error| error.to_string()).and_then(labels);
        let labels = match found {
            Ok(labels) => labels,
            Err(message) => {
                made.problems.add(place, format!("labels in \"{y}\": {message}"));
                continue;
            }
        };
        match zip.by_name(&format!("{x}.npy")) {
            Ok(reader) => samples(reader, &place, part_of(&x), &labels, made)?,
            Err(error) => made.problems.add(place, error.to_string()),
        }
    }
    Ok(())
}

/// Names of samples with the names of their labels, training first.
fn pairs<'a>(names: impl Iterator<Item = &'a String>) -> Vec<(String, String)> {
    let is_samples = |name: &&String| {
        let rest = name.strip_prefix(['x', 'X']);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    let of = |x: &String| {
        let y = if x.starts_with('x') { "y" } else { "Y" };
        // `X_train` goes with `y_train` in many places, so lower case is tried where the archive has it.
        (x.clone(), format!("{y}{}", x.get(1..).unwrap_or_default()))
    };
    let names: Vec<&String> = names.collect();
    let mut pairs: Vec<_> = names.iter().copied().filter(is_samples).map(of).collect();
    for (_, y) in &mut pairs {
        let lower = y.replacen('Y', "y", 1);
        if !names.contains(&&*y) && names.contains(&&lower) {
            *y = lower;
        }
    }
    pairs.sort_by_key(|(x, _)| (!x.contains("train"), x.clone()));
    pairs
}

fn part_of(name: &str) -> Option<Part> {
    name.split_once('_').and_then(|(_, part)| files::part(part))
}

/// Longest header that is read.
const MAX_HEADER: usize = 1 << 16;

/// The stored form and the shape of the array that `reader` stands before: NumPy's format 1.0 to 3.0, whose header is
/// the text of a dictionary with `descr`, `fortran_order` and `shape`.
fn header(reader: &mut impl Read) -> Result<(Stored, Vec<u64>), String> {
    let no_array = || "no NumPy array; save it with np.save".to_owned();
    let mut take = |n: usize| {
        let mut bytes = vec![0; n];
        reader.read_exact(&mut bytes).map(|()| bytes).map_err(|_| no_array())
    };
    let magic = take(8)?;
    let width = match magic.as_slice() {
        [0x93, b'N', b'U', b'M', b'P', b'Y', 1, _] => 2,
        [0x93, b'N', b'U', b'M', b'P', b'Y', 2 | 3, _] => 4,
        _ => return Err(no_array()),
    };
    let len = take(width)?.iter().rev().fold(0usize, |n, &byte| n << 8 | usize::from(byte));
    if len > MAX_HEADER {
        return Err(no_array());
    }
    let text = String::from_utf8_lossy(&take(len)?).into_owned();
    let value = |key: &str| {
        text.split_once(&format!("'{key}':")).map(|(_, rest)| rest.trim_start()).ok_or_else(no_array)
    };
    let inner =
        value("shape")?.strip_prefix('(').and_then(|rest| rest.split_once(')')).ok_or_else(no_array)?.0;
    let extents = inner.split(',').map(str::trim).filter(|extent| !extent.is_empty());
    let shape: Vec<u64> = extents.map(str::parse).collect::<Result<_, _>>().map_err(|_| no_array())?;
    if value("fortran_order")?.starts_with("True") && shape.len() > 1 {
        return Err("the array is in Fortran order; save np.ascontiguousarray of it".into());
    }
    let descr = value("descr")?;
    let form = descr.strip_prefix('\'').and_then(|rest| rest.split_once('\'')).map_or("", |(form, _)| form);
    let element = match form.get(1..).unwrap_or_default() {
        "b1" | "u1" => Element::U8,
        "u2" => Element::U16,
        "u4" => Element::U32,
        "i1" => Element::I8,
        "i2" => Element::I16,
        "i4" => Element::I32,
        "i8" => Element::I64,
        "f4" => Element::F32,
        "f8" => Element::F64,
        _ => return Err(format!("elements '{form}'; save it with astype(np.float32)")),
    };
    Ok((Stored { element, big_endian: form.starts_with('>') }, shape))
}

/// `n` numbers from `reader`.
fn numbers(reader: &mut impl Read, stored: Stored, n: u64) -> Result<Vec<f32>, String> {
    let n_bytes = n * stored.bytes() as u64;
    let mut bytes = Vec::new();
    reader.take(n_bytes).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 != n_bytes {
        return Err("the file is cut off; save it again".into());
    }
    let mut values = vec![0.0; n as usize];
    stored.decode(&bytes, &mut values);
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => Err(format!("value {at} is {}; repair it, or take it out", values[at])),
        None => Ok(values),
    }
}

fn product(extents: &[u64], limit: u64) -> Result<u64, String> {
    let product = extents.iter().try_fold(1u64, |n, &extent| n.checked_mul(extent));
    product.filter(|&n| n <= limit).ok_or_else(|| format!("an array of {extents:?} is too large"))
}

fn bytes_of(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The shape of one item with a row dimension and a value dimension.
fn item_shape(shape: &[u64]) -> Result<Vec<usize>, String> {
    match shape {
        [rows] => Ok(vec![*rows as usize, 1]),
        [_, _] | [_, _, _] => Ok(shape.iter().map(|&extent| extent as usize).collect()),
        _ => Err(format!(
            "an item of shape {shape:?}; expected [rows], [rows, axes] or [height, width, channels]"
        )),
    }
}

fn recording(mut reader: impl Read) -> Result<(Vec<usize>, Vec<u8>), String> {
    let (stored, shape) = header(&mut reader)?;
    let values = numbers(&mut reader, stored, product(&shape, MAX_ITEM)?)?;
    Ok((item_shape(&shape)?, bytes_of(&values)))
}

fn labels(mut reader: impl Read) -> Result<Vec<String>, String> {
    let (stored, shape) = header(&mut reader)?;
    let (&n, rest) = shape.split_first().ok_or("a single number; expected one label for each sample")?;
    let width = product(rest, 1 << 20)?;
    let values = numbers(&mut reader, stored, product(&[n, width], MAX_LABELS)?)?;
    if width == 1 {
        return Ok(values.iter().map(f32::to_string).collect());
    }
    // One-hot rows.
    let class = |row: &[f32]| {
        let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        row.iter().position(|&value| value == most).unwrap_or(0).to_string()
    };
    Ok(values.chunks(width as usize).map(class).collect())
}

fn samples(
    mut reader: impl Read,
    place: &str,
    part: Option<Part>,
    labels: &[String],
    made: &mut Collection,
) -> Result<(), DataError> {
    let opened = header(&mut reader).and_then(|(stored, shape)| {
        let (&n, item) = shape.split_first().ok_or("a single number")?;
        if n != labels.len() as u64 {
            return Err(format!("{n} samples, but {} labels", labels.len()));
        }
        Ok((stored, product(item, MAX_ITEM)?, item_shape(item)?))
    });
    let (stored, len, shape) = match opened {
        Ok(opened) => opened,
        Err(message) => {
            made.problems.add(place, message);
            return Ok(());
        }
    };
    for (number, label) in labels.iter().enumerate() {
        let name = format!("{place}, sample {number}");
        match numbers(&mut reader, stored, len) {
            Ok(values) => {
                let named = Named { label: Some(label.clone()), group: None, part };
                made.push(name, named, &shape, &bytes_of(&values))?;
            }
            Err(message) => {
                made.problems.add(name, message);
                return Ok(());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
