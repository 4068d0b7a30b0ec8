//! The logistic function and the hyperbolic tangent of int16 activations, interpolated in one table.
//!
//! Source: TensorFlow Lite Micro, `reference_integer_ops::Logistic` and `Tanh` of `int16_t`, and their table
//! `sigmoid_table_uint16`. Arguments are in steps of 1/12288, which is 3 for a step of an int16 with 12 fractional bits.

/// `logistic(i / 24)` with 16 fractional bits. Some entries are a unit off the nearest: they are the source's.
#[rustfmt::skip]
static LOGISTIC: [u16; 256] = [
    32_768, 33_451, 34_133, 34_813, 35_493, 36_169, 36_843, 37_513, 38_180, 38_841, 39_498, 40_149, 40_794, 41_432, 42_064, 42_688,
    43_304, 43_912, 44_511, 45_102, 45_683, 46_255, 46_817, 47_369, 47_911, 48_443, 48_964, 49_475, 49_975, 50_464, 50_942, 51_409,
    51_865, 52_311, 52_745, 53_169, 53_581, 53_983, 54_374, 54_755, 55_125, 55_485, 55_834, 56_174, 56_503, 56_823, 57_133, 57_433,
    57_724, 58_007, 58_280, 58_544, 58_800, 59_048, 59_288, 59_519, 59_743, 59_959, 60_168, 60_370, 60_565, 60_753, 60_935, 61_110,
    61_279, 61_441, 61_599, 61_750, 61_896, 62_036, 62_172, 62_302, 62_428, 62_549, 62_666, 62_778, 62_886, 62_990, 63_090, 63_186,
    63_279, 63_368, 63_454, 63_536, 63_615, 63_691, 63_765, 63_835, 63_903, 63_968, 64_030, 64_090, 64_148, 64_204, 64_257, 64_308,
    64_357, 64_405, 64_450, 64_494, 64_536, 64_576, 64_614, 64_652, 64_687, 64_721, 64_754, 64_786, 64_816, 64_845, 64_873, 64_900,
    64_926, 64_950, 64_974, 64_997, 65_019, 65_039, 65_060, 65_079, 65_097, 65_115, 65_132, 65_149, 65_164, 65_179, 65_194, 65_208,
    65_221, 65_234, 65_246, 65_258, 65_269, 65_280, 65_291, 65_301, 65_310, 65_319, 65_328, 65_337, 65_345, 65_352, 65_360, 65_367,
    65_374, 65_381, 65_387, 65_393, 65_399, 65_404, 65_410, 65_415, 65_420, 65_425, 65_429, 65_433, 65_438, 65_442, 65_445, 65_449,
    65_453, 65_456, 65_459, 65_462, 65_465, 65_468, 65_471, 65_474, 65_476, 65_479, 65_481, 65_483, 65_485, 65_488, 65_489, 65_491,
    65_493, 65_495, 65_497, 65_498, 65_500, 65_501, 65_503, 65_504, 65_505, 65_507, 65_508, 65_509, 65_510, 65_511, 65_512, 65_513,
    65_514, 65_515, 65_516, 65_517, 65_517, 65_518, 65_519, 65_520, 65_520, 65_521, 65_522, 65_522, 65_523, 65_523, 65_524, 65_524,
    65_525, 65_525, 65_526, 65_526, 65_526, 65_527, 65_527, 65_528, 65_528, 65_528, 65_529, 65_529, 65_529, 65_529, 65_530, 65_530,
    65_530, 65_530, 65_531, 65_531, 65_531, 65_531, 65_531, 65_532, 65_532, 65_532, 65_532, 65_532, 65_532, 65_533, 65_533, 65_533,
    65_533, 65_533, 65_533, 65_533, 65_533, 65_534, 65_534, 65_534, 65_534, 65_534, 65_534, 65_534, 65_534, 65_534, 65_534, 65_535,
];

/// `1 / (1 + e^-(x / 12288))` with 15 fractional bits.
#[inline]
pub(crate) fn logistic(x: i32) -> i16 {
    let value = interpolate(x.unsigned_abs(), 9).unwrap_or(0x7fff << 10);
    let half = 1 << 9;
    // Below zero `1 - logistic(-x)`. The largest is 32767.5 in 15 bits, so that the cast keeps all.
    let value = if x < 0 { (1 << 25) - 1 - value } else { value };
    ((value + half) >> 10) as i16
}

/// `tanh(x / 12288)` with 15 fractional bits: `2 logistic(2 x) - 1`.
#[inline]
pub(crate) fn tanh(x: i32) -> i16 {
    let value = interpolate(x.unsigned_abs(), 8).unwrap_or(0xffff << 8) - (1 << 23);
    let half = 1 << 7;
    let value = if x < 0 { -value - 1 } else { value };
    ((value + half) >> 8) as i16
}

/// The table at `x / 2^bits` times `2^bits`, unless that is past the last but one entry.
#[inline(always)]
fn interpolate(x: u32, bits: u32) -> Option<i32> {
    let index = (x >> bits) as usize;
    let (&low, &high) = (LOGISTIC.get(index)?, LOGISTIC.get(index + 1)?);
    let part = (x & ((1 << bits) - 1)) as i32;
    Some((i32::from(low) << bits) + part * (i32::from(high) - i32::from(low)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_close_to_the_real_functions() {
        for x in (i16::MIN..=i16::MAX).map(i32::from) {
            let real = f64::from(x) / 4096.0;
            let (exact, result) = (1.0 / (1.0 + (-real).exp()), f64::from(logistic(3 * x)) / 32768.0);
            assert!((result - exact).abs() < 6.0e-5, "logistic({real}) is {exact}, not {result}");
            let (exact, result) = (real.tanh(), f64::from(tanh(3 * x)) / 32768.0);
            assert!((result - exact).abs() < 1.2e-4, "tanh({real}) is {exact}, not {result}");
        }
    }

    /// A checksum of what TensorFlow Lite Micro answers for all int16 values with 12 fractional bits.
    #[test]
    fn every_int16_is_as_in_the_source() {
        let results = (i16::MIN..=i16::MAX).map(|x| 3 * i32::from(x)).flat_map(|x| [logistic(x), tanh(x)]);
        let sum = results.fold(0_u32, |sum, y| sum.wrapping_mul(31).wrapping_add(u32::from(y as u16)));
        assert_eq!(sum, 1_623_202_262);
    }

    #[test]
    fn limits_by_hand() {
        assert_eq!([0, 255 << 9, i32::MAX, i32::MIN].map(logistic), [16384, 32767, 32767, 1]);
        assert_eq!([0, 255 << 8, i32::MAX, i32::MIN].map(tanh), [0, 32767, 32767, -32768]);
    }
}
