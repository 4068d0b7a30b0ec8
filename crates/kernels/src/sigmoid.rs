//! The int16 logistic function and tangent: one table of the logistic function, interpolated.
//!
//! Source: TensorFlow Lite Micro, `reference_integer_ops::Logistic` and `Tanh` for int16.

/// `1 / (1 + e^(-i / 24))` of `i` from 0 to 255 in steps of `2^-16` (TFLite's `sigmoid_table_uint16`).
#[rustfmt::skip]
static TABLE: [u16; 256] = [
    32_768, 33_451, 34_133, 34_813, 35_493, 36_169, 36_843, 37_513, 38_180, 38_841, 39_498, 40_149,
    40_794, 41_432, 42_064, 42_688, 43_304, 43_912, 44_511, 45_102, 45_683, 46_255, 46_817, 47_369,
    47_911, 48_443, 48_964, 49_475, 49_975, 50_464, 50_942, 51_409, 51_865, 52_311, 52_745, 53_169,
    53_581, 53_983, 54_374, 54_755, 55_125, 55_485, 55_834, 56_174, 56_503, 56_823, 57_133, 57_433,
    57_724, 58_007, 58_280, 58_544, 58_800, 59_048, 59_288, 59_519, 59_743, 59_959, 60_168, 60_370,
    60_565, 60_753, 60_935, 61_110, 61_279, 61_441, 61_599, 61_750, 61_896, 62_036, 62_172, 62_302,
    62_428, 62_549, 62_666, 62_778, 62_886, 62_990, 63_090, 63_186, 63_279, 63_368, 63_454, 63_536,
    63_615, 63_691, 63_765, 63_835, 63_903, 63_968, 64_030, 64_090, 64_148, 64_204, 64_257, 64_308,
    64_357, 64_405, 64_450, 64_494, 64_536, 64_576, 64_614, 64_652, 64_687, 64_721, 64_754, 64_786,
    64_816, 64_845, 64_873, 64_900, 64_926, 64_950, 64_974, 64_997, 65_019, 65_039, 65_060, 65_079,
    65_097, 65_115, 65_132, 65_149, 65_164, 65_179, 65_194, 65_208, 65_221, 65_234, 65_246, 65_258,
    65_269, 65_280, 65_291, 65_301, 65_310, 65_319, 65_328, 65_337, 65_345, 65_352, 65_360, 65_367,
    65_374, 65_381, 65_387, 65_393, 65_399, 65_404, 65_410, 65_415, 65_420, 65_425, 65_429, 65_433,
    65_438, 65_442, 65_445, 65_449, 65_453, 65_456, 65_459, 65_462, 65_465, 65_468, 65_471, 65_474,
    65_476, 65_479, 65_481, 65_483, 65_485, 65_488, 65_489, 65_491, 65_493, 65_495, 65_497, 65_498,
    65_500, 65_501, 65_503, 65_504, 65_505, 65_507, 65_508, 65_509, 65_510, 65_511, 65_512, 65_513,
    65_514, 65_515, 65_516, 65_517, 65_517, 65_518, 65_519, 65_520, 65_520, 65_521, 65_522, 65_522,
    65_523, 65_523, 65_524, 65_524, 65_525, 65_525, 65_526, 65_526, 65_526, 65_527, 65_527, 65_528,
    65_528, 65_528, 65_529, 65_529, 65_529, 65_529, 65_530, 65_530, 65_530, 65_530, 65_531, 65_531,
    65_531, 65_531, 65_531, 65_532, 65_532, 65_532, 65_532, 65_532, 65_532, 65_533, 65_533, 65_533,
    65_533, 65_533, 65_533, 65_533, 65_533, 65_534, 65_534, 65_534, 65_534, 65_534, 65_534, 65_534,
    65_534, 65_534, 65_534, 65_535,
];

/// How an input is brought to steps of `1 / 12288`: times `multiplier`, divided by `2^shift`, rounded half up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rescale {
    multiplier: i32,
    shift: u32,
}

impl Rescale {
    /// A multiplier in `0..=32767` and a shift in `0..=31`.
    pub(crate) const fn new(multiplier: i32, shift: i32) -> Result<Self, crate::InvalidSpec> {
        crate::error::ensure!(
            0 <= multiplier && multiplier <= 32_767,
            "the multiplier of an int16 LOGISTIC or TANH must be in 0..=32767"
        );
        crate::error::ensure!(
            0 <= shift && shift <= 31,
            "the shift of an int16 LOGISTIC or TANH must be in 0..=31"
        );
        Ok(Self { multiplier, shift: shift as u32 })
    }

    #[inline(always)]
    fn apply(self, x: i16) -> i32 {
        let half = if self.shift > 0 { 1_i32 << (self.shift - 1) } else { 0 };
        (i32::from(x) * self.multiplier).wrapping_add(half) >> self.shift
    }
}

/// The logistic function in steps of `2^-15`.
#[inline(always)]
pub(crate) fn logistic(x: i16, rescale: Rescale) -> i16 {
    let x = rescale.apply(x);
    let magnitude = x.unsigned_abs();
    let (at, rest) = ((magnitude >> 9) as usize, magnitude & 0x1ff);
    let value = match (TABLE.get(at), TABLE.get(at + 1)) {
        (Some(&low), Some(&high)) => (u32::from(low) << 9) + rest * (u32::from(high) - u32::from(low)),
        _ => 0x7fff << 10,
    };
    // A half is added before the division by 2^10; the mirrored value rounds the other way.
    let value = if x >= 0 { value + (1 << 9) } else { (1 << 25) - value + (1 << 9) - 1 };
    (value >> 10) as i16
}

/// The hyperbolic tangent in steps of `2^-15`: `tanh(x) = 2 logistic(2 x) - 1`.
#[inline(always)]
pub(crate) fn tanh(x: i16, rescale: Rescale) -> i16 {
    let x = rescale.apply(x);
    let magnitude = x.unsigned_abs();
    let (at, rest) = ((magnitude >> 8) as usize, (magnitude & 0xff) as i32);
    let value = match (TABLE.get(at), TABLE.get(at + 1)) {
        (Some(&low), Some(&high)) => (i32::from(low) << 8) + rest * (i32::from(high) - i32::from(low)),
        _ => 0xffff << 8,
    };
    let value = if x >= 0 { value - (1 << 23) + (1 << 7) } else { -value + (1 << 23) + (1 << 7) - 1 };
    (value >> 8) as i16
}
