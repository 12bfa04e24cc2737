//! What an import says about itself: totals, and everything that found no place on the new pages.

use serde::Serialize;

/// The account of an import, written as JSON in camelCase.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// How many pages are planned.
    pub pages: usize,
    /// How many blocks they have together.
    pub blocks: usize,
    /// What became of the links between pages.
    pub links: LinkCounts,
    /// How many files of the folder are not Markdown (pictures and others).
    pub assets: usize,
    /// What the pages could not hold, by file and line.
    pub unmapped: Vec<Unmapped>,
    /// First headings that say the page's title: it is not kept twice, so they are no blocks.
    pub title_headings: Vec<Unmapped>,
}

/// Links to pages of the same folder, counted where they are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkCounts {
    /// Links that lead to an imported page.
    pub internal: usize,
    /// Those of them that are written differently now.
    pub rewritten: usize,
    /// Links into the folder or its published site that lead to no page; they stay as written.
    pub broken: usize,
}

/// One thing that has no place on a page, or had to be changed to get one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unmapped {
    /// The file, relative to the folder, with `/` between its parts.
    pub file: String,
    /// The line, counted from 1; 0 speaks of the file as a whole.
    pub line: usize,
    /// What it is, in words.
    pub what: String,
}

impl Report {
    /// Notes something about `file`.
    pub(super) fn note(&mut self, file: &str, line: usize, what: impl Into<String>) {
        self.unmapped.push(Unmapped { file: file.to_owned(), line, what: what.into() });
    }

    /// Brings the notes into reading order.
    pub(super) fn sort(&mut self) {
        self.unmapped.sort();
        self.unmapped.dedup();
        self.title_headings.sort();
    }
}

/// The report as seen from one file: offsets into its body become lines.
pub(super) struct Notes<'a> {
    pub(super) report: &'a mut Report,
    file: &'a str,
    first_line: usize,
    line_starts: Vec<usize>,
}

impl<'a> Notes<'a> {
    /// Notes for `body`, whose first line is line `first_line` of `file`.
    pub(super) fn new(report: &'a mut Report, file: &'a str, body: &str, first_line: usize) -> Self {
        let line_starts = body.match_indices('\n').map(|(at, _)| at + 1).collect();
        Self { report, file, first_line, line_starts }
    }

    /// Notes something at an offset of the body.
    pub(super) fn at(&mut self, offset: usize, what: impl Into<String>) {
        let line = self.line(offset);
        self.report.note(self.file, line, what);
    }

    /// Notes a heading at an offset of the body that became the page's title.
    pub(super) fn title_heading(&mut self, offset: usize, title: &str) {
        let (file, line) = (self.file.to_owned(), self.line(offset));
        let what = format!("heading `{title}`: the page's title");
        self.report.title_headings.push(Unmapped { file, line, what });
    }

    fn line(&self, offset: usize) -> usize {
        self.first_line + self.line_starts.partition_point(|&start| start <= offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_reported_as_the_line_of_the_file_and_not_of_the_body() {
        let mut report = Report::default();
        let mut notes = Notes::new(&mut report, "a.md", "one\ntwo\nthree", 5);
        notes.at(0, "first");
        notes.at(4, "second");
        notes.at(12, "third");
        assert_eq!(report.unmapped.iter().map(|it| it.line).collect::<Vec<_>>(), [5, 6, 7]);
    }

    #[test]
    fn the_same_note_twice_stands_once() {
        let mut report = Report::default();
        report.note("b.md", 1, "x");
        report.note("a.md", 9, "y");
        report.note("b.md", 1, "x");
        report.sort();
        assert_eq!(report.unmapped.len(), 2);
        assert_eq!(report.unmapped[0].file, "a.md");
    }

    #[test]
    fn the_report_is_written_in_camel_case() {
        let json = serde_json::to_value(Report::default()).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "pages": 0, "blocks": 0, "assets": 0, "unmapped": [], "titleHeadings": [],
                "links": { "internal": 0, "rewritten": 0, "broken": 0 }
            })
        );
    }
}
