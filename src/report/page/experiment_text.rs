//! The comment at the beginning of an experiment file.

/// The paragraphs of the first comment of a file: the question that the experiment asks. Indented lines, such as commands, are left out.
pub fn first_comment(text: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    let lines = text.lines().map(str::trim_end).skip_while(|line| line.is_empty() || line.starts_with("#:"));
    for line in lines.map_while(|line| line.strip_prefix('#')) {
        let sentence = line.strip_prefix(' ').unwrap_or(line);
        match paragraphs.last_mut() {
            Some(last) if !sentence.is_empty() && !sentence.starts_with(' ') => {
                if !last.is_empty() {
                    last.push(' ');
                }
                last.push_str(sentence);
            }
            Some(last) if !last.is_empty() => paragraphs.push(String::new()),
            _ => {}
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_joined_and_commands_left_out() {
        let text = "#:schema x\n# Does volume\n# order them?\n#\n#   levy-escape run\n#\n# See the figure.\n\n# Not this.\nname = \"a\"\n";
        assert_eq!(first_comment(text), ["Does volume order them?", "See the figure."]);
        assert_eq!(first_comment("name = 1 # no\n"), Vec::<String>::new());
        assert_eq!(first_comment(""), Vec::<String>::new());
    }
}
