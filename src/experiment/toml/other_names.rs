//! Keys under another name or in another table than the file has them.

/// Keys by the names that papers and other programs give them, and how to write them where that is more than another key.
const OTHER_NAMES: [(&str, &str, Option<&str>); 18] = [
    ("lr", "eta", None),
    ("learning_rate", "eta", None),
    ("step_size", "eta", None),
    ("sigma", "amplitude", None),
    ("noise_scale", "amplitude", None),
    ("eps", "epsilon", None),
    ("eps", "stabilizer", None),
    ("f", "formula", None),
    ("function", "formula", None),
    ("beta2", "decay", None),
    ("beta2_rate", "decay_rate", None),
    ("rho", "decay", None),
    ("t_max", "max_time", None),
    ("tmax", "max_time", None),
    ("n_paths", "paths", None),
    ("formula", "expression", Some("write `expression = { formula = \"..\" }`")),
    ("optimizer", "dynamics", Some("write the optimiser as [[dynamics]]")),
    (
        "adamw",
        "adam_steps",
        Some("AdamW is `adam_steps = { beta1 = 0.9, beta2 = 0.999, weight_decay = 0.01, decoupled = true }`"),
    ),
];

/// Keys that are often written into another table, and the tables to which they belong.
const HOMES: [(&str, &str); 9] = [
    ("alpha", "[noise] and of [[dynamics]]"),
    ("epsilon", "[noise] and of [[dynamics]]"),
    ("eta", "[noise] and of [[dynamics]]"),
    ("amplitude", "[noise] and of [[dynamics]]"),
    ("structure", "[noise]"),
    ("measure", "[noise]"),
    ("potential", "[[basin]]"),
    ("domain", "[[basin]]"),
    ("start", "[[basin]]"),
];

/// The key that is meant by an unknown one, and how to correct it.
pub(super) struct Correction<'k> {
    /// The key of this table that was meant, if it is one.
    pub key: Option<&'k str>,
    pub help: String,
}

/// The correction of the unknown key `word` of a table with the keys `known`, of which `absent` are not given.
pub(super) fn correction<'k>(word: &str, known: &[&'k str], absent: &[&'k str]) -> Option<Correction<'k>> {
    let lower = word.to_lowercase();
    let others = || OTHER_NAMES.iter().filter(|(name, ..)| *name == lower);
    for (_, key, help) in others() {
        if let Some(key) = known.iter().find(|known| *known == key) {
            let help = help.map_or_else(|| did_you_mean(key), str::to_owned);
            return Some(Correction { key: Some(key), help });
        }
    }
    if let Some((key, home)) = HOMES.iter().find(|(key, _)| *key == word) {
        return Some(Correction { key: None, help: format!("`{key}` is a key of {home}, not of this table") });
    }
    if let Some(key) = suggestion(word, absent).or_else(|| suggestion(word, known)) {
        return Some(Correction { key: Some(key), help: did_you_mean(key) });
    }
    let (_, key, _) = others().next()?;
    let (_, home) = HOMES.iter().find(|(other, _)| other == key)?;
    Some(Correction { key: None, help: format!("{} It is a key of {home}", did_you_mean(key)) })
}

fn did_you_mean(key: &str) -> String {
    format!("did you mean `{key}`?")
}

/// The known word most similar to `word`, if it is similar enough to be meant.
pub(in crate::experiment) fn suggestion<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    // The comparison takes quadratic time, and all known words are short.
    if word.len() > 64 {
        return None;
    }
    let word = word.to_lowercase();
    if let Some(same) = known.iter().find(|known| known.to_lowercase() == word) {
        return Some(same);
    }
    let nearest = known.iter().map(|k| (strsim::jaro_winkler(&word, k), *k)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    if nearest.0 > 0.8 {
        return Some(nearest.1);
    }
    // Short words with two letters exchanged, or one that is wrong.
    known.iter().copied().find(|known| known.len() >= 3 && strsim::osa_distance(&word, known) == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_recognised_under_other_names() {
        let dynamics = ["name", "sgd", "adam", "adam_steps", "alpha", "epsilon", "eta", "amplitude"];
        for (word, known, key, help) in [
            ("sdg", &dynamics[..], Some("sgd"), "did you mean `sgd`?"),
            ("SGD", &dynamics, Some("sgd"), "did you mean `sgd`?"),
            ("AdamW", &dynamics, Some("adam_steps"), "decoupled = true"),
            ("lr", &dynamics, Some("eta"), "did you mean `eta`?"),
            ("sigma", &dynamics, Some("amplitude"), "did you mean `amplitude`?"),
            ("eta", &[], None, "`eta` is a key of [noise] and of [[dynamics]]"),
            ("eta", &["beta1", "beta2"], None, "`eta` is a key of [noise]"),
            ("lr", &["momentum"], None, "did you mean `eta`? It is a key of [noise]"),
            ("beta2", &["decay_rate", "decay"], Some("decay"), "did you mean `decay`?"),
            ("formula", &["quadratic", "expression"], Some("expression"), "expression = { formula"),
            ("F", &["formula", "parameters"], Some("formula"), "did you mean `formula`?"),
        ] {
            let found = correction(word, known, known).unwrap();
            assert!(found.key == key && found.help.contains(help), "{word}: {:?} {}", found.key, found.help);
        }
        assert!(correction("milstein", &["jump_adapted", "euler"], &[]).is_none());
        assert!(correction("x", &dynamics, &dynamics).is_none());
    }
}
