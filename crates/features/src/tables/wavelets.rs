//! Filters of wavelets.

use std::vec::Vec;

/// Daubechies' wavelets by the number of their vanishing moments (*Orthonormal bases of compactly supported wavelets*, 1988,
/// table 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// One: differences of neighbours.
    Haar,
    /// Two.
    Db2,
    /// Four.
    Db4,
}

/// The low-pass filter of a wavelet.
pub fn wavelet(family: Family) -> Vec<f32> {
    let taps: &[f64] = match family {
        Family::Haar => &[core::f64::consts::FRAC_1_SQRT_2; 2],
        Family::Db2 => &[
            0.482_962_913_144_534_1,
            0.836_516_303_737_807_9,
            0.224_143_868_042_013_4,
            -0.129_409_522_551_260_4,
        ],
        Family::Db4 => &[
            0.230_377_813_308_896_5,
            0.714_846_570_552_915_7,
            0.630_880_767_929_858_9,
            -0.027_983_769_416_859_9,
            -0.187_034_811_719_093_1,
            0.030_841_381_835_560_7,
            0.032_883_011_666_885_2,
            -0.010_597_401_785_069_0,
        ],
    };
    taps.iter().map(|&tap| tap as f32).collect()
}
