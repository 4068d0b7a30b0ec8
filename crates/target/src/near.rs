//! Known names that look like a mistyped one.

/// The names within a third of their length in edits, or that contain `name`, the most similar first, at most three.
pub(crate) fn near(name: &str, known: &[String]) -> Vec<String> {
    let name = name.to_lowercase();
    let mut scored: Vec<(usize, &String)> = known
        .iter()
        .map(|candidate| {
            let contains =
                name.len() >= 3 && (candidate.contains(&name) || name.contains(candidate.as_str()));
            (if contains { 0 } else { distance(&name, candidate) }, candidate)
        })
        .filter(|(edits, candidate)| *edits <= candidate.len() / 3)
        .collect();
    scored.sort();
    scored.into_iter().take(3).map(|(_, candidate)| candidate.clone()).collect()
}

/// Levenshtein distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut previous = vec![i + 1];
        for ((&y, diagonal), above) in b.iter().zip(&row).zip(row.iter().skip(1)) {
            let left = previous.last().copied().unwrap_or(i + 1);
            previous.push((diagonal + usize::from(x != y)).min(above + 1).min(left + 1));
        }
        row = previous;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits() {
        let cases =
            [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("an386", "an385", 1), ("ab", "ba", 2)];
        for (a, b, edits) in cases {
            assert_eq!(distance(a, b), edits, "{a} {b}");
            assert_eq!(distance(b, a), edits, "{b} {a}");
        }
    }

    #[test]
    fn finds_typos_and_parts_and_nothing_far() {
        let known: Vec<String> =
            ["mps2-an385", "mps2-an386", "raspberry-pi-pico"].iter().map(|name| name.to_string()).collect();
        assert_eq!(near("mps2-an38", &known), ["mps2-an385", "mps2-an386"]);
        assert_eq!(near("PICO", &known), ["raspberry-pi-pico"]);
        assert_eq!(near("toaster", &known), Vec::<String>::new());
    }
}
