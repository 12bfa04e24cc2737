//! Spans of time as people type them: `30d`, `12h`.

/// Milliseconds of a number and its unit: `s`, `m`, `h`, `d` or `w`.
pub(super) fn parse_ms(text: &str) -> Result<i64, String> {
    let wrong = || format!("'{text}' is no span of time: write a number and s, m, h, d or w, as in 30d");
    let (at, unit) = text.char_indices().next_back().ok_or_else(wrong)?;
    let unit_s: i64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return Err(wrong()),
    };
    let count: u32 = text[..at].parse().map_err(|_| wrong())?;
    if count == 0 {
        return Err(wrong());
    }
    Ok(i64::from(count) * unit_s * 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit_are_a_span() {
        assert_eq!(parse_ms("30d"), Ok(2_592_000_000));
        assert_eq!(parse_ms("90s"), Ok(90_000));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "d", "30", "0d", "-1d", "1.5h", "30 d", "3é", "99999999999d"] {
            assert!(parse_ms(text).is_err(), "{text}");
        }
    }
}
