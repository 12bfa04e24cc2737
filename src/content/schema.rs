//! What a block type's schema says about the values of its props.

use std::collections::BTreeMap;

/// What a prop's value is, as far as links and readers of text care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// A uri-reference that names a page or a place elsewhere.
    Link,
    /// A uri-reference that names a picture.
    Image,
    /// Markdown, inline or in blocks.
    Markdown,
    /// Plain text.
    Text,
    /// Raw HTML.
    Html,
    /// Source code.
    Code,
    /// Numbers, booleans, choices and whatever else.
    Other,
    /// A list whose elements have this shape.
    List(Box<Shape>),
    /// An object, by the name of its fields.
    Object(BTreeMap<String, Shape>),
}
