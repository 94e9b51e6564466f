//! The first steps of a user: a new experiment, completions, the man page.

mod program;

use std::fs;

use program::{folder, names, say};

const EXPERIMENTS: [&str; 4] = ["sweep", "wells", "box", "isotropic"];

#[test]
fn every_new_experiment_checks_runs_and_draws_its_figures() {
    let folder = folder("");
    for kind in EXPERIMENTS {
        let said = say(folder.path(), &["new", kind, "--from", kind]);
        assert_eq!((said.code, said.stdout.as_str()), (0, format!("{kind}.toml\n").as_str()), "{}", said.stderr);
        assert!(said.stderr.contains(&format!("levy-escape run {kind}.toml")), "{}", said.stderr);
        let file = format!("{kind}.toml");
        let text = fs::read_to_string(folder.path().join(&file)).unwrap();
        assert!(text.contains(&format!("name = \"{kind}\"")) && text.starts_with("# ") && !text.contains("{name}"));
        let said = say(folder.path(), &["check", &file]);
        assert_eq!(said.code, 0, "{}", said.stderr);
        assert!(!said.stderr.contains("warning"), "{kind}: {}", said.stderr);
        let said = say(folder.path(), &["run", &file, "--paths", "60"]);
        assert_eq!(said.code, 0, "{kind}: {}", said.stderr);
        let results = folder.path().join("results").join(kind);
        assert!(results.join("report.html").exists() && !names(&results.join("figures")).is_empty());
    }
}

#[cfg(feature = "calibrate")]
#[test]
fn a_new_calibration_checks() {
    let folder = folder("");
    let said = say(folder.path(), &["new", "noise", "--from", "calibration"]);
    assert!(said.code == 0 && said.stderr.contains("levy-escape calibrate noise.toml"), "{}", said.stderr);
    let said = say(folder.path(), &["check", "noise.toml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
}

#[test]
fn new_overwrites_nothing_and_refuses_names_that_lead_away() {
    let folder = folder("");
    fs::write(folder.path().join("mine.toml"), "mine").unwrap();
    for name in ["mine", "mine.toml"] {
        let said = say(folder.path(), &["new", name]);
        assert_eq!(said.code, 2, "{}", said.stderr);
        assert!(said.stderr.contains("error: mine.toml exists already"), "{}", said.stderr);
    }
    assert_eq!(fs::read_to_string(folder.path().join("mine.toml")).unwrap(), "mine");
    for name in ["../x", "a/b", ".x", "", "a b", "a\"b", "é"] {
        let said = say(folder.path(), &["new", name]);
        assert_eq!(said.code, 2, "{name}: {}", said.stderr);
        assert!(said.stderr.contains("cannot be the name of an experiment"), "{}", said.stderr);
    }
    let said = say(folder.path(), &["new", "x", "--from", "welles"]);
    assert!(said.code == 2 && said.stderr.contains("wells"), "{}", said.stderr);
    assert_eq!(names(folder.path()), ["mine.toml", "my.toml"]);
    // The names are those that an experiment may have.
    assert_eq!(say(folder.path(), &["new", "--", "-x"]).code, 0);
    assert_eq!(say(folder.path(), &["check", "./-x.toml"]).code, 0);
}

/// Candidates in place of the last word, by the completion function of bash.
#[cfg(unix)]
#[test]
fn bash_completes_options_values_and_files() {
    let folder = folder("");
    let script = say(folder.path(), &["generate", "completions", "bash"]).stdout;
    fs::write(folder.path().join("completions.bash"), script).unwrap();
    for (words, expected) in [
        (&["run", "--esc"][..], "--escapes"),
        (&["run", "my.toml", "--escapes", "n"], "none"),
        (&["new", "--from", "we"], "wells"),
        (&["tail-index", "data.csv", "--axis", ""], "pooled 0 1"),
        (&["generate", "completions", "z"], "zsh"),
        (&["help", "ru"], "run"),
        (&["report", "results/a", "--figures", "gamma-vs-e"], "gamma-vs-epsilon"),
        // Without a reply bash completes names of files.
        (&["run", ""], ""),
        (&["run", "exp"], ""),
        (&["repr"], "reproduce"),
    ] {
        // Bash passes the command, the word and the word before it.
        let lines = "source completions.bash\nCOMP_WORDS=(levy-escape \"$@\")\nCOMP_CWORD=$#\n\
                     words=($(complete -p levy-escape))\nfor i in ${!words[@]}; do [ ${words[i]} = -F ] && reply=${words[i+1]}; done\n\
                     $reply levy-escape \"${COMP_WORDS[$#]}\" \"${COMP_WORDS[$#-1]}\"\necho \"${COMPREPLY[*]}\"";
        let mut bash = std::process::Command::new("bash");
        let output =
            bash.current_dir(folder.path()).args(["--norc", "-c", lines, "bash"]).args(words).output().unwrap();
        let found = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        assert_eq!(found, expected, "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn completions_and_the_man_page_name_every_command() {
    let folder = folder("");
    let commands = ["new", "check", "theory", "run", "report", "merge", "slurm", "reproduce", "tail-index", "generate"];
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = say(folder.path(), &["generate", "completions", shell]);
        assert_eq!((said.code, said.stderr.as_str()), (0, ""));
        for word in commands.iter().chain(&["max-time"]) {
            assert!(said.stdout.contains(word), "{word} is not in the completions of {shell}");
        }
    }
    let said = say(folder.path(), &["generate", "man"]);
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    assert!(said.stdout.contains(".TH levy-escape 1"), "{}", said.stdout);
    let plain = said.stdout.replace("\\-", "-");
    for word in commands.iter().chain(&["--max-time", "--quiet", "levy-escape new", "exit status"]) {
        assert!(plain.to_lowercase().contains(&word.to_lowercase()), "{word} is not in the man page");
    }
    assert!(!plain.contains("(1)"), "the commands have no pages of their own");
}
