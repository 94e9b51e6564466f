//! The experiment of a store, and which cells of a changed experiment it holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::experiment::{CellPlan, Experiment, ExperimentErrors};
use crate::noise::Seed;
use crate::store::{Identity, Store};

/// The experiment of a store. Calibrations without a path are searched for in the folder that contains the results folder, as during the run.
pub(super) fn parse_stored(store: &Store) -> Result<Experiment, ExperimentErrors> {
    let identity = store.identity();
    let path = store.path().to_owned();
    // A path without a name, such as `.`, has no parent.
    let folder = path.canonicalize().unwrap_or_else(|_| path.clone());
    let results = folder.ancestors().nth(2).unwrap_or(Path::new(Experiment::RESULTS));
    let mut experiment = Experiment::parse_with_results(&path.display().to_string(), &identity.text, results)?;
    experiment.seed = Seed(identity.seed);
    Ok(experiment)
}

/// The [streams](Identity::streams) of `experiment` if it has every cell of the store, such as a sweep with one value more or with its values
/// in another order: every cell of which the store holds a path keeps its stream, and new cells take the others in the order of the plan. `None` if a
/// cell with paths is missing, or if anything else differs that determines a path.
pub(super) fn extended_streams(store: &Store, experiment: &Experiment) -> Option<Vec<u64>> {
    let stored = store.identity();
    let before = parse_stored(store).ok()?;
    // A calibration or a default of the program may have changed since.
    let now = Identity::of(&before, stored.paths, stored.shard);
    let unchanged = now.fingerprint == stored.fingerprint && now.version == stored.version;
    if !unchanged || now.seed != experiment.seed.0 {
        return None;
    }
    // Cells hold only some of the numbers of a calibration.
    if !before.calibrations.values().all(|content| experiment.calibrations.values().any(|other| other == content)) {
        return None;
    }
    let mut held: BTreeMap<String, Vec<&CellPlan>> = BTreeMap::new();
    before.cells.iter().for_each(|cell| held.entry(cell.identity()).or_default().push(cell));
    let texts: Vec<String> = experiment.cells.iter().map(CellPlan::identity).collect();
    let mut streams: Vec<Option<u64>> = vec![None; texts.len()];
    let same_names = |a: &CellPlan, b: &CellPlan| (&a.dynamics, &a.basin) == (&b.dynamics, &b.basin);
    // Of cells that differ in nothing but their names, those with the same names come first.
    for any_name in [false, true] {
        for ((cell, text), stream) in experiment.cells.iter().zip(&texts).zip(&mut streams) {
            let Some(candidates) = held.get_mut(text).filter(|_| stream.is_none()) else { continue };
            let found = candidates.iter().position(|candidate| any_name || same_names(candidate, cell));
            *stream = found.map(|found| stored.stream(candidates.remove(found).index));
        }
    }
    let missing = held.values().flatten().map(|cell| stored.stream(cell.index));
    for stream in missing {
        if store.has_paths(stream).ok()? {
            return None;
        }
    }
    let kept: BTreeSet<u64> = streams.iter().flatten().copied().collect();
    let mut free = (0..streams.len() as u64).filter(|stream| !kept.contains(stream));
    let streams: Vec<u64> = streams.into_iter().map_while(|stream| stream.or_else(|| free.next())).collect();
    if kept.last().is_some_and(|last| *last >= streams.len() as u64) {
        return None;
    }
    let in_order = streams.iter().zip(0..).all(|(stream, position)| *stream == position);
    Some(if in_order { Vec::new() } else { streams })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Chunks, Shard};
    use crate::files::Existing;
    use crate::results::{Observer, PreparedRun, Progress, Request, ResultsError, ResultsFolder, render_tables};
    use crate::scheme::StopFlag;

    /// Stops a run when it has stored so many paths.
    struct StopAt<'s>(u64, &'s StopFlag);

    impl Observer for StopAt<'_> {
        fn progress(&mut self, progress: Progress<'_>) {
            if progress.done >= self.0 {
                self.1.stop();
            }
        }

        fn commit_due(&mut self) -> bool {
            true
        }
    }

    const SWEEP: &str = include_str!("../../tests/data/small.toml");

    fn sweep(epsilon: &str, stiffness: &str) -> Experiment {
        let text = SWEEP.replace("epsilon = 0.1", &format!("epsilon = {epsilon}"));
        Experiment::parse("small.toml", &text.replace("curvature = [4.0]", &format!("curvature = [{stiffness}]")))
            .unwrap()
    }

    /// Runs until `most` paths are stored; returns the rows of `escapes.csv` without their number of the cell, by noise level.
    fn run(out: &Path, experiment: &Experiment, most: u64) -> Result<BTreeMap<u64, Vec<String>>, ResultsError> {
        let request = Request { experiment, paths: experiment.paths, exactly: false, shard: Shard::WHOLE };
        let mut folder = ResultsFolder::open(out, &request, Existing::Resume)?;
        let chunks = Chunks::new(vec![folder.paths(); experiment.cells.len()], Shard::WHOLE);
        let mut done = folder.store.done(&chunks)?;
        let identity = folder.identity().clone();
        folder.store.renew(&identity)?;
        let (run, stop) = (PreparedRun::new(experiment).unwrap(), StopFlag::default());
        run.run(&mut folder.store, &chunks, &mut done, &stop, &mut StopAt(most, &stop)).unwrap();
        render_tables(&run, &folder.store, &chunks, &done, folder.path(), &mut |_, _| false).unwrap();
        let table = std::fs::read_to_string(folder.path().join("escapes.csv")).unwrap();
        let mut rows: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for (cell, row) in table.lines().skip(1).map(|row| row.split_once(',').unwrap()) {
            let noise = experiment.cells[cell.parse::<usize>().unwrap()].problem.noise();
            rows.entry(noise.epsilon().to_bits()).or_default().push(row.to_string());
        }
        Ok(rows)
    }

    #[test]
    fn an_extended_sweep_keeps_the_paths_of_its_cells() {
        let out = tempfile::tempdir().unwrap();
        let few = run(out.path(), &sweep("[0.1, 0.2]", "4.0"), u64::MAX).unwrap();
        assert!(few.len() == 2 && few.values().all(|rows| rows.len() == 300));
        // The new value comes first, and the run is stopped after one of the new chunks.
        let more = sweep("[0.05, 0.2, 0.1]", "4.0");
        let part = run(out.path(), &more, 601).unwrap();
        assert!(few.iter().all(|(cell, rows)| part[cell] == *rows));
        let whole = run(out.path(), &more, u64::MAX).unwrap();
        assert!(whole.len() == 3 && few.iter().all(|(cell, rows)| whole[cell] == *rows));
        let store = Store::open(&out.path().join("small")).unwrap();
        assert_eq!(store.identity().streams, [2, 1, 0]);
        drop(store);
        // Extended again; the kept paths are those of a run of nothing but the new value at the third place.
        let again = run(out.path(), &sweep("[0.05, 0.4, 0.2, 0.1]", "4.0"), u64::MAX).unwrap();
        assert!(again.len() == 4 && whole.iter().all(|(cell, rows)| again[cell] == *rows));
        let fresh = tempfile::tempdir().unwrap();
        let fresh = run(fresh.path(), &sweep("[0.1, 0.2, 0.05, 0.4]", "4.0"), u64::MAX).unwrap();
        assert!(fresh == again);
    }

    /// A value that was given by mistake can be taken back, as long as none of its paths was run.
    #[test]
    fn a_cell_without_paths_may_be_missing() {
        let out = tempfile::tempdir().unwrap();
        let few = run(out.path(), &sweep("[0.1, 0.2]", "4.0"), u64::MAX).unwrap();
        let mistaken = sweep("[0.7, 0.1, 0.2]", "4.0");
        let request = Request { experiment: &mistaken, paths: 300, exactly: false, shard: Shard::WHOLE };
        let mut folder = ResultsFolder::open(out.path(), &request, Existing::Resume).unwrap();
        let identity = folder.identity().clone();
        folder.store.renew(&identity).unwrap();
        drop(folder);
        let more = run(out.path(), &sweep("[0.1, 0.05, 0.2]", "4.0"), u64::MAX).unwrap();
        assert!(more.len() == 3 && few.iter().all(|(cell, rows)| more[cell] == *rows));
        assert!(run(out.path(), &sweep("[0.1, 0.2]", "4.0"), u64::MAX).is_err());
    }

    #[test]
    fn a_sweep_without_a_stored_cell_is_refused() {
        let out = tempfile::tempdir().unwrap();
        run(out.path(), &sweep("[0.1, 0.2]", "4.0"), u64::MAX).unwrap();
        for other in [sweep("[0.1, 0.3]", "4.0"), sweep("0.1", "4.0"), sweep("[0.1, 0.2, 0.3]", "5.0")] {
            let refused = run(out.path(), &other, u64::MAX).unwrap_err().to_string();
            assert!(refused.contains("holds another run"), "{refused}");
        }
        let seed = Experiment { seed: crate::noise::Seed(8), ..sweep("[0.1, 0.2, 0.3]", "4.0") };
        let refused = run(out.path(), &seed, u64::MAX).unwrap_err().to_string();
        assert!(refused.contains("seed: 7 in the store, 8 requested"), "{refused}");
    }
}
