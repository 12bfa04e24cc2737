//! Fenced blocks of a document, and the statements of a shell in them.

use serde_json::Value;

/// What stands between two fences.
pub struct Block {
    pub file: &'static str,
    /// Of the opening fence.
    pub line: usize,
    /// What stands behind the opening fence.
    pub language: String,
    pub text: String,
}

/// The fenced blocks of a document.
pub fn blocks(file: &'static str, document: &str) -> Vec<Block> {
    let (mut blocks, mut open): (Vec<Block>, Option<Block>) = (Vec::new(), None);
    for (at, line) in document.lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(language), None) => {
                let language = language.trim().to_owned();
                open = Some(Block { file, line: at + 1, language, text: String::new() });
            }
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{file} ends within a block");
    blocks
}

/// The statements of a block, each with all its lines: a line goes on within quotes and behind a backslash.
pub fn statements(text: &str) -> Vec<String> {
    let (mut statements, mut statement) = (Vec::new(), String::new());
    let (mut quote, mut before, mut in_comment) = (None, '\n', false);
    for sign in text.chars() {
        match (sign, quote) {
            ('\n', None) if before != '\\' => {
                in_comment = false;
                statements.push(std::mem::take(&mut statement).trim().to_owned());
            }
            _ if in_comment => {}
            ('#', None) if before.is_whitespace() => in_comment = true,
            (sign, _) => {
                quote = match (sign, quote) {
                    ('\'' | '"', None) => Some(sign),
                    (sign, Some(open)) if sign == open => None,
                    (_, quote) => quote,
                };
                statement.push(sign);
            }
        }
        before = sign;
    }
    statements.push(statement.trim().to_owned());
    statements.retain(|statement| !statement.is_empty());
    statements
}

/// Whether an answer has everything that is shown of it, with values of the same kind. A shown list is fitted by one that is
/// shorter or longer.
pub fn fits(shown: &Value, answered: &Value) -> bool {
    match (shown, answered) {
        (Value::Object(shown), Value::Object(answered)) => {
            shown.iter().all(|(name, value)| answered.get(name).is_some_and(|answer| fits(value, answer)))
        }
        (Value::Array(shown), Value::Array(answered)) => {
            shown.iter().all(|value| answered.is_empty() || answered.iter().any(|answer| fits(value, answer)))
        }
        (shown, answered) => std::mem::discriminant(shown) == std::mem::discriminant(answered),
    }
}

#[test]
fn blocks_are_split_into_statements_as_a_shell_does() {
    let text = "# what's to come\ncurl -s x -d '{\n  \"a\": 1}'\n\nosier a  # it's a\nosier b \\\n  --c\n";
    assert_eq!(statements(text), ["curl -s x -d '{\n  \"a\": 1}'", "osier a", "osier b \\\n  --c"]);
    let document = "a\n```sh\nosier a\n```\n  ```json\n{}\n  ```\n";
    let found: Vec<_> = blocks("a.md", document).into_iter().map(|b| (b.line, b.language, b.text)).collect();
    assert_eq!(found, [(2, "sh".into(), "osier a\n".into()), (5, "json".into(), "{}\n".into())]);
}

#[test]
fn an_answer_fits_what_is_shown_of_it() {
    let answered =
        serde_json::json!({"sound": true, "sites": [{"site": "demo", "pages": 7}], "seconds": 0.1});
    assert!(fits(&serde_json::json!({"sound": true, "sites": [{"site": "blog"}]}), &answered));
    assert!(!fits(&serde_json::json!({"sites": [{"nope": "blog"}]}), &answered));
    assert!(!fits(&serde_json::json!({"sound": "yes"}), &answered));
    assert!(!fits(&serde_json::json!({"sound": true, "flaw": {}}), &answered));
}
