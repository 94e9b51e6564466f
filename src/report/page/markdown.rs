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

/// Text with `**bold**` and `code` spans.
fn inline(text: &str) -> Markup {
    html! {
        @for (i, part) in text.split("**").enumerate() {
            @if i % 2 == 1 { strong { (part) } } @else {
                @for (j, span) in part.split('`').enumerate() {
                    @if j % 2 == 1 { code { (span) } } @else { (span) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
