//! Numbers that are random but the same on every run.

use smidgen_ir::{DType, Graph};

/// SplitMix64 (Steele, Lea and Flood 2014).
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is at least 1.
    pub fn below(&mut self, end: usize) -> usize {
        (self.bits() % end as u64) as usize
    }

    /// One of `choices`.
    pub fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }
}

/// One inference's inputs as `seed` draws them: small floats, and any bits of other types.
pub fn random_inputs(graph: &Graph, seed: u64) -> Vec<u8> {
    let mut random = Random(seed);
    let mut inputs = Vec::new();
    for &input in &graph.inputs {
        let tensor = graph.tensor(input);
        for _ in 0..tensor.n_elements() {
            match tensor.dtype {
                DType::F32 => inputs.extend((random.below(2001) as f32 * 1e-3 - 1.0).to_le_bytes()),
                _ => inputs.extend(&random.bits().to_le_bytes()[..tensor.dtype.n_bytes(1)]),
            }
        }
    }
    inputs
}
