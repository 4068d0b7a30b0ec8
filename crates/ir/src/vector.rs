//! Runs kernels compiled for the vector unit that the machine has.
//!
//! The crate `smidgen-kernels` is compiled with its feature `host`, which makes its heavy kernels part of their caller.
//! The caller is compiled three times: plainly, for AVX2 and for AVX-512. The source is the same, integers are exact and
//! floats are never fused or reordered, so all give the same bytes.

use crate::kernel::Ready;

/// [`Ready::run`] with the instructions of this machine.
pub(crate) fn run(ready: &Ready, operands: &[&[u8]], targets: &mut [&mut [u8]]) -> Result<(), String> {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(avx512) = pulp::x86::V4::try_new() {
            return pulp::Simd::vectorize(avx512, Run { ready, operands, targets });
        }
        if let Some(avx2) = pulp::x86::V3::try_new() {
            return pulp::Simd::vectorize(avx2, Run { ready, operands, targets });
        }
    }
    ready.run(operands, targets)
}

#[cfg(target_arch = "x86_64")]
struct Run<'a, 'b> {
    ready: &'a Ready,
    operands: &'a [&'a [u8]],
    targets: &'a mut [&'b mut [u8]],
}

#[cfg(target_arch = "x86_64")]
impl pulp::NullaryFnOnce for Run<'_, '_> {
    type Output = Result<(), String>;

    #[inline(always)]
    fn call(self) -> Self::Output {
        self.ready.run(self.operands, self.targets)
    }
}
