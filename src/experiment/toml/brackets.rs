//! The bracket that a file does not close. A parser takes the lines behind it for its content, and each of them for an error.

/// Where an open bracket or brace is whose closing one is missing: another one closes in its place, the next key or section begins, or the text
/// ends. `None` in a text with a string over several lines, or with one that does not end.
pub(super) fn unclosed(text: &str) -> Option<usize> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut begin = 0;
    let mut continues = false;
    for line in text.split_inclusive('\n') {
        if line.contains("\"\"\"") || line.contains("'''") {
            return None;
        }
        if let Some((at, bracket)) = open.last()
            && (is_header(line) || is_pair(line) && !(*bracket == '{' && continues))
        {
            return Some(*at);
        }
        // The header of a section ends with its line, closed or not.
        if open.is_empty() && line.trim_start().starts_with('[') {
            begin += line.len();
            continue;
        }
        let mut quote = None;
        let mut characters = line.char_indices();
        let mut last = None;
        while let Some((at, character)) = characters.next() {
            match (quote, character) {
                (Some('"'), '\\') => {
                    characters.next();
                }
                (Some(end), _) if character == end => quote = None,
                (Some(_), _) => {}
                (None, '#') => break,
                (None, '"' | '\'') => quote = Some(character),
                (None, '[' | '{') => open.push((begin + at, character)),
                (None, ']' | '}') => {
                    let opening = if character == ']' { '[' } else { '{' };
                    match open.pop() {
                        Some((_, bracket)) if bracket == opening => {}
                        Some((at, _)) => return Some(at),
                        None => return None,
                    }
                }
                _ => {}
            }
            if !character.is_whitespace() {
                last = Some(character);
            }
        }
        if quote.is_some() {
            return None;
        }
        continues = last.map_or(continues, |last| matches!(last, ',' | '{'));
        begin += line.len();
    }
    open.last().map(|(at, _)| *at)
}

/// `[name]` or `[[name]]`.
fn is_header(line: &str) -> bool {
    let line = line.split('#').next().unwrap_or("").trim();
    let inner = line.trim_start_matches('[').trim_end_matches(']');
    line.starts_with('[') && line.ends_with(']') && is_name(inner)
}

/// `key = …`.
fn is_pair(line: &str) -> bool {
    line.split_once('=').is_some_and(|(key, _)| is_name(key.trim()))
}

fn is_name(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::unclosed;

    /// `^` is before the bracket that is not closed.
    #[test]
    fn the_bracket_itself_is_found() {
        for marked in [
            "a = ^[1, 2\nb = 3\n",
            "a = ^[1, 2 # [\n[noise]\nb = 3\n",
            "a = ^[\n  1,\n  2,\n\n[[basin]]\n",
            "d = { box = ^[[-1, 1], [0, 1] }\ne = 1\n",
            "p = ^{ q = { c = [1.0] }\nd = 1\n",
            "a = ^[\"]\", ']', '\"', [1]\nb = [2]\n",
            "a = 1\nb = ^[1",
        ] {
            let at = marked.find('^').unwrap();
            assert_eq!(unclosed(&marked.replace('^', "")), Some(at), "{marked}");
        }
        for closed in [
            "a = [1, 2] # [\n[noise]\nb = { c = [1, [2]] }\n[[basin]]\n",
            "a = [\n  [1, 2], # {\n  [3, 4],\n]\nb = 1\n",
            "a = {\n  b = 1,\n  c = 2\n}\n",
            "[noise\nb = [1]\n",
            "a = \"[\nb = 1\n",
            "a = 1]\n",
            "a = '''[\n'''\n",
        ] {
            assert_eq!(unclosed(closed), None, "{closed}");
        }
    }
}
