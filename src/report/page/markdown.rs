//! `findings.md` as HTML: headings, paragraphs, lists and tables.

use maud::{Markup, html};

/// The blocks of a text, with headings one level lower, as a part of a page.
pub fn markdown(text: &str) -> Markup {
    let blocks = text.split("\n\n").map(str::trim).filter(|block| !block.is_empty());
    html! { @for block in blocks { (self::block(block)) } }
}

fn block(block: &str) -> Markup {
    let first = block.lines().next().unwrap_or_default();
    if let Some((heading, rest)) = heading(first).map(|heading| (heading, block[first.len()..].trim())) {
        return html! {
            @if first.starts_with("##") { h3 { (inline(heading)) } }
            @if !rest.is_empty() { (self::block(rest)) }
        };
    }
    // A list or a table may follow a sentence without a blank line.
    let special = |line: &str| line.starts_with("- ") || line.starts_with('|');
    let kind = special(first);
    let end =
        block.lines().take_while(|line| special(line) == kind && (!kind || line.as_bytes()[0] == first.as_bytes()[0]));
    let length = end.map(|line| line.len() + 1).sum::<usize>().min(block.len());
    let (head, rest) = (block[..length].trim(), block[length..].trim());
    html! {
        @if first.starts_with("- ") {
            ul { @for item in head.lines() { li { (inline(item.trim_start_matches("- "))) } } }
        } @else if first.starts_with('|') {
            (table(head))
        } @else {
            p { (inline(head)) }
        }
        @if !rest.is_empty() { (self::block(rest)) }
    }
}

fn heading(line: &str) -> Option<&str> {
    let text = line.trim_start_matches('#');
    (text.len() < line.len()).then(|| text.strip_prefix(' ')).flatten()
}

fn table(rows: &str) -> Markup {
    let cells = |row: &str| row.trim_matches('|').split(" |").map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let mut rows = rows.lines().filter(|row| !row.starts_with("|--")).map(cells);
    let head = rows.next().unwrap_or_default();
    html! {
        div.scroll { table {
            thead { tr { @for cell in head { th { (inline(&cell)) } } } }
            tbody { @for row in rows { tr { @for cell in row { td { (inline(&cell)) } } } } }
        } }
    }
}

/// Text with `**bold**` and `code` spans, and powers such as `a^-α` outside of them.
pub fn inline(text: &str) -> Markup {
    html! {
        @for (i, part) in text.split("**").enumerate() {
            @if i % 2 == 1 { strong { (part) } } @else {
                @for (j, span) in part.split('`').enumerate() {
                    @if j % 2 == 1 { code { (span) } } @else { (powers(span)) }
                }
            }
        }
    }
}

/// Text in which `a^-α`, `H^½` and `η^((α-1)/α)` are powers, with a minus sign in place of a hyphen before a number or a symbol.
fn powers(text: &str) -> Markup {
    let mut parts = text.split('^');
    let first = parts.next().unwrap_or_default();
    html! {
        (with_minus(first))
        @for part in parts {
            @match exponent_end(part) {
                0 => { "^" (with_minus(part)) }
                end => {
                    sup { (without_brackets(&with_minus(&part[..end]))) }
                    (with_minus(&part[end..]))
                }
            }
        }
    }
}

/// The length of the exponent at the beginning of a text: one in brackets, or a sign with a number or a symbol.
fn exponent_end(text: &str) -> usize {
    if text.starts_with('(') {
        let mut depth = 0;
        for (at, c) in text.char_indices() {
            depth += i32::from(c == '(') - i32::from(c == ')');
            if depth == 0 {
                return at + 1;
            }
        }
        return 0;
    }
    let sign = text.chars().next().filter(|c| ['-', '−'].contains(c)).map_or(0, char::len_utf8);
    let rest = &text[sign..];
    let is_digit = |c: char| c.is_ascii_digit();
    let belongs =
        |(at, c): (usize, char)| c.is_numeric() || c == '/' || c == '.' && rest[at + 1..].starts_with(is_digit);
    let number = rest.char_indices().find(|found| !belongs(*found)).map_or(rest.len(), |(at, _)| at);
    let symbol = rest.chars().next().filter(|c| c.is_alphabetic()).map_or(0, char::len_utf8);
    let length = number.max(symbol);
    if length > 0 { sign + length } else { 0 }
}

fn without_brackets(exponent: &str) -> &str {
    exponent.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(exponent)
}

/// A hyphen before a digit or a Greek letter that no word precedes, and one between two of these in brackets, is a minus sign.
fn with_minus(text: &str) -> String {
    let is_value = |c: &char| c.is_ascii_digit() || ('α'..='ω').contains(c) || *c == '.';
    let mut out = String::with_capacity(text.len());
    let mut before: Option<char> = None;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let follows = characters.peek().is_some_and(is_value);
        let starts = before.is_none_or(|b| b == ' ' || b == '(' || b == '^' || ('α'..='ω').contains(&b));
        out.push(if c == '-' && follows && starts { '−' } else { c });
        before = Some(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_raised_and_minus_signs_are_no_hyphens() {
        let html = |text| inline(text).into_string();
        assert_eq!(html("a^-α + b^-α, `x^-1`"), "a<sup>−α</sup> + b<sup>−α</sup>, <code>x^-1</code>");
        assert_eq!(html("η^((α-1)/α), H = Σ^-2."), "η<sup>(α−1)/α</sup>, H = Σ<sup>−2</sup>.");
        assert_eq!(html("η^-1.5, S^-.4."), "η<sup>−1.5</sup>, S<sup>−.4</sup>.");
        assert_eq!(html("slope -α of jump-adapted d-2 ^"), "slope −α of jump-adapted d-2 ^");
        assert_eq!(html("H^½ <b>"), "H<sup>½</sup> &lt;b&gt;");
    }

    #[test]
    fn blocks_become_elements_and_text_is_escaped() {
        let text =
            "# Title\n\n## A < B\n\nA sentence:\n- one\n- `two`\nMore **text**.\n\n| a | b |\n|---|---|\n| <i> | 1 |\n";
        assert_eq!(
            markdown(text).into_string(),
            "<h3>A &lt; B</h3><p>A sentence:</p><ul><li>one</li><li><code>two</code></li></ul><p>More <strong>text</strong>.</p>\
             <div class=\"scroll\"><table><thead><tr><th>a</th><th>b</th></tr></thead>\
             <tbody><tr><td>&lt;i&gt;</td><td>1</td></tr></tbody></table></div>"
        );
    }
}
