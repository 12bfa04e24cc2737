//! Plots as SVG, drawn by hand: a few lines in a frame need no library.

use std::fmt::Write;

use super::figure::number;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 400.0;
/// Room for words left, below, above and right of the frame.
const LEFT: f64 = 80.0;
const BOTTOM: f64 = 50.0;
const TOP: f64 = 50.0;
const RIGHT: f64 = 20.0;

/// Told apart by those who see no colours too: each line has another dash.
const STROKES: [(&str, &str); 4] =
    [("#1b5e8c", ""), ("#b3541e", "7 4"), ("#3d7a37", "2 3"), ("#6a4c93", "9 3 2 3")];

/// Lines over one axis.
#[derive(Clone, Debug)]
pub(super) struct Plot {
    /// The end of the file's name.
    pub(super) name: String,
    pub(super) title: String,
    pub(super) x: String,
    pub(super) y: String,
    pub(super) scale: Scale,
    /// Each with its name; points from left to right.
    pub(super) lines: Vec<(String, Vec<(f64, f64)>)>,
}

/// How the x axis runs; the y axis begins at zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    Linear,
    Logarithmic,
}

/// From values to places in the frame.
struct Frame {
    scale: Scale,
    from: f64,
    to: f64,
    top: f64,
}

impl Frame {
    fn of(plot: &Plot) -> Frame {
        let points = || plot.lines.iter().flat_map(|(_, points)| points);
        let xs = || points().map(|point| point.0);
        let most = points().map(|point| point.1).filter(|y| y.is_finite()).fold(0.0, f64::max);
        Frame {
            scale: plot.scale,
            from: xs().fold(f64::INFINITY, f64::min),
            to: xs().fold(f64::NEG_INFINITY, f64::max),
            top: round_up(most),
        }
    }

    fn x(&self, value: f64) -> f64 {
        let along = |x: f64| if self.scale == Scale::Logarithmic { x.max(1e-9).ln() } else { x };
        let span = along(self.to) - along(self.from);
        let part = if span > 0.0 { (along(value) - along(self.from)) / span } else { 0.5 };
        LEFT + part * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - value / self.top * (HEIGHT - BOTTOM - TOP)
    }
}

impl Plot {
    /// The plot as a document.
    pub(super) fn svg(&self) -> String {
        let frame = Frame::of(self);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
             font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
        );
        text(&mut svg, WIDTH / 2.0, 22.0, "middle", &self.title);
        text(&mut svg, WIDTH / 2.0, HEIGHT - 10.0, "middle", &self.x);
        text(&mut svg, 8.0, 40.0, "start", &self.y);
        for step in 0..=4 {
            let value = frame.top * f64::from(step) / 4.0;
            let (y, right) = (frame.y(value), WIDTH - RIGHT);
            line(&mut svg, (LEFT, y), (right, y));
            text(&mut svg, LEFT - 6.0, y + 4.0, "end", &number(value));
        }
        for x in self.marks() {
            text(&mut svg, frame.x(x), HEIGHT - BOTTOM + 18.0, "middle", &mark(x));
        }
        for (at, (name, points)) in self.lines.iter().enumerate() {
            curve(&mut svg, &frame, at, name, points);
        }
        svg + "</svg>\n"
    }

    /// Where the x axis has numbers: under the points of the longest line, some ten at most.
    fn marks(&self) -> Vec<f64> {
        let longest = self.lines.iter().map(|(_, points)| points).max_by_key(|points| points.len());
        let points = longest.map_or(&[][..], Vec::as_slice);
        points.iter().map(|point| point.0).step_by(points.len().div_ceil(10).max(1)).collect()
    }
}

/// A number on the x axis: most are whole.
fn mark(x: f64) -> String {
    if x.fract() == 0.0 && x < 100.0 { format!("{x:.0}") } else { number(x) }
}

fn curve(svg: &mut String, frame: &Frame, at: usize, name: &str, points: &[(f64, f64)]) {
    let (colour, dash) = STROKES[at % STROKES.len()];
    let finite = points.iter().filter(|(_, y)| y.is_finite());
    let places: Vec<(f64, f64)> = finite.map(|(x, y)| (frame.x(*x), frame.y(*y))).collect();
    let path: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    // Writing to a String does not fail.
    let _ = writeln!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>",
        path.join(" ")
    );
    for (x, y) in &places {
        let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
    }
    let (x, y) = (LEFT + 10.0 + 130.0 * at as f64, TOP - 8.0);
    let _ = writeln!(
        svg,
        "<line x1=\"{x}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\" stroke=\"{colour}\" stroke-width=\"2\" \
         stroke-dasharray=\"{dash}\"/>",
        x + 24.0
    );
    text(svg, x + 30.0, y + 4.0, "start", name);
}

fn line(svg: &mut String, from: (f64, f64), to: (f64, f64)) {
    let _ = writeln!(
        svg,
        "<line x1=\"{}\" y1=\"{:.1}\" x2=\"{}\" y2=\"{:.1}\" stroke=\"#ddd\"/>",
        from.0, from.1, to.0, to.1
    );
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>");
}

/// The next of 1, 2, 4, 6, 8 times a power of ten.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    let step = [1.0, 2.0, 4.0, 6.0, 8.0].into_iter().find(|step| step * power >= value);
    step.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_draws_each_line_and_nothing_outside_the_frame() {
        let plot = Plot {
            name: "p".into(),
            title: "a < b & c".into(),
            x: "clients".into(),
            y: "ops/s".into(),
            scale: Scale::Logarithmic,
            lines: vec![
                ("one".into(), vec![(1.0, 10.0), (64.0, 900.0)]),
                ("two".into(), vec![(1.0, f64::NAN)]),
            ],
        };
        let svg = plot.svg();
        assert!(svg.contains("a &lt; b &amp; c") && svg.contains(">two<"));
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert!(!svg.contains("NaN"));
        assert!(svg.contains("points=\"80.0,347.0 620.0,80.0\""), "{svg}");
    }

    #[test]
    fn the_axis_ends_at_a_round_number() {
        assert_eq!([0.0, 0.7, 9.0, 1001.0, 8200.0].map(round_up), [1.0, 0.8, 10.0, 2000.0, 10_000.0]);
    }
}
