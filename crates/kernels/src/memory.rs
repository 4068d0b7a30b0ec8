//! The arena that holds every activation, the weights in flash, and typed views of both.

use core::fmt;
use core::ops::Range;

/// All activations and scratch memory of a network, 16-byte aligned.
#[repr(C, align(16))]
pub struct Arena<const N: usize> {
    bytes: [u8; N],
}

/// Regions of an arena that meet, or reach beyond its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overlap;

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("regions of the arena overlap or reach beyond its end")
    }
}

impl core::error::Error for Overlap {}

/// What a model may have its activations in: an [`Arena`] of its own, or memory that is lent to it.
pub trait Memory {
    /// All bytes.
    fn bytes(&self) -> &[u8];

    /// All bytes, to write.
    fn bytes_mut(&mut self) -> &mut [u8];

    /// Disjoint regions, given as byte ranges, all writable at once.
    #[inline(always)]
    fn regions<const K: usize>(&mut self, ranges: [Range<usize>; K]) -> Result<[&mut [u8]; K], Overlap> {
        self.bytes_mut().get_disjoint_mut(ranges).map_err(|_| Overlap)
    }
}

impl<const N: usize> Memory for Arena<N> {
    #[inline(always)]
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[inline(always)]
    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

/// Memory that is lent, 16-byte aligned.
#[derive(Debug)]
pub struct Lent<'a> {
    bytes: &'a mut [u8],
}

/// Memory that cannot be lent to a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// It has fewer bytes than the model needs.
    Small {
        /// Bytes that the model needs.
        needed: usize,
        /// Bytes that there are.
        found: usize,
    },
    /// It does not begin at a multiple of 16 bytes; an [`Arena`] does.
    Misaligned,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Small { needed, found } => {
                write!(f, "the model needs {needed} bytes of memory, not {found}")
            }
            Self::Misaligned => f.write_str("the model needs memory that begins at a multiple of 16 bytes"),
        }
    }
}

impl core::error::Error for Unfit {}

impl<'a> Lent<'a> {
    /// The first `needed` bytes of some memory.
    pub fn new(memory: &'a mut [u8], needed: usize) -> Result<Self, Unfit> {
        let found = memory.len();
        if !memory.as_ptr().addr().is_multiple_of(16) {
            return Err(Unfit::Misaligned);
        }
        match memory.get_mut(..needed) {
            Some(bytes) => Ok(Self { bytes }),
            None => Err(Unfit::Small { needed, found }),
        }
    }
}

impl Memory for Lent<'_> {
    #[inline(always)]
    fn bytes(&self) -> &[u8] {
        self.bytes
    }

    #[inline(always)]
    fn bytes_mut(&mut self) -> &mut [u8] {
        self.bytes
    }
}

impl<const N: usize> Arena<N> {
    /// An arena of zeros.
    pub const fn new() -> Self {
        Self { bytes: [0; N] }
    }

    /// All bytes.
    pub const fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// All bytes, to write.
    pub const fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl<const N: usize> Default for Arena<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Debug for Arena<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arena").field("len", &N).finish_non_exhaustive()
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for i8 {}
    impl Sealed for u8 {}
    impl Sealed for i16 {}
    impl Sealed for u16 {}
    impl Sealed for i32 {}
    impl Sealed for u32 {}
    impl Sealed for i64 {}
    impl Sealed for u64 {}
    impl Sealed for f32 {}
}

/// Element types of tensors: plain values for which every bit pattern is valid.
pub trait Pod: sealed::Sealed + Copy + 'static {}
impl Pod for i8 {}
impl Pod for u8 {}
impl Pod for i16 {}
impl Pod for u16 {}
impl Pod for i32 {}
impl Pod for u32 {}
impl Pod for i64 {}
impl Pod for u64 {}
impl Pod for f32 {}

/// Bytes as elements, little endian. Empty if the bytes are not aligned for `T` or end inside an element; the kernel
/// that gets the slice then reports its length.
#[inline(always)]
pub fn view<T: Pod>(bytes: &[u8]) -> &[T] {
    if !is_whole::<T>(bytes) {
        return &[];
    }
    let len = bytes.len() / size_of::<T>();
    #[expect(unsafe_code, reason = "the standard library has no safe cast of plain values")]
    // SAFETY: the pointer is aligned for `T` and `len` elements lie within the bytes, which are borrowed for as long.
    // `Pod` is sealed over integers and f32, for which every bit pattern is a valid value.
    unsafe {
        core::slice::from_raw_parts(bytes.as_ptr().cast(), len)
    }
}

/// [`view`] for writing.
#[inline(always)]
pub fn view_mut<T: Pod>(bytes: &mut [u8]) -> &mut [T] {
    if !is_whole::<T>(bytes) {
        return &mut [];
    }
    let len = bytes.len() / size_of::<T>();
    #[expect(unsafe_code, reason = "the standard library has no safe cast of plain values")]
    // SAFETY: as in `view`; the bytes are borrowed exclusively, and every value of these types is valid as bytes too.
    unsafe {
        core::slice::from_raw_parts_mut(bytes.as_mut_ptr().cast(), len)
    }
}

/// Whether the bytes are aligned for `T` and hold whole elements.
#[inline(always)]
fn is_whole<T: Pod>(bytes: &[u8]) -> bool {
    bytes.as_ptr().addr().is_multiple_of(align_of::<T>()) && bytes.len().is_multiple_of(size_of::<T>())
}

/// Constants in flash, 16-byte aligned: `static W: Blob<[u8; 4]> = Blob(*include_bytes!("w.bin"));`.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(16))]
pub struct Blob<B: ?Sized>(pub B);

impl<B: AsRef<[u8]> + ?Sized> Blob<B> {
    /// The bytes as elements; see [`view`].
    #[inline(always)]
    pub fn view<T: Pod>(&self) -> &[T] {
        view(self.0.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_disjoint_or_refused() {
        let mut arena = Arena::<32>::new();
        let [a, b] = arena.regions([16..24, 0..16]).unwrap();
        a.fill(1);
        b.fill(2);
        assert_eq!(arena.bytes()[..16], [2; 16]);
        assert_eq!(arena.bytes()[16..24], [1; 8]);
        assert!(arena.regions([0..8, 7..9]).is_err());
        assert!(arena.regions([0..8, 24..33]).is_err());
    }

    #[test]
    fn memory_is_lent_if_it_is_large_and_aligned() {
        let mut arena = Arena::<32>::new();
        let mut lent = Lent::new(arena.bytes_mut(), 20).unwrap();
        assert_eq!(lent.bytes().len(), 20);
        let [_, a] = lent.regions([0..4, 4..20]).unwrap();
        a.fill(3);
        assert!(lent.regions([0..4, 4..21]).is_err());
        assert_eq!((arena.bytes()[3], arena.bytes()[4], arena.bytes()[19], arena.bytes()[20]), (0, 3, 3, 0));
        let small = Unfit::Small { needed: 33, found: 32 };
        assert_eq!(Lent::new(arena.bytes_mut(), 33).unwrap_err(), small);
        assert_eq!(Lent::new(&mut arena.bytes_mut()[4..], 4).unwrap_err(), Unfit::Misaligned);
    }

    #[test]
    fn views_are_little_endian_elements() {
        let mut arena = Arena::<16>::default();
        arena.bytes_mut()[..8].copy_from_slice(&[1, 0, 0, 0, 0, 0, 128, 63]);
        assert_eq!(view::<i32>(&arena.bytes()[..4]), [1]);
        assert_eq!(view::<f32>(&arena.bytes()[4..8]), [1.0]);
        assert_eq!(view::<i8>(&arena.bytes()[6..8]), [-128, 63]);
        view_mut::<i32>(&mut arena.bytes_mut()[8..]).fill(-1);
        assert_eq!(arena.bytes()[8..], [255; 8]);
    }

    #[test]
    fn misaligned_and_broken_elements_make_an_empty_view() {
        let mut arena = Arena::<16>::new();
        assert!(view::<i32>(&arena.bytes()[1..5]).is_empty());
        assert!(view::<f32>(&arena.bytes()[..6]).is_empty());
        assert!(view_mut::<i32>(&mut arena.bytes_mut()[2..6]).is_empty());
    }

    #[test]
    fn blobs_are_aligned_and_keep_their_length() {
        static ONE: Blob<[u8; 5]> = Blob([1, 2, 3, 4, 5]);
        let unsized_blob: &Blob<[u8]> = &ONE;
        assert_eq!(ONE.view::<i8>(), [1, 2, 3, 4, 5]);
        assert_eq!(unsized_blob.view::<u8>().len(), 5);
        assert_eq!(ONE.0.as_ptr().addr() % 16, 0);
    }
}
