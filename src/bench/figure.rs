//! A figure of the table: a ratio of two things measured side by side, and the bar it is held to.

use serde::{Deserialize, Serialize};

/// One line of the table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Figure {
    /// The row it belongs to, as `--only` names it.
    pub(super) row: String,
    /// What was measured.
    pub(super) what: String,
    /// What came out, in words, for orientation.
    pub(super) figure: String,
    /// What it was measured against, with what came out there.
    pub(super) against: String,
    /// The value that is judged: the median over the repetitions. None where nothing was measured.
    pub(super) value: Option<f64>,
    /// The least and the most of the repetitions.
    pub(super) spread: Option<(f64, f64)>,
    /// What stands behind the value: `×`, ` ms`, ` KB` …
    pub(super) unit: String,
    /// What it shall be.
    pub(super) bar: Bar,
    /// Why there is no value, or what to know about it.
    pub(super) note: String,
}

/// What a value shall be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Bar {
    AtLeast(f64),
    AtMost(f64),
    /// Only shown.
    None,
}

impl Figure {
    /// Of the values of all repetitions.
    pub(super) fn new(row: &str, what: impl Into<String>, values: &[f64], unit: &str, bar: Bar) -> Figure {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
        sorted.sort_by(f64::total_cmp);
        let spread = sorted.first().copied().zip(sorted.last().copied());
        Figure {
            row: row.to_owned(),
            what: what.into(),
            figure: String::new(),
            against: String::new(),
            value: median(values),
            spread,
            unit: unit.to_owned(),
            bar,
            note: String::new(),
        }
    }

    /// What is not there to be measured.
    pub(super) fn absent(row: &str, what: impl Into<String>, against: &str, note: &str) -> Figure {
        let figure = Figure::new(row, what, &[], "×", Bar::None);
        Figure { against: against.to_owned(), note: note.to_owned(), ..figure }
    }

    /// With the two sides in words.
    pub(super) fn sides(mut self, figure: impl Into<String>, against: impl Into<String>) -> Figure {
        (self.figure, self.against) = (figure.into(), against.into());
        self
    }

    /// With a remark.
    pub(super) fn noted(mut self, note: impl Into<String>) -> Figure {
        self.note = note.into();
        self
    }

    /// Whether the bar is met; none where there is no bar or no value.
    pub(super) fn met(&self) -> Option<bool> {
        match (self.bar, self.value?) {
            (Bar::AtLeast(bar), value) => Some(value >= bar),
            (Bar::AtMost(bar), value) => Some(value <= bar),
            (Bar::None, _) => None,
        }
    }

    /// The value as people read it.
    pub(super) fn value_text(&self) -> String {
        self.value.map_or_else(|| "–".to_owned(), |value| format!("{}{}", number(value), self.unit))
    }

    /// The bar as people read it.
    pub(super) fn bar_text(&self) -> String {
        match self.bar {
            Bar::AtLeast(bar) => format!("≥ {}{}", number(bar), self.unit),
            Bar::AtMost(bar) => format!("≤ {}{}", number(bar), self.unit),
            Bar::None => String::new(),
        }
    }
}

/// A number with as many digits as say something.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => grouped(value.round()),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Thousands apart.
fn grouped(whole: f64) -> String {
    let digits = format!("{:.0}", whole.abs());
    let mut text = if whole < 0.0 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The median; of an even number, the mean of the two in the middle.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    Some(if sorted.len() % 2 == 0 { f64::midpoint(sorted[middle - 1], upper) } else { upper })
}

/// The value below or at which a part (0 to 1) of sorted values lies.
pub(super) fn share<T: Copy>(sorted: &[T], part: f64) -> Option<T> {
    let place = (part * sorted.len() as f64).ceil() as usize;
    sorted.get(place.clamp(1, sorted.len().max(1)) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_and_what_is_no_number_does_not_count() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, f64::NAN, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn a_bar_is_met_at_its_own_value_and_an_absent_figure_meets_none() {
        let at = |value: f64, bar| Figure::new("r", "w", &[value], "×", bar).met();
        assert_eq!(at(0.8, Bar::AtLeast(0.8)), Some(true));
        assert_eq!(at(0.79, Bar::AtLeast(0.8)), Some(false));
        assert_eq!(at(1.3, Bar::AtMost(1.25)), Some(false));
        assert_eq!(Figure::absent("r", "w", "a", "not built yet").met(), None);
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            [0.8125, 12.34, 1_234_567.0, -1234.4].map(number),
            ["0.81", "12.3", "1,234,567", "-1,234"]
        );
    }
}
