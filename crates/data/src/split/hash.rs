//! Groups to parts by a hash of their names.

use crate::{Dataset, Part};
use sha1::{Digest, Sha1};

/// The largest number of recordings of a class in the definition.
const MAX_PER_CLASS: u64 = (1 << 27) - 1;

/// The part of each sample: `which_set` of the Speech Commands examples (Warden, arXiv:1804.03209, section 7).
pub(super) fn parts(set: &Dataset, (test, validation): (f64, f64)) -> Vec<Part> {
    set.samples.iter().map(|sample| part(set.group_of(sample), test, validation)).collect()
}

/// With h = SHA-1(group) as a number mod 2²⁷, h / (2²⁷ − 1) is below the share of validation for validation, then
/// below both for test, else training.
fn part(group: &str, test: f64, validation: f64) -> Part {
    // 2²⁷ divides 2³², so the last four bytes are enough.
    let last =
        Sha1::digest(group.as_bytes()).iter().rev().take(4).rev().fold(0, |n, &b| n << 8 | u64::from(b));
    match (last % (MAX_PER_CLASS + 1)) as f64 / MAX_PER_CLASS as f64 {
        at if at < validation => Part::Validation,
        at if at < validation + test => Part::Test,
        _ => Part::Train,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speakers_go_where_the_definition_puts_them() {
        // Python: int(hashlib.sha1(speaker.encode()).hexdigest(), 16) % 2**27 * (100 / (2**27 - 1)), 10 % each.
        for (speaker, wanted) in [
            ("0a7c2a8d", Part::Train),
            ("0132a06d", Part::Train),
            ("0ab3b47d", Part::Validation),
            ("1acc97de", Part::Test),
            ("1fe4c891", Part::Test),
        ] {
            assert_eq!(part(speaker, 0.1, 0.1), wanted, "{speaker}");
        }
    }
}
