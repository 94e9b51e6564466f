//! Commands that the program prints for the user to run next, quoted for a shell.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The command line of this process with `--resume`.
pub fn resume_command() -> String {
    let mut words: Vec<OsString> = std::env::args_os().collect();
    add_resume(&mut words);
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// The command that writes the tables and figures of the run in `folder`.
pub fn report_command(folder: &Path) -> String {
    format!("levy-escape report {}", path_argument(folder))
}

/// A path as an argument, quoted. A name that begins with a dash gets `./` in front, so that it is not read as an option.
pub fn path_argument(path: &Path) -> String {
    if path.as_os_str().as_encoded_bytes().starts_with(b"-") { quoted(Path::new(".").join(path)) } else { quoted(path) }
}

fn add_resume(words: &mut Vec<OsString>) {
    // After `--` every word is a file.
    let options = words.iter().position(|word| word == "--").unwrap_or(words.len());
    if !words[..options].iter().any(|word| word == "--resume") {
        words.insert(options, "--resume".into());
    }
    let mut at = 0;
    words.retain(|word| {
        at += 1;
        at > options || word != "--force"
    });
}

/// A word quoted for a shell; one that is not UTF-8 as `$'…'`, which bash and zsh read.
pub fn quoted(word: impl AsRef<OsStr>) -> String {
    let Some(word) = word.as_ref().to_str() else { return bytes_quoted(word.as_ref()) };
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_string()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(unix)]
fn bytes_quoted(word: &OsStr) -> String {
    let bytes = std::os::unix::ffi::OsStrExt::as_bytes(word).iter();
    let shown = bytes.map(|byte| match byte {
        b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
        b' '..=b'~' => char::from(*byte).to_string(),
        other => format!("\\x{other:02x}"),
    });
    format!("$'{}'", shown.collect::<String>())
}

#[cfg(not(unix))]
fn bytes_quoted(word: &OsStr) -> String {
    format!("'{}'", word.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resume_replaces_force() {
        for (given, expected) in [
            ("levy-escape run a.toml --force", "levy-escape run a.toml --resume"),
            ("levy-escape run --resume a.toml", "levy-escape run --resume a.toml"),
            ("levy-escape run --force -- --resume --force", "levy-escape run --resume -- --resume --force"),
        ] {
            let mut words = given.split(' ').map(OsString::from).collect();
            add_resume(&mut words);
            assert_eq!(words.join(OsStr::new(" ")), *expected);
        }
    }

    #[test]
    fn words_are_quoted_where_a_shell_would_split_them() {
        assert_eq!(quoted("experiments/theorem1.toml"), "experiments/theorem1.toml");
        assert_eq!(quoted("my file"), "'my file'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
        assert_eq!(path_argument(Path::new("-x.toml")), "./-x.toml");
        #[cfg(unix)]
        {
            let word = <OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"it's \xff\n.toml");
            assert_eq!(quoted(word), r"$'it\'s \xff\x0a.toml'");
        }
    }
}
