//! `report`: tables and figures of a run, from its store.

use std::path::PathBuf;

use thiserror::Error;

use crate::cli::complaint::{Complain, Complaint, Exit};
use crate::cli::console::Console;
use crate::cli::line::command_line::report_command;
use crate::cli::line::options::ReportOptions;
use crate::cli::rendering::{RenderFailure, Rendering};
use crate::cli::stopping::Stopping;
use crate::engine::{Chunks, Shard};
use crate::experiment::{Experiment, FigureNameError};
use crate::results::{MergeError, PreparedRun, ResultsError, ResultsFolder, RunError, TableError, stored_experiment};
use crate::store::StoreError;

/// Why the results of a stored run are not, or not all, written.
#[derive(Debug, Error)]
pub enum ReportFailure {
    #[error(transparent)]
    Results(#[from] ResultsError),
    #[error(transparent)]
    Stored(#[from] MergeError),
    #[error(transparent)]
    Figure(#[from] FigureNameError),
    #[error(transparent)]
    Prepare(#[from] RunError),
    #[error("the tables of {} could not be written", path.display())]
    Tables {
        path: PathBuf,
        #[source]
        source: TableError,
    },
    #[error(transparent)]
    Render(RenderFailure),
    #[error("{} holds shard {}/{} of a run: merge the shards to get its tables", path.display(), shard.index(), shard.count())]
    IsShard { path: PathBuf, shard: Shard },
    #[error("the run in {} is incomplete; the tables hold the first paths of every cell", path.display())]
    Incomplete { path: PathBuf },
}

impl Complain for ReportFailure {
    fn complaint(&self) -> Complaint {
        match self {
            ReportFailure::Results(ResultsError::Store(error @ StoreError::Absent { path }))
                if path.join("calibration.json").is_file() =>
            {
                error.complaint().or_hint(
                    "it holds a calibration, whose figures are drawn as it is made: set figures and figure_style in its file, and \
                     levy-escape calibrate FILE --force",
                )
            }
            ReportFailure::Results(error) => error.complaint(),
            ReportFailure::Stored(MergeError::Store(error)) => error.complaint(),
            ReportFailure::Stored(error) => Complaint::new(error, Exit::BadInput),
            ReportFailure::Figure(FigureNameError::Unknown { hint, .. }) => {
                Complaint::new(self, Exit::BadInput).or_hint(hint)
            }
            ReportFailure::Figure(_) => Complaint::new(self, Exit::BadInput),
            ReportFailure::Prepare(error) => error.complaint(),
            ReportFailure::Tables { path, source } => Complaint::new(self, source.complaint().exit).or_hint(format!(
                "all paths are saved in the store; once there is disk space and write access: {}",
                report_command(path)
            )),
            ReportFailure::Render(failure) => failure.complaint(),
            ReportFailure::IsShard { .. } => {
                Complaint::new(self, Exit::BadInput).or_hint("levy-escape merge DIR… --into DIR")
            }
            ReportFailure::Incomplete { .. } => Complaint::new(self, Exit::Incomplete),
        }
    }
}

/// Writes the tables and figures of a run again.
pub fn report(options: &ReportOptions, console: &Console) -> Result<(), ReportFailure> {
    let folder = ResultsFolder::existing(&options.folder)?;
    let shard = folder.store.identity().shard;
    if shard != Shard::WHOLE {
        return Err(ReportFailure::IsShard { path: options.folder.clone(), shard });
    }
    let mut experiment = stored_experiment(&folder.store)?;
    options.tables.apply(&mut experiment);
    options.figures.apply(&mut experiment)?;
    render_stored(&experiment, &folder, options.json, console)
}

/// Writes the results of the run that a store holds.
pub fn render_stored(
    experiment: &Experiment,
    folder: &ResultsFolder,
    json: bool,
    console: &Console,
) -> Result<(), ReportFailure> {
    let run = PreparedRun::new(experiment)?;
    let identity = folder.store.identity();
    let chunks = Chunks::new(vec![identity.paths; experiment.cells.len()], identity.shard);
    let done = folder.store.done(&chunks).map_err(ResultsError::from)?;
    let rendering = Rendering { run: &run, folder, chunks: &chunks, done: &done };
    let path = || folder.path().to_owned();
    rendering.render(json, &Stopping::default(), console).map_err(|failure| match failure {
        RenderFailure::Table(source) => ReportFailure::Tables { path: path(), source },
        other => ReportFailure::Render(other),
    })?;
    if rendering.is_complete() { Ok(()) } else { Err(ReportFailure::Incomplete { path: path() }) }
}
