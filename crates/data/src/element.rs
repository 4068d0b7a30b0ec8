//! Numbers as files store them: widths, signs, byte orders and telephone codes, decoded to float32.

/// The stored form of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    U8,
    I8,
    I16,
    I32,
    F32,
    F64,
    U16,
    U32,
    I64,
    /// 8-bit PCM of WAV files, offset by 128, in ±1.
    Pcm8,
    /// 16-bit PCM in ±1.
    Pcm16,
    /// 24-bit PCM in ±1.
    Pcm24,
    /// 32-bit PCM in ±1.
    Pcm32,
    /// G.711 µ-law in ±1.
    MuLaw,
    /// G.711 A-law in ±1.
    ALaw,
}

/// An element with its byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) element: Element,
    pub(crate) big_endian: bool,
}

impl Stored {
    pub(crate) fn little(element: Element) -> Self {
        Stored { element, big_endian: false }
    }

    /// Bytes of one number.
    pub(crate) fn bytes(self) -> usize {
        match self.element {
            Element::U8 | Element::I8 | Element::Pcm8 | Element::MuLaw | Element::ALaw => 1,
            Element::I16 | Element::U16 | Element::Pcm16 => 2,
            Element::Pcm24 => 3,
            Element::I32 | Element::U32 | Element::F32 | Element::Pcm32 => 4,
            Element::F64 | Element::I64 => 8,
        }
    }

    /// Decodes as many numbers as both sides hold.
    pub(crate) fn decode(self, bytes: &[u8], out: &mut [f32]) {
        let width = self.bytes();
        let mut eight = [0; 8];
        for (value, stored) in out.iter_mut().zip(bytes.chunks_exact(width)) {
            for (place, &byte) in eight.iter_mut().zip(stored) {
                *place = byte;
            }
            if self.big_endian
                && let Some(used) = eight.get_mut(..width)
            {
                used.reverse();
            }
            *value = self.element.value(eight);
        }
    }
}

impl Element {
    /// The number whose little-endian bytes come first in `b`.
    fn value(self, b: [u8; 8]) -> f32 {
        let [b0, b1, b2, b3, ..] = b;
        match self {
            Element::U8 => f32::from(b0),
            Element::I8 => f32::from(b0 as i8),
            Element::I16 => f32::from(i16::from_le_bytes([b0, b1])),
            Element::U16 => f32::from(u16::from_le_bytes([b0, b1])),
            Element::I32 => i32::from_le_bytes([b0, b1, b2, b3]) as f32,
            Element::U32 => u32::from_le_bytes([b0, b1, b2, b3]) as f32,
            Element::F32 => f32::from_le_bytes([b0, b1, b2, b3]),
            Element::F64 => f64::from_le_bytes(b) as f32,
            Element::I64 => i64::from_le_bytes(b) as f32,
            Element::Pcm8 => (f32::from(b0) - 128.0) / 128.0,
            Element::Pcm16 => f32::from(i16::from_le_bytes([b0, b1])) / 32768.0,
            Element::Pcm24 => (i32::from_le_bytes([0, b0, b1, b2]) >> 8) as f32 / 8_388_608.0,
            Element::Pcm32 => (f64::from(i32::from_le_bytes([b0, b1, b2, b3])) / 2_147_483_648.0) as f32,
            Element::MuLaw => f32::from(mu_law(b0)) / 32768.0,
            Element::ALaw => f32::from(a_law(b0)) / 32768.0,
        }
    }
}

/// µ-law to 16 bits: ITU-T G.711, table 2, on the 14-bit scale times 4.
fn mu_law(code: u8) -> i16 {
    let code = !code;
    let (exponent, mantissa) = ((code >> 4) & 7, i16::from(code & 15));
    let size = (((mantissa << 3) + 0x84) << exponent) - 0x84;
    if code & 0x80 == 0 { size } else { -size }
}

/// A-law to 16 bits: ITU-T G.711, table 1, on the 13-bit scale times 8; even bits are inverted on the line.
fn a_law(code: u8) -> i16 {
    let code = code ^ 0x55;
    let (exponent, mantissa) = ((code >> 4) & 7, i16::from(code & 15));
    let size = match exponent {
        0 => (mantissa << 4) + 8,
        _ => ((mantissa << 4) + 0x108) << (exponent - 1),
    };
    if code & 0x80 == 0 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(element: Element, bytes: &[u8]) -> f32 {
        let mut out = [f32::NAN];
        Stored::little(element).decode(bytes, &mut out);
        out[0]
    }

    #[test]
    fn telephone_codes_are_those_of_g711() {
        // Extremes, zeros and a middle step, as Python's audioop.ulaw2lin and alaw2lin give them.
        let mu: Vec<i16> = [0x00, 0x80, 0x7f, 0xff, 0x8f, 0x2a].map(mu_law).into();
        assert_eq!(mu, [-32124, 32124, 0, 0, 16764, -5372]);
        let a: Vec<i16> = [0x2a, 0xaa, 0x55, 0xd5, 0x05, 0x9c].map(a_law).into();
        assert_eq!(a, [-32256, 32256, -8, 8, -4224, 3264]);
    }

    #[test]
    fn widths_and_signs() {
        assert_eq!(one(Element::Pcm8, &[0]), -1.0);
        assert_eq!(one(Element::Pcm16, &[0, 0x80]), -1.0);
        assert_eq!(one(Element::Pcm24, &[0, 0, 0x80]), -1.0);
        assert_eq!(one(Element::Pcm24, &[1, 0, 0]), 1.0 / 8_388_608.0);
        assert_eq!(one(Element::Pcm32, &[0, 0, 0, 0x40]), 0.5);
        assert_eq!(one(Element::F64, &2.5f64.to_le_bytes()), 2.5);
        assert_eq!(one(Element::I64, &(-3i64).to_le_bytes()), -3.0);
        let mut out = [0.0; 2];
        Stored { element: Element::I16, big_endian: true }.decode(&[0, 1, 0xff, 0xfe], &mut out);
        assert_eq!(out, [1.0, -2.0]);
    }
}
