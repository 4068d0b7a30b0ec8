//! FNV-1a with 64 bits: a name of bytes, which any change of one byte changes.

/// A hash in the making.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fnv(u64);

impl Fnv {
    pub(crate) fn new() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// In hexadecimal.
    pub(crate) fn hex(self) -> String {
        format!("{:016x}", self.0)
    }
}
