//! The options of custom operators: a map from names to numbers in the FlexBuffers format.
//!
//! Layout after the FlexBuffers internals document. The last byte is the width of the root in bytes, the one before it
//! its type. A map is a vector of values whose width `w` its type says; before the values stand, each of `w` bytes, the
//! offset back to the vector of keys, the width of that vector and the number of values, and after them a byte of type
//! for each. Offsets lead back only, so that nothing here can fail to end; none is trusted.

use crate::findings::Fault;

/// Types of values that are read or written.
mod kind {
    pub(super) const INT: u8 = 1;
    pub(super) const UINT: u8 = 2;
    pub(super) const FLOAT: u8 = 3;
    pub(super) const INDIRECT_INT: u8 = 6;
    pub(super) const INDIRECT_UINT: u8 = 7;
    pub(super) const INDIRECT_FLOAT: u8 = 8;
    pub(super) const MAP: u8 = 9;
    pub(super) const BOOL: u8 = 26;
}

/// A map whose values are all in the bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Map<'a> {
    bytes: &'a [u8],
    values: Vector,
    keys: Vector,
}

/// Where the elements of a vector start, their width in bytes and their number.
#[derive(Debug, Clone, Copy)]
struct Vector {
    at: usize,
    width: usize,
    len: usize,
}

impl<'a> Map<'a> {
    /// The map that `bytes` are.
    pub(crate) fn root(bytes: &'a [u8]) -> Result<Self, Fault> {
        parse(bytes).ok_or_else(|| {
            Fault::message("its custom options are no map in the FlexBuffers format; convert the model again")
        })
    }

    /// The integer called `key`.
    pub(crate) fn int(&self, key: &str) -> Result<i64, Fault> {
        self.optional_int(key)?.ok_or_else(|| {
            Fault::message(format!("its custom options have no \"{key}\"; convert the model again"))
        })
    }

    /// The integer called `key`, `None` where there is none.
    pub(crate) fn optional_int(&self, key: &str) -> Result<Option<i64>, Fault> {
        let Some(index) = self.find(key) else { return Ok(None) };
        self.value(index).map(Some).ok_or_else(|| {
            Fault::message(format!("\"{key}\" of its custom options is no integer; convert the model again"))
        })
    }

    /// The integer called `key` in the range of `T`.
    pub(crate) fn number<T: TryFrom<i64>>(&self, key: &str) -> Result<T, Fault> {
        let found = self.int(key)?;
        T::try_from(found).map_err(|_| {
            let wrong = format!("\"{key}\" of its custom options is {found}, which is out of range");
            Fault::message(format!("{wrong}; convert the model again"))
        })
    }

    /// The truth value called `key`.
    pub(crate) fn flag(&self, key: &str) -> Result<bool, Fault> {
        Ok(self.int(key)? != 0)
    }

    /// The number called `key`, in single precision.
    pub(crate) fn float(&self, key: &str) -> Result<f32, Fault> {
        if let Some(float) = self.find(key).and_then(|index| self.real(index)) {
            return Ok(float);
        }
        self.int(key).map(|integer| integer as f32)
    }

    fn find(&self, key: &str) -> Option<usize> {
        (0..self.keys.len).find(|&index| {
            let at = follow(self.bytes, self.keys.at + index * self.keys.width, self.keys.width);
            let text = at.and_then(|at| self.bytes.get(at..)).unwrap_or_default();
            text.strip_prefix(key.as_bytes()).is_some_and(|rest| rest.first() == Some(&0))
        })
    }

    /// Value `index`, where it is a float.
    fn real(&self, index: usize) -> Option<f32> {
        let Vector { at, width, len } = self.values;
        let packed = *self.bytes.get(at + len * width + index)?;
        let place = at + index * width;
        let (place, width) = match packed >> 2 {
            kind::FLOAT => (place, width),
            kind::INDIRECT_FLOAT => (follow(self.bytes, place, width)?, 1 << (packed & 3)),
            _ => return None,
        };
        let bits = unsigned(self.bytes, place, width)?;
        match width {
            4 => Some(f32::from_bits(bits as u32)),
            8 => Some(f64::from_bits(bits) as f32),
            _ => None,
        }
    }

    /// Value `index`, where it is an integer or a truth value.
    fn value(&self, index: usize) -> Option<i64> {
        let Vector { at, width, len } = self.values;
        let packed = *self.bytes.get(at + len * width + index)?;
        let place = at + index * width;
        let inside = 1_usize << (packed & 3);
        match packed >> 2 {
            kind::INT => signed(self.bytes, place, width),
            kind::UINT | kind::BOOL => unsigned(self.bytes, place, width)?.try_into().ok(),
            kind::INDIRECT_INT => signed(self.bytes, follow(self.bytes, place, width)?, inside),
            kind::INDIRECT_UINT => {
                unsigned(self.bytes, follow(self.bytes, place, width)?, inside)?.try_into().ok()
            }
            _ => None,
        }
    }
}

fn parse(bytes: &[u8]) -> Option<Map<'_>> {
    let (&root_width, rest) = bytes.split_last()?;
    let (&packed, rest) = rest.split_last()?;
    if packed >> 2 != kind::MAP {
        return None;
    }
    let root_width = usize::from(root_width);
    let root = rest.len().checked_sub(root_width)?;
    let width = 1_usize << (packed & 3);
    let values = vector(rest, follow(rest, root, root_width)?, width, width + 1)?;
    let keys_at = values.at.checked_sub(3 * width)?;
    let keys_width = usize::try_from(unsigned(rest, keys_at + width, width)?).ok()?;
    if !matches!(keys_width, 1 | 2 | 4 | 8) {
        return None;
    }
    let keys = vector(rest, follow(rest, keys_at, width)?, keys_width, keys_width)?;
    (keys.len == values.len).then_some(Map { bytes: rest, values, keys })
}

/// The vector at `at` with its length before it, if all of its elements, `bytes_each` long, are there.
fn vector(bytes: &[u8], at: usize, width: usize, bytes_each: usize) -> Option<Vector> {
    let len = usize::try_from(unsigned(bytes, at.checked_sub(width)?, width)?).ok()?;
    let end = len.checked_mul(bytes_each)?.checked_add(at)?;
    (end <= bytes.len()).then_some(Vector { at, width, len })
}

/// Where the offset at `at` leads back to.
fn follow(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    at.checked_sub(usize::try_from(unsigned(bytes, at, width)?).ok()?)
}

fn unsigned(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let found = bytes.get(at..at.checked_add(width)?)?;
    let mut whole = [0; 8];
    whole.get_mut(..width)?.copy_from_slice(found);
    matches!(width, 1 | 2 | 4 | 8).then_some(u64::from_le_bytes(whole))
}

fn signed(bytes: &[u8], at: usize, width: usize) -> Option<i64> {
    let unused = 64 - 8 * u32::try_from(width).ok()?;
    Some(unsigned(bytes, at, width)?.cast_signed() << unused >> unused)
}

/// A value of a map that is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Setting {
    /// An integer.
    Int(i32),
    /// A truth value.
    Flag(bool),
    /// A number.
    Float(f32),
}

impl From<f32> for Setting {
    fn from(value: f32) -> Self {
        Setting::Float(value)
    }
}

impl From<i32> for Setting {
    fn from(value: i32) -> Self {
        Setting::Int(value)
    }
}

impl From<u32> for Setting {
    /// TFLM reads unsigned settings as int32 and casts them.
    fn from(value: u32) -> Self {
        Setting::Int(value.cast_signed())
    }
}

impl From<usize> for Setting {
    /// Extents of tensors are below 2^31.
    fn from(value: usize) -> Self {
        Setting::Int(i32::try_from(value).unwrap_or(i32::MAX))
    }
}

impl From<bool> for Setting {
    fn from(value: bool) -> Self {
        Setting::Flag(value)
    }
}

/// The bytes of a map, its names in any order.
pub(crate) fn encode(settings: &[(&str, Setting)]) -> Vec<u8> {
    const WIDTH: u8 = 2; // 1 << 2 bytes for everything
    let mut settings = settings.to_vec();
    settings.sort_by_key(|(key, _)| *key);
    let mut bytes = Vec::new();
    let mut starts = Vec::new();
    for (key, _) in &settings {
        starts.push(bytes.len());
        bytes.extend(key.bytes().chain([0]));
    }
    let count = settings.len() as u32;
    align(&mut bytes);
    put(&mut bytes, count);
    let keys = bytes.len();
    for start in starts {
        put_offset(&mut bytes, start);
    }
    put_offset(&mut bytes, keys);
    put(&mut bytes, 1 << WIDTH);
    put(&mut bytes, count);
    let values = bytes.len();
    for (_, setting) in &settings {
        let value = match *setting {
            Setting::Int(value) => value.cast_unsigned(),
            Setting::Flag(value) => value.into(),
            Setting::Float(value) => value.to_bits(),
        };
        put(&mut bytes, value);
    }
    bytes.extend(settings.iter().map(|(_, setting)| {
        let kind = match setting {
            Setting::Int(_) => kind::INT,
            Setting::Flag(_) => kind::BOOL,
            Setting::Float(_) => kind::FLOAT,
        };
        kind << 2 | WIDTH
    }));
    align(&mut bytes);
    put_offset(&mut bytes, values);
    bytes.extend([kind::MAP << 2 | WIDTH, 1 << WIDTH]);
    bytes
}

fn put(bytes: &mut Vec<u8>, value: u32) {
    bytes.extend(value.to_le_bytes());
}

/// The way back from the end of the bytes to `target`.
fn put_offset(bytes: &mut Vec<u8>, target: usize) {
    put(bytes, (bytes.len() - target) as u32);
}

fn align(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by TensorFlow's converter: `end_index` 241, `start_index` 5, two bytes each.
    const ENERGY: &[u8] =
        b"end_index\0start_index\0\x02\x17\x0e\0\x03\0\x01\0\x02\0\xf1\0\x05\0\x05\x05\x06%\x01";
    /// Written by the FlexBuffers library: an integer of -70000, true, 1.5 and a text.
    const MIXED: &[u8] = b"a\0b\0c\0d\0\x01x\0\x04\x0c\x0b\n\t\x04\0\0\0\x01\0\0\0\x04\0\0\0\x90\xee\xfe\xff\x01\0\0\0\0\0\xc0?\x1f\0\0\0\x06j\x0e\x14\x14&\x01";

    #[test]
    fn maps_of_other_writers_are_read() {
        let map = Map::root(ENERGY).unwrap();
        assert_eq!((map.int("end_index").unwrap(), map.number("start_index").unwrap()), (241, 5_usize));
        let map = Map::root(MIXED).unwrap();
        assert_eq!((map.int("a").unwrap(), map.flag("b").unwrap()), (-70_000, true));
        let empty = Map::root(b"\0\0\x01\0\0$\x01").unwrap();
        assert_eq!(empty.optional_int("a").unwrap(), None);
    }

    #[test]
    fn what_is_missing_or_of_another_type_is_named() {
        let map = Map::root(MIXED).unwrap();
        assert_eq!((map.float("c").unwrap(), map.float("a").unwrap()), (1.5, -70_000.0));
        assert!(map.float("d").is_err());
        assert!(map.int("start").unwrap_err().to_string().contains("\"start\""));
        assert!(map.int("c").unwrap_err().to_string().contains("no integer"));
        assert!(map.int("d").is_err());
        assert!(map.number::<usize>("a").unwrap_err().to_string().contains("-70000"));
        // A name is not found by its beginning.
        assert_eq!(Map::root(ENERGY).unwrap().optional_int("end").unwrap(), None);
    }

    #[test]
    fn written_maps_are_read_back() {
        let settings = [
            ("smoothing", Setting::Int(i32::MIN)),
            ("clamping", Setting::Flag(true)),
            ("T", Setting::Int(7)),
            ("bits", Setting::Flag(false)),
            ("scale", Setting::Float(0.1)),
        ];
        let bytes = encode(&settings);
        let map = Map::root(&bytes).unwrap();
        assert_eq!(map.int("smoothing").unwrap(), i64::from(i32::MIN));
        assert_eq!((map.int("T").unwrap(), map.flag("clamping").unwrap()), (7, true));
        assert!(!map.flag("bits").unwrap());
        assert_eq!(map.float("scale").unwrap(), 0.1);
        assert!(Map::root(&encode(&[])).is_ok());
    }

    #[test]
    fn no_byte_leads_outside() {
        for sample in [ENERGY, MIXED, &encode(&[("a", Setting::Int(1)), ("b", Setting::Flag(true))])] {
            for at in 0..sample.len() {
                let mut bytes = sample.to_vec();
                for value in 0..=255 {
                    bytes[at] = value;
                    for bytes in [&bytes[..], &bytes[at..], &bytes[..at]] {
                        if let Ok(map) = Map::root(bytes) {
                            let _ = ["a", "b", "end_index"].map(|key| map.optional_int(key));
                        }
                    }
                }
            }
        }
        let error = Map::root(&[]).unwrap_err().to_string();
        assert!(error.contains("FlexBuffers"), "{error}");
    }
}
