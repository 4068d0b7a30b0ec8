//! Numbers as people read them: thousands separated by commas, fractions as percent.

/// `1234567` as `1,234,567`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A fraction in 0…1 as percent with two decimals: `96.35 %`.
pub fn percent(fraction: f64) -> String {
    if fraction.is_finite() { format!("{:.2} %", fraction * 100.0) } else { String::from("–") }
}

/// A number with `n_decimals` decimals; a dash where there is none (NaN, infinity).
pub fn decimal(value: f64, n_decimals: usize) -> String {
    if value.is_finite() { format!("{value:.n_decimals$}") } else { String::from("–") }
}

/// The difference of two fractions in percentage points, with its sign: `-0.52`.
pub fn signed_points(difference: f64) -> String {
    if !difference.is_finite() {
        return String::from("–");
    }
    let text = format!("{:+.2}", difference * 100.0);
    if text == "-0.00" { String::from("+0.00") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let counts = [0, 7, 999, 1000, 12_345, 123_456, 1_234_567].map(count);
        assert_eq!(counts, ["0", "7", "999", "1,000", "12,345", "123,456", "1,234,567"]);
        assert_eq!(percent(0.96354), "96.35 %");
        assert_eq!(percent(f64::NAN), "–");
        assert_eq!(decimal(0.5, 3), "0.500");
        assert_eq!(signed_points(-0.0052), "-0.52");
        assert_eq!(signed_points(-0.000_001), "+0.00");
    }
}
