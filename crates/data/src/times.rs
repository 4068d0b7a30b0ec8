//! Points in time as files write them, in seconds.

/// Seconds of `text`: a number in units of `unit_s`, or a date with a time (`2014-04-01 00:05:00.5`, also with a `T`
/// between, a `Z` behind, a date alone) as seconds since 1970-01-01 without time zones.
pub(crate) fn seconds(text: &str, unit_s: f64) -> Option<f64> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return number.is_finite().then_some(number * unit_s);
    }
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, "0:0:0"));
    let mut date = date.split(['-', '/']);
    let (year, month, day): (i64, i64, i64) =
        (date.next()?.parse().ok()?, date.next()?.parse().ok()?, date.next()?.parse().ok()?);
    if date.next().is_some()
        || !(1..=12).contains(&month)
        || !(1..=31).contains(&day)
        || !(1000..=9999).contains(&year)
    {
        return None;
    }
    let mut time = time.split(':');
    let (hour, minute): (f64, f64) = (time.next()?.parse().ok()?, time.next()?.parse().ok()?);
    let second: f64 = time.next().map_or(Some(0.0), |second| second.parse().ok())?;
    Some(days(year, month, day) as f64 * 86_400.0 + hour * 3600.0 + minute * 60.0 + second)
}

/// Days since 1970-01-01 in the Gregorian calendar (Hinnant, chrono-compatible low-level date algorithms, 2013).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The rate of rising `times` (s): one over the median step; `None` with fewer than two, or when they do not rise.
pub(crate) fn rate(times: &[f64]) -> Option<f64> {
    let mut steps: Vec<f64> =
        times.windows(2).filter_map(|pair| Some(pair.last()? - pair.first()?)).collect();
    steps.sort_by(f64::total_cmp);
    let median = *steps.get(steps.len() / 2)?;
    (median > 0.0).then(|| 1.0 / median)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_numbers_are_seconds() {
        assert_eq!(seconds("1970-01-02 00:00:01", 1.0), Some(86_401.0));
        assert_eq!(seconds("2014-04-01T00:05:00.500000Z", 1.0), Some(1_396_310_700.5));
        assert_eq!(seconds("2000/03/01", 1.0), Some(951_868_800.0));
        assert_eq!(seconds("1500", 0.001), Some(1.5));
        for wrong in ["", "noon", "2014-13-01", "10/03/2004 18:00:00", "inf"] {
            assert_eq!(seconds(wrong, 1.0), None, "{wrong}");
        }
    }

    #[test]
    fn the_rate_is_that_of_the_median_step() {
        assert_eq!(rate(&[0.0, 0.1, 0.2, 5.0]).map(f64::round), Some(10.0));
        assert_eq!(rate(&[1.0]), None);
        assert_eq!(rate(&[1.0, 1.0]), None);
    }
}
