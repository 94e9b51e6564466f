//! What all pages share: head, styles and script.

use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// Allows nothing but what is inside the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
/// Marks pages that this program may replace.
pub const GENERATOR: &str = "levy-escape";

/// A document with a title and a body.
pub fn shell(title: &str, body: Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content=(GENERATOR);
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) script { (PreEscaped(SCRIPT)) } }
        }
    }
    .into_string()
        + "\n"
}

/// The address of a file in a folder next to a page: what is neither a letter nor a digit of ASCII is encoded.
pub fn address(parts: &[&str]) -> String {
    let encode = |part: &&str| {
        let byte = |byte: u8| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        };
        part.bytes().map(byte).collect::<String>()
    };
    // Without `./`, a name with a colon would be a scheme.
    format!("./{}", parts.iter().map(encode).collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_encoded() {
        assert_eq!(address(&["a b#1", "report.html"]), "./a%20b%231/report.html");
        assert_eq!(address(&["javascript:x"]), "./javascript%3Ax");
        assert_eq!(address(&["é"]), "./%C3%A9");
    }

    #[test]
    fn a_title_is_escaped_and_nothing_is_loaded() {
        let page = shell("</title><script>", html! {});
        assert!(page.contains("<title>&lt;/title&gt;&lt;script&gt;</title>"), "{page}");
        for loaded in ["http://", "https://", "src=", "@import", "url("] {
            assert!(!page.contains(loaded), "{loaded}");
        }
    }
}
