//! Values of files that cannot be read from the middle (text, packed archives): in memory while few, then in a
//! temporary file that the system removes with the process.

use crate::DataError;
use crate::element::Stored;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

/// Bytes that stay in memory.
const MEMORY_BYTES: usize = 64 << 20;

/// Numbers of one stored form, one after the other; written once, then read from anywhere.
#[derive(Debug)]
pub(crate) struct Spool {
    stored: Stored,
    memory: Vec<u8>,
    limit: usize,
    file: Option<Mutex<File>>,
    n_filed: u64,
}

impl Spool {
    pub(crate) fn new(stored: Stored) -> Self {
        Spool { stored, memory: Vec::new(), limit: MEMORY_BYTES, file: None, n_filed: 0 }
    }

    /// Numbers written so far: the position of the next one.
    pub(crate) fn len(&self) -> u64 {
        (self.n_filed + self.memory.len() as u64) / self.stored.bytes() as u64
    }

    /// Appends stored numbers.
    pub(crate) fn push_bytes(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        self.memory.extend_from_slice(bytes);
        if self.memory.len() < self.limit {
            return Ok(());
        }
        if self.file.is_none() {
            self.file = Some(Mutex::new(tempfile::tempfile().map_err(temporary)?));
        }
        self.flush()
    }

    /// Appends float32 numbers to a spool of float32.
    pub(crate) fn push(&mut self, values: &[f32]) -> Result<(), DataError> {
        for chunk in values.chunks(1 << 14) {
            let bytes: Vec<u8> = chunk.iter().flat_map(|value| value.to_le_bytes()).collect();
            self.push_bytes(&bytes)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), DataError> {
        if let Some(file) = &self.file {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::End(0)).and_then(|_| file.write_all(&self.memory)).map_err(temporary)?;
            self.n_filed += self.memory.len() as u64;
            self.memory.clear();
        }
        Ok(())
    }

    /// The numbers from position `first`.
    pub(crate) fn read(&self, first: u64, out: &mut [f32]) -> Result<(), DataError> {
        let width = self.stored.bytes();
        let (start, n) = (first * width as u64, out.len() * width);
        let past = || {
            DataError::Options(format!("values {first} to {} are not in the set", first + out.len() as u64))
        };
        if start >= self.n_filed {
            let start = (start - self.n_filed) as usize;
            let bytes = self.memory.get(start..start + n).ok_or_else(past)?;
            self.stored.decode(bytes, out);
            return Ok(());
        }
        let mut bytes = vec![0; n];
        let n_from_file = n.min((self.n_filed - start) as usize);
        let (filed, rest) = bytes.split_at_mut(n_from_file);
        if let Some(file) = &self.file {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(start)).and_then(|_| file.read_exact(filed)).map_err(temporary)?;
        }
        rest.copy_from_slice(self.memory.get(..rest.len()).ok_or_else(past)?);
        self.stored.decode(&bytes, out);
        Ok(())
    }
}

fn temporary(source: std::io::Error) -> DataError {
    DataError::Io { path: std::env::temp_dir(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::Element;

    #[test]
    fn memory_and_file_give_the_same_numbers() {
        let values: Vec<f32> = (0..1000).map(|n| n as f32 * 0.5).collect();
        for limit in [64, 1000, 1 << 20] {
            let mut spool = Spool { limit, ..Spool::new(Stored::little(Element::F32)) };
            values.chunks(7).for_each(|chunk| spool.push(chunk).unwrap());
            assert_eq!(spool.len(), 1000);
            assert_eq!(spool.file.is_some(), limit < 4000, "{limit}");
            for (first, n) in [(0, 1000), (3, 17), (990, 10), (500, 500)] {
                let mut out = vec![0.0; n];
                spool.read(first as u64, &mut out).unwrap();
                assert_eq!(out, values[first..first + n], "{limit} {first}");
            }
            assert!(spool.read(995, &mut [0.0; 6]).is_err());
        }
    }
}
