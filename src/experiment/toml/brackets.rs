//! The bracket that a file does not close. A parser takes the lines behind it for its content, and each of them for an error.

/// The offset of the first bracket or brace that is not closed: another one closes in its place, or the text ends. Where a key or a section begins
/// before that, it is the one that was open there. `None` if all are closed, and in a text with a string over several lines or one that does not
/// end.
pub(super) fn unclosed(text: &str) -> Option<usize> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut begin = 0;
    let mut continues = false;
    // Where a statement begins inside a bracket, which the text may close yet.
    let mut suspect = None;
    for line in text.split_inclusive('\n') {
        if line.contains("\"\"\"") || line.contains("'''") {
            return None;
        }
        match open.last() {
            // The header of a section ends with its line, closed or not.
            None if line.trim_start().starts_with('[') => {
                begin += line.len();
                continue;
            }
            None => suspect = None,
            Some((at, bracket)) if is_header(line) || is_pair(line) && !(*bracket == '{' && continues) => {
                suspect = suspect.or(Some(*at));
            }
            Some(_) => {}
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
                        Some((at, _)) => return suspect.or(Some(at)),
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
    let (at, _) = open.last()?;
    suspect.or(Some(*at))
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
            "a = {\n  b = 1\n  c = 2\n}\n",
            "a = [\n  [true]\n  [inf]\n]\nb = 1\n",
            "[noise\nb = [1]\n",
            "a = \"[\nb = 1\n",
            "a = 1]\n",
            "a = '''[\n'''\n",
        ] {
            assert_eq!(unclosed(closed), None, "{closed}");
        }
    }
}
