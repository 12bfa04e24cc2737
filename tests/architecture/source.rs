//! A Rust file as the house rules see it: code without comments, strings and unit tests, and the strings apart.
//!
//! This is a scanner and no parser: it knows where comments, literals and `#[cfg(test)]` items begin and end, and
//! keeps every line break, so that an offset still tells its line. What the code means it does not know.

use std::fs;
use std::path::{Path, PathBuf};

/// One source file, taken apart.
pub struct Source {
    /// The path below the root of the repository, with forward slashes.
    pub path: String,
    /// The whole text.
    pub text: String,
    /// The code alone: comments, literals and `#[cfg(test)]` items are blanks.
    pub code: String,
    /// The string literals outside comments and tests, each with the line it begins on.
    pub strings: Vec<(usize, String)>,
}

impl Source {
    /// Takes `text` apart as the file at `path`.
    pub fn new(path: &str, text: &str) -> Self {
        let (mut code, literals) = blank_comments_and_literals(text);
        if is_test_file(path) || code.contains("#![cfg(test)]") {
            blank(&mut code, 0, usize::MAX);
        }
        blank_test_items(&mut code);
        // The opening quote of a literal stays in the code unless a test item swallowed it.
        let strings = literals
            .into_iter()
            .filter(|(at, _)| code.as_bytes()[*at] == b'"')
            .map(|(at, value)| (line_of(text, at), value))
            .collect();
        Self { path: path.to_owned(), text: text.to_owned(), code, strings }
    }

    /// Every `.rs` file below `folder` of the repository, in the order of their paths; none if there is no such folder.
    pub fn all_below(folder: &str) -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut paths = Vec::new();
        collect(&root.join(folder), &mut paths);
        paths.sort();
        paths
            .iter()
            .map(|path| {
                let text = fs::read_to_string(path).expect("source files are UTF-8");
                let below = path.strip_prefix(root).expect("collected below the root");
                Self::new(&below.to_string_lossy().replace('\\', "/"), &text)
            })
            .collect()
    }

    /// The line, counted from 1, of a byte offset into `code` or `text`.
    pub fn line(&self, offset: usize) -> usize {
        line_of(&self.text, offset)
    }

    /// Where `words` stands in the code as whole words: neither in the middle of a name nor of a longer path segment.
    pub fn mentions<'a>(&'a self, words: &'a str) -> impl Iterator<Item = usize> + 'a {
        let is_name = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
        let bytes = self.code.as_bytes();
        self.code.match_indices(words).map(|(at, _)| at).filter(move |&at| {
            let before = at.checked_sub(1).and_then(|i| bytes.get(i));
            !is_name(before) && !is_name(bytes.get(at + words.len()))
        })
    }

    /// The path of the module this file holds, from the root of the crate: `["http", "ops"]` for `src/http/ops.rs`.
    pub fn module(&self) -> Vec<&str> {
        let below = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let mut module: Vec<&str> = below.trim_end_matches(".rs").split('/').collect();
        if matches!(module.last(), Some(&("mod" | "lib" | "main"))) {
            module.pop();
        }
        module
    }
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

fn is_test_file(path: &str) -> bool {
    path.starts_with("src/") && path.split('/').any(|part| part == "tests" || part == "tests.rs")
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes()[..offset].iter().filter(|&&byte| byte == b'\n').count()
}

/// Turns the bytes from `from` up to `to` into blanks; line breaks stay.
fn blank(code: &mut String, from: usize, to: usize) {
    let mut bytes = std::mem::take(code).into_bytes();
    let to = to.min(bytes.len());
    for byte in &mut bytes[from..to] {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
    *code = String::from_utf8(bytes).expect("literals, comments and items end at character boundaries");
}

/// The text with comments and the insides of literals blank, and the string literals by the offset of their first quote.
fn blank_comments_and_literals(text: &str) -> (String, Vec<(usize, String)>) {
    let (mut code, mut strings, mut at) = (text.to_owned(), Vec::new(), 0);
    while at < text.len() {
        let rest = &text[at..];
        if let Some(length) = comment(rest) {
            blank(&mut code, at, at + length);
            at += length;
        } else if let Some((open, inside, length)) = string(text, at) {
            strings.push((at + open, text[at + open + 1..at + open + 1 + inside].to_owned()));
            blank(&mut code, at + open + 1, at + open + 1 + inside);
            at += length;
        } else if let Some(length) = character(rest) {
            blank(&mut code, at, at + length);
            at += length;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    (code, strings)
}

/// The length of the comment `rest` begins with. Block comments nest.
fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with("/*") {
        return None;
    }
    let (mut depth, mut at) = (0usize, 0);
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        match here {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return Some(at);
        }
    }
    Some(rest.len())
}

/// The string literal at `at`: the offset of its first quote, the length inside the quotes, and the length of the whole.
fn string(text: &str, at: usize) -> Option<(usize, usize, usize)> {
    let rest = &text[at..];
    let in_a_name = text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let raw = rest.trim_start_matches(['b', 'c']).strip_prefix('r').filter(|_| !in_a_name);
    if let Some(raw) = raw {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let open = rest.len() - raw.len() + hashes;
            let close = format!("\"{}", "#".repeat(hashes));
            let inside = rest[open + 1..].find(&close).unwrap_or(rest.len() - open - 1);
            return Some((open, inside, (open + 1 + inside + close.len()).min(rest.len())));
        }
    }
    let body = rest.strip_prefix('"')?;
    let mut escaped = false;
    for (inside, byte) in body.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some((0, inside, inside + 2)),
            _ => {}
        }
    }
    Some((0, body.len(), rest.len()))
}

/// The length of the character literal `rest` begins with; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let mut inside = rest.strip_prefix('\'')?.char_indices();
    match inside.next()? {
        (_, '\\') => {
            inside.next()?;
            inside.find(|(_, c)| *c == '\'').map(|(at, _)| at + 2)
        }
        _ => inside.next().filter(|(_, c)| *c == '\'').map(|(at, _)| at + 2),
    }
}

/// Blanks every module, import, function and `impl` under `#[cfg(test)]`: up to the brace that closes it, or to the
/// semicolon that ends it. Fields and variants under it stay.
fn blank_test_items(code: &mut String) {
    const ATTRIBUTE: &str = "#[cfg(test)]";
    while let Some(from) = code.find(ATTRIBUTE) {
        let after = from + ATTRIBUTE.len();
        let end = code[after..].find(['{', ';']).map_or(code.len(), |at| after + at);
        let head = &code[after..end];
        let is_item = head.split_whitespace().any(|word| matches!(word, "mod" | "use" | "fn" | "impl"));
        let to = if !is_item || head.contains('}') {
            after
        } else if code[end..].starts_with('{') {
            closing_brace(code, end).saturating_add(1)
        } else {
            end.saturating_add(1)
        };
        blank(code, from, to);
    }
}

/// The offset of the brace that closes the one at `open`, or the end of the code.
fn closing_brace(code: &str, open: usize) -> usize {
    let mut depth = 0usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return at,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}
