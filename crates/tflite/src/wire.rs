//! A bounds-checked view of a flatbuffer: tables, vectors and strings read in place, no offset trusted.
//!
//! Layout after the FlatBuffers internals document: a table starts with a signed offset back to its vtable; the vtable
//! holds its own length, the table's length and one 16-bit offset per field, 0 where the field is absent. Vectors
//! start with a 32-bit count. Everything is little endian. Nothing here allocates, recurses or can fail to end.

use std::marker::PhantomData;

/// An offset or length in the file that leads outside the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file is damaged: {what} at byte {at} leads outside the file of {file_bytes} bytes")]
pub(crate) struct Broken {
    what: &'static str,
    at: usize,
    file_bytes: usize,
}

/// A fixed-size value of a table or vector.
pub(crate) trait Scalar: Copy {
    /// Size in the file.
    const BYTES: usize;
    /// The value at the start of `bytes`, `None` where they are too few.
    fn read(bytes: &[u8]) -> Option<Self>;
}

macro_rules! scalars {
    ($($kind:ty),*) => {
        $(impl Scalar for $kind {
            const BYTES: usize = size_of::<$kind>();
            fn read(bytes: &[u8]) -> Option<Self> {
                bytes.first_chunk().map(|chunk| <$kind>::from_le_bytes(*chunk))
            }
        })*
    };
}

scalars!(u8, i8, u16, i32, u32, i64, u64, f32);

/// The file, with the errors of looking into it.
#[derive(Debug, Clone, Copy)]
struct File<'a>(&'a [u8]);

impl<'a> File<'a> {
    fn scalar<T: Scalar>(self, at: usize, what: &'static str) -> Result<T, Broken> {
        self.0.get(at..).and_then(T::read).ok_or(self.broken(what, at))
    }

    fn slice(self, at: usize, length: usize, what: &'static str) -> Result<&'a [u8], Broken> {
        let end = at.checked_add(length).ok_or(self.broken(what, at))?;
        self.0.get(at..end).ok_or(self.broken(what, at))
    }

    /// The place that the 32-bit offset at `at` points to.
    fn follow(self, at: usize, what: &'static str) -> Result<usize, Broken> {
        let offset: u32 = self.scalar(at, what)?;
        at.checked_add(offset as usize).ok_or(self.broken(what, at))
    }

    fn broken(self, what: &'static str, at: usize) -> Broken {
        Broken { what, at, file_bytes: self.0.len() }
    }
}

/// One table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table<'a> {
    file: File<'a>,
    at: usize,
    /// The field offsets of the vtable, without its two lengths.
    fields: &'a [u8],
}

impl<'a> Table<'a> {
    /// The root table of a file.
    pub(crate) fn root(bytes: &'a [u8]) -> Result<Self, Broken> {
        let file = File(bytes);
        Table::at(file, file.follow(0, "the root offset")?)
    }

    fn at(file: File<'a>, at: usize) -> Result<Self, Broken> {
        const LENGTHS: usize = 4;
        let back: i32 = file.scalar(at, "a table")?;
        let vtable = i64::try_from(at).ok().map(|at| at - i64::from(back));
        let vtable = vtable.and_then(|vtable| usize::try_from(vtable).ok());
        let vtable = vtable.ok_or(file.broken("a vtable offset", at))?;
        let length: u16 = file.scalar(vtable, "a vtable")?;
        let whole = file.slice(vtable, usize::from(length), "a vtable")?;
        let fields = whole.get(LENGTHS..).ok_or(file.broken("a vtable's length", vtable))?;
        Ok(Table { file, at, fields })
    }

    /// Where field `id` stands, `None` where it is absent.
    fn field(&self, id: u16) -> Option<usize> {
        let slot = self.fields.get(usize::from(id) * 2..)?;
        match u16::read(slot)? {
            0 => None,
            offset => Some(self.at + usize::from(offset)),
        }
    }

    /// The scalar field `id`, or the schema's `default` where it is absent.
    pub(crate) fn scalar<T: Scalar>(&self, id: u16, default: T) -> Result<T, Broken> {
        self.field(id).map_or(Ok(default), |at| self.file.scalar(at, "a field"))
    }

    /// The boolean field `id`; false where it is absent.
    pub(crate) fn flag(&self, id: u16) -> Result<bool, Broken> {
        Ok(self.scalar(id, 0u8)? != 0)
    }

    /// The table in field `id`.
    pub(crate) fn table(&self, id: u16) -> Result<Option<Table<'a>>, Broken> {
        let Some(at) = self.field(id) else { return Ok(None) };
        Table::at(self.file, self.file.follow(at, "a table's offset")?).map(Some)
    }

    /// The vector of scalars in field `id`; empty where it is absent.
    pub(crate) fn scalars<T: Scalar>(&self, id: u16) -> Result<Scalars<'a, T>, Broken> {
        Ok(Scalars { bytes: self.vector(id, T::BYTES)?.1, kind: PhantomData })
    }

    /// The bytes of the string or byte vector in field `id`; empty where it is absent.
    pub(crate) fn bytes(&self, id: u16) -> Result<&'a [u8], Broken> {
        Ok(self.vector(id, 1)?.1)
    }

    /// The vector of tables in field `id`; empty where it is absent.
    pub(crate) fn tables(&self, id: u16) -> Result<Tables<'a>, Broken> {
        let (at, offsets) = self.vector(id, u32::BYTES)?;
        Ok(Tables { file: self.file, at, len: offsets.len() / u32::BYTES })
    }

    /// `length` bytes of the file from byte `start` on, wherever they stand.
    pub(crate) fn file_bytes(&self, start: u64, length: u64, what: &'static str) -> Result<&'a [u8], Broken> {
        let place = |value| usize::try_from(value).map_err(|_| self.file.broken(what, usize::MAX));
        self.file.slice(place(start)?, place(length)?, what)
    }

    /// Whether field `id` is there.
    pub(crate) fn has(&self, id: u16) -> bool {
        self.field(id).is_some()
    }

    fn vector(&self, id: u16, element_bytes: usize) -> Result<(usize, &'a [u8]), Broken> {
        let Some(at) = self.field(id) else { return Ok((0, &[])) };
        let at = self.file.follow(at, "a vector's offset")?;
        let count: u32 = self.file.scalar(at, "a vector")?;
        let start = at + u32::BYTES;
        let length =
            (count as usize).checked_mul(element_bytes).ok_or(self.file.broken("a vector's length", at))?;
        Ok((start, self.file.slice(start, length, "a vector's length")?))
    }
}

/// A vector of scalars whose bytes are all in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scalars<'a, T> {
    bytes: &'a [u8],
    kind: PhantomData<T>,
}

impl<'a, T: Scalar> Scalars<'a, T> {
    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() / T::BYTES
    }

    /// The elements.
    pub(crate) fn iter(&self) -> impl Iterator<Item = T> + use<'a, T> {
        self.bytes.chunks_exact(T::BYTES).filter_map(T::read)
    }

    /// Element `index`, `None` past the end.
    pub(crate) fn get(&self, index: usize) -> Option<T> {
        T::read(self.bytes.get(index.checked_mul(T::BYTES)?..)?)
    }
}

/// A vector of tables whose offsets are all in the file; the tables are checked when they are taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tables<'a> {
    file: File<'a>,
    at: usize,
    len: usize,
}

impl<'a> Tables<'a> {
    /// Number of tables.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Table `index`, `None` past the end.
    pub(crate) fn get(&self, index: usize) -> Option<Result<Table<'a>, Broken>> {
        let entry = (index < self.len).then(|| self.at + index * u32::BYTES)?;
        Some(self.file.follow(entry, "a table's offset").and_then(|at| Table::at(self.file, at)))
    }

    /// The tables in order.
    pub(crate) fn iter(self) -> impl Iterator<Item = Result<Table<'a>, Broken>> {
        (0..self.len).filter_map(move |index| self.get(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// root → table { 0: u8 = 7, 1: absent, 2: [i32] = [-1, 5], 3: table with no fields }
    fn sample() -> Vec<u8> {
        let mut builder = flatbuffers::FlatBufferBuilder::new();
        let vector = builder.create_vector(&[-1i32, 5]);
        let start = builder.start_table();
        let empty = builder.end_table(start);
        let start = builder.start_table();
        builder.push_slot_always(4, 7u8);
        builder.push_slot_always(8, vector);
        builder.push_slot_always(10, empty);
        let root = builder.end_table(start);
        builder.finish(root, None);
        builder.finished_data().to_vec()
    }

    #[test]
    fn fields_are_found_and_absent_ones_take_the_default() {
        let bytes = sample();
        let root = Table::root(&bytes).unwrap();
        assert_eq!(root.scalar(0, 1u8), Ok(7));
        assert_eq!(root.scalar(1, 9i32), Ok(9));
        assert_eq!(root.scalar(40, 3i32), Ok(3));
        assert_eq!(root.scalars::<i32>(2).unwrap().iter().collect::<Vec<_>>(), [-1, 5]);
        assert_eq!(root.scalars::<i32>(2).unwrap().get(2), None);
        assert!(!root.table(3).unwrap().unwrap().has(0));
        assert_eq!(root.tables(1).unwrap().len(), 0);
    }

    #[test]
    fn no_truncation_reaches_outside() {
        let bytes = sample();
        let mut refused = 0;
        for length in 0..bytes.len() {
            let read = Table::root(&bytes[..length]).and_then(|root| {
                root.scalar(0, 1u8)?;
                root.scalars::<i32>(2)?;
                root.table(3)
            });
            refused += usize::from(read.is_err());
        }
        assert!(refused > bytes.len() / 2, "{refused} of {} lengths refused", bytes.len());
    }

    #[test]
    fn a_vector_longer_than_the_file_is_refused() {
        let bytes = sample();
        let at = bytes.windows(12).position(|w| w == [2, 0, 0, 0, 255, 255, 255, 255, 5, 0, 0, 0]).unwrap();
        for count in [3u32, 0x4000_0001, u32::MAX] {
            let mut bytes = bytes.clone();
            bytes[at..at + 4].copy_from_slice(&count.to_le_bytes());
            let long = Table::root(&bytes).unwrap().scalars::<i32>(2).map(|vector| vector.len());
            if count > 3 {
                let error = long.unwrap_err().to_string();
                assert!(error.contains("a vector's length"), "{error}");
            }
        }
    }
}
