//! The file of the store: an SQLite database with one row for each batch of chunks.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rusqlite::blob::{Blob, ZeroBlob};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use serde::{Deserialize, Serialize};

use super::batch::{ChunkOutcomes, PackedBatch, PackedChunk, PackedRow, damage, id};
use super::error::{Damage, StoreError};
use super::head::{STORE_FILE, check_start, check_tables, prepare, read_identity, read_identity_version, write_head};
use super::identity::Identity;
use crate::engine::{CHUNK, Chunks, Done};
use crate::experiment::Experiment;
use crate::files::{FileId, file_id};

const ROWS: &str = "SELECT first, chunks, outcomes FROM batch WHERE first >= ? AND first < ? ORDER BY first";
const PUT: &str = "INSERT OR REPLACE INTO batch VALUES (?, ?, ?)";
/// Removes short chunks that are replaced by whole ones, in a row that begins before them.
const REPLACED: &str = "DELETE FROM batch WHERE first > ? AND first <= ?";

/// The record of one process that worked on a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Time of its start, in UTC.
    pub start: String,
    /// Its duration in seconds; for a killed process, until its last commit.
    pub seconds: f64,
    /// Its number of threads.
    pub threads: usize,
    /// Why it ended; `killed` until the process records another reason.
    pub stop_reason: String,
}

/// An open store. No other process can open it; the lock belongs to the operating system and ends with the process.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    /// The file that was opened: another can take its path.
    file: FileId,
    identity: Identity,
    /// Whether a transaction has begun.
    open: bool,
    session: Option<CurrentSession>,
}

/// The session of this process.
#[derive(Debug)]
struct CurrentSession {
    number: i64,
    record: Session,
    since: Instant,
}

/// An id above those of all rows.
const ROW_END: u64 = i64::MAX as u64;

impl Store {
    /// Creates the store of a run in an existing folder. Of several processes that try at the same time, one succeeds.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if the folder has a store already, [`StoreError`] if the store cannot be written.
    pub fn create(folder: &Path, identity: &Identity) -> Result<Self, StoreError> {
        let path = folder.join(STORE_FILE);
        // Written under another name first: a store with the final name is complete.
        let part = create_part(folder)?;
        let create = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(&part, flags).map_err(|error| classify(&part, error))?;
            write_head(&connection, identity).map_err(|error| classify(&part, error))?;
            connection.close().map_err(|(_, error)| classify(&part, error))?;
            put_in_place(&part, &path)
        };
        let created = create();
        let _ = fs::remove_file(&part);
        // The process that succeeds also removes the unfinished files of the others.
        created.map_err(|error| match path.symlink_metadata() {
            Ok(_) => StoreError::Exists { path: path.clone() },
            Err(_) => error,
        })?;
        remove_parts(folder);
        let store = Self::open(folder)?;
        // Another process may have put another run there.
        if store.identity != *identity {
            return Err(StoreError::Exists { path });
        }
        Ok(store)
    }

    /// Opens the store in `folder` and locks it.
    ///
    /// # Errors
    /// [`StoreError`] if the folder has no store, or if the store is not one of this program, has another format or version of the
    /// identity, is damaged, or is in use.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(STORE_FILE);
        match path.symlink_metadata() {
            Ok(file) if file.is_file() => {}
            // A link, or a pipe, which would block.
            Ok(_) => return Err(StoreError::Foreign { path }),
            Err(_) => return Err(StoreError::Absent { path: folder.to_owned() }),
        }
        let flags =
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        // `NOFOLLOW` applies to every part of the path, but folders may be links.
        let real =
            fs::canonicalize(folder).map_err(|source| StoreError::Unreadable { path: folder.to_owned(), source })?;
        let real = real.join(STORE_FILE);
        let vanished = || StoreError::Vanished { path: path.clone() };
        let before = file_id(&real.symlink_metadata().map_err(|_| vanished())?);
        check_start(&path)?;
        let failed = |error| classify(&path, error);
        let connection = Connection::open_with_flags(&real, flags).map_err(failed)?;
        prepare(&connection).map_err(failed)?;
        let is_damaged = |damage| damaged(&path, damage);
        check_tables(&connection).map_err(is_damaged)?;
        let found = read_identity_version(&connection).map_err(is_damaged)?;
        if found != Experiment::IDENTITY_VERSION {
            return Err(StoreError::IdentityVersion { path, found });
        }
        let identity = read_identity(&connection).map_err(is_damaged)?;
        let file = file_id(&real.symlink_metadata().map_err(|_| vanished())?);
        if file != before {
            return Err(vanished());
        }
        Ok(Store { connection, path, file, identity, open: false, session: None })
    }

    /// Checks that the file is still at its path. A deleted or moved file can still be written, and another run may have taken the folder.
    ///
    /// # Errors
    /// [`StoreError::Vanished`] if it is not.
    pub fn check_place(&self) -> Result<(), StoreError> {
        match self.path.symlink_metadata() {
            Ok(file) if file_id(&file) == self.file => Ok(()),
            _ => Err(StoreError::Vanished { path: self.path.clone() }),
        }
    }

    /// The identity of the run.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the store holds no chunks.
    pub fn is_empty(&self) -> bool {
        self.connection.query_row("SELECT count(*) FROM (SELECT 1 FROM batch LIMIT 1)", [], |row| row.get(0)) == Ok(0)
    }

    /// Whether the store holds a path of a cell.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    pub fn has_paths(&self, cell: u64) -> Result<bool, StoreError> {
        let any = "SELECT EXISTS (SELECT 1 FROM batch WHERE first >= ? AND first < ?)";
        let rows = (id(cell, 0) as i64, id(cell + 1, 0) as i64);
        self.connection.query_row(any, rows, |row| row.get(0)).map_err(|error| classify(&self.path, error))
    }

    /// Changes the identity to that of a run which has all paths of this one: with more paths per cell, more cells, or another text of the
    /// same experiment.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub fn renew(&mut self, identity: &Identity) -> Result<(), StoreError> {
        if *identity == self.identity {
            return Ok(());
        }
        let Identity { fingerprint, paths, text, streams, calibrations, .. } = identity;
        // One statement: a kill leaves the former identity or the new one.
        let put = "INSERT OR REPLACE INTO entry VALUES \
                   ('paths', ?), ('experiment', ?), ('fingerprint', ?), ('streams', ?), ('calibrations', ?)";
        let streams = serde_json::to_string(streams).unwrap_or_default();
        let calibrations = serde_json::to_string(calibrations).unwrap_or_default();
        let values = (paths.to_string(), text, fingerprint, streams, calibrations);
        self.connection.execute(put, values).map_err(|error| classify(&self.path, error))?;
        self.identity = identity.clone();
        Ok(())
    }

    /// Reads and checks all rows; returns which chunks of the run are in the store.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if a row is not as it was written.
    pub fn done(&self, chunks: &Chunks) -> Result<Done, StoreError> {
        let mut done = Done::default();
        // The loop below would skip rows with a negative id.
        let first = self.connection.query_row("SELECT min(first) FROM batch", [], |row| row.get::<_, Option<i64>>(0));
        if let Some(first) = first.map_err(|error| classify(&self.path, error))?.filter(|first| *first < 0) {
            return Err(damaged(&self.path, damage(first as u64)));
        }
        self.each(0..ROW_END, &mut |packed| {
            let (cell, index) = (packed.cell(), packed.index());
            let planned = usize::try_from(cell).ok().and_then(|cell| chunks.number(cell, index)).and_then(|number| {
                let chunk = chunks.get(number)?;
                Some((number, chunk.paths.end - chunk.paths.start))
            });
            match planned {
                Some((number, paths)) if packed.paths() == paths => done.insert(number),
                // The last chunk of a cell that has been extended since: it is run again as a whole chunk.
                Some((_, paths)) if packed.paths() < paths => {}
                _ => return Err(damaged(&self.path, Damage::Stray { cell, path: index * CHUNK })),
            }
            Ok::<_, StoreError>(true)
        })?;
        Ok(done)
    }

    /// Adds chunks, fastest in ascending order. They are durable after [`Store::commit`].
    ///
    /// # Errors
    /// [`StoreError`] if they cannot be written. All chunks since the last commit are then lost.
    pub fn put(&mut self, batches: &[PackedBatch]) -> Result<(), StoreError> {
        if batches.is_empty() {
            return Ok(());
        }
        let written = self.begin().and_then(|()| {
            let mut put = self.connection.prepare_cached(PUT)?;
            let mut replaced = self.connection.prepare_cached(REPLACED)?;
            let mut row: Option<Blob<'_>> = None;
            for batch in batches {
                let [first, last] = batch.ids().map(|id| id as i64);
                if first < last {
                    replaced.execute((first, last))?;
                }
                // Bytes bound to a statement would be copied twice on their way to the pages.
                put.execute((first, batch.chunks() as i64, ZeroBlob(batch.bytes().len() as u64)))?;
                let mut open = match row.take() {
                    Some(mut open) => open.reopen(first).map(|()| open)?,
                    None => self.connection.blob_open("main", "batch", "outcomes", first, false)?,
                };
                open.write_all_at(batch.bytes(), 0)?;
                row = Some(open);
            }
            row.map_or(Ok(()), Blob::close)
        });
        written.map_err(|error| self.roll_back(error))
    }

    fn begin(&mut self) -> rusqlite::Result<()> {
        if !self.open {
            self.connection.execute_batch("BEGIN IMMEDIATE")?;
            self.open = true;
        }
        Ok(())
    }

    fn roll_back(&mut self, error: rusqlite::Error) -> StoreError {
        self.open = false;
        // After many errors SQLite has already rolled back.
        let _ = self.connection.execute_batch("ROLLBACK");
        classify(&self.path, error)
    }

    /// Makes all added chunks durable: a kill at any later moment does not lose them.
    ///
    /// # Errors
    /// [`StoreError`] if they cannot be written, or if the file is not [at its path](Store::check_place).
    pub fn commit(&mut self) -> Result<(), StoreError> {
        self.check_place()?;
        if self.open {
            self.update_session()?;
            self.connection.execute_batch("COMMIT").map_err(|error| self.roll_back(error))?;
            self.open = false;
        }
        Ok(())
    }

    /// Passes the chunks of one cell to `visit` in order, until it returns `false`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if a chunk is not as it was written, or an error of `visit`.
    pub fn read_cell<E: From<StoreError>>(
        &self,
        cell: u64,
        dim: usize,
        visit: &mut dyn FnMut(&ChunkOutcomes) -> Result<bool, E>,
    ) -> Result<(), E> {
        let mut chunk = ChunkOutcomes::default();
        self.each(id(cell, 0)..id(cell + 1, 0), &mut |packed| {
            packed.unpack(dim, &mut chunk).map_err(|damage| damaged(&self.path, damage))?;
            visit(&chunk)
        })
    }

    /// The error for a damage of this store.
    pub(crate) fn damaged(&self, damage: Damage) -> StoreError {
        damaged(&self.path, damage)
    }

    /// Passes the chunks of one cell of paths that are counted to `visit` in order, with their counts, until it returns `false`. `decode` makes
    /// the counts of the bytes of a chunk and its number of paths.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if a chunk is not as it was written, or an error of `visit`.
    pub fn read_counts<C, E: From<StoreError>>(
        &self,
        cell: u64,
        decode: &dyn Fn(&[u8], u64) -> Option<C>,
        visit: &mut dyn FnMut(&ChunkOutcomes, &C) -> Result<bool, E>,
    ) -> Result<(), E> {
        let mut chunk = ChunkOutcomes::default();
        self.each(id(cell, 0)..id(cell + 1, 0), &mut |packed| {
            let counts = packed.unpack_counts(decode, &mut chunk);
            let counts = counts.map_err(|damage| damaged(&self.path, damage))?;
            visit(&chunk, &counts)
        })
    }

    /// Copies all chunks of the parts of a run into this store, in order, and calls `copied` after each.
    ///
    /// # Errors
    /// [`StoreError`] if a part cannot be read or this store cannot be written.
    pub fn gather(&mut self, parts: &[Store], copied: &mut dyn FnMut()) -> Result<(), StoreError> {
        let mut pages: Vec<Page<'_>> = parts.iter().map(Page::of).collect::<Result<_, _>>()?;
        let mut row: Option<PackedBatch> = None;
        let mut held = 0u64;
        while let Some(page) = pages.iter_mut().filter(|p| !p.chunks.is_empty()).min_by_key(|p| p.chunks[0].id()) {
            let Some(chunk) = page.next()? else { break };
            if !row.as_mut().is_some_and(|row| row.append(&chunk)) {
                self.put(row.replace(PackedBatch::alone(&chunk)).as_slice())?;
                held += 1;
                if held.is_multiple_of(COMMIT_EVERY) {
                    self.commit()?;
                }
            }
            copied();
        }
        self.put(row.as_slice())?;
        self.commit()
    }

    /// Adds the record of a session that has ended.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub fn add_session(&mut self, session: &Session) -> Result<(), StoreError> {
        let written = self.connection.execute("INSERT INTO session (account) VALUES (?)", [to_json(session)]);
        written.map(|_| ()).map_err(|error| classify(&self.path, error))
    }

    /// Starts the record of the session of this process, backdated to `since`. Every commit updates its duration.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub fn begin_session(&mut self, session: Session, since: Instant) -> Result<(), StoreError> {
        self.add_session(&session)?;
        let number = self.connection.last_insert_rowid();
        self.session = Some(CurrentSession { number, record: session, since });
        Ok(())
    }

    /// Ends the record of the session of this process; returns its duration in seconds.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub fn end_session(&mut self, stop_reason: &str) -> Result<f64, StoreError> {
        if let Some(session) = &mut self.session {
            session.record.stop_reason = stop_reason.to_string();
        }
        self.update_session()?;
        Ok(self.session.take().map_or(0.0, |session| session.record.seconds))
    }

    fn update_session(&mut self) -> Result<(), StoreError> {
        let Some(CurrentSession { number, record, since }) = &mut self.session else { return Ok(()) };
        record.seconds = since.elapsed().as_secs_f64();
        let update = || -> rusqlite::Result<usize> {
            let mut update = self.connection.prepare_cached("UPDATE session SET account = ? WHERE number = ?")?;
            update.execute((to_json(record), *number))
        };
        update().map(|_| ()).map_err(|error| self.roll_back(error))
    }

    /// The records of all sessions, in order. Unreadable records are left out: no result depends on them.
    ///
    /// # Errors
    /// [`StoreError`] if the file cannot be read.
    pub fn sessions(&self) -> Result<Vec<Session>, StoreError> {
        let read = || -> rusqlite::Result<Vec<Session>> {
            let mut statement =
                self.connection.prepare_cached("SELECT account FROM session ORDER BY number LIMIT 10000")?;
            let accounts = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
            Ok(accounts.iter().filter_map(|account| serde_json::from_str(account).ok()).collect())
        };
        read().map_err(|error| classify(&self.path, error))
    }

    /// Passes the chunks of the rows that begin in `ids` to `visit` in order, until it returns `false`.
    fn each<E: From<StoreError>>(
        &self,
        ids: Range<u64>,
        visit: &mut dyn FnMut(PackedChunk<'_>) -> Result<bool, E>,
    ) -> Result<(), E> {
        self.each_row(ids, &mut |row| {
            for chunk in row.chunks() {
                if !visit(chunk.map_err(|damage| damaged(&self.path, damage))?)? {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }

    /// Passes the rows that begin in `ids` to `visit` in order, until it returns `false`.
    pub(super) fn each_row<E: From<StoreError>>(
        &self,
        ids: Range<u64>,
        visit: &mut dyn FnMut(PackedRow<'_>) -> Result<bool, E>,
    ) -> Result<(), E> {
        let failed = |error| E::from(classify(&self.path, error));
        let mut statement = self.connection.prepare_cached(ROWS).map_err(failed)?;
        let mut rows = statement.query((ids.start as i64, ids.end as i64)).map_err(failed)?;
        let mut next = ids.start;
        while let Some(row) = rows.next().map_err(failed)? {
            let read = || -> rusqlite::Result<(i64, i64, &[u8])> {
                Ok((row.get_ref(0)?.as_i64()?, row.get_ref(1)?.as_i64()?, row.get_ref(2)?.as_blob()?))
            };
            let (first, chunks, bytes) = read().map_err(failed)?;
            let row =
                PackedRow { first: first as u64, chunks: chunks as u64, stride: self.identity.shard.count(), bytes };
            // A damaged tree can return the same row for ever.
            let end = row.end().filter(|_| row.first >= next);
            next = end.ok_or_else(|| E::from(damaged(&self.path, damage(row.first))))?;
            if !visit(row)? {
                break;
            }
        }
        Ok(())
    }
}

fn to_json(session: &Session) -> String {
    serde_json::to_string(session).unwrap_or_default()
}

/// Number of rows between two commits of a merge.
const COMMIT_EVERY: u64 = 1_000;

/// The next chunks of a part.
struct Page<'s> {
    store: &'s Store,
    chunks: VecDeque<PackedChunk<'static>>,
}

impl<'s> Page<'s> {
    const CHUNKS: usize = 16;

    fn of(store: &'s Store) -> Result<Self, StoreError> {
        let mut page = Page { store, chunks: VecDeque::new() };
        page.fill(0)?;
        Ok(page)
    }

    fn fill(&mut self, from: u64) -> Result<(), StoreError> {
        let Page { store, chunks } = self;
        store.each_row(from..ROW_END, &mut |row| {
            for chunk in row.chunks() {
                chunks.push_back(chunk.map_err(|damage| damaged(&store.path, damage))?.into_owned());
            }
            Ok(chunks.len() < Self::CHUNKS)
        })
    }

    fn next(&mut self) -> Result<Option<PackedChunk<'static>>, StoreError> {
        let Some(chunk) = self.chunks.pop_front() else { return Ok(None) };
        if self.chunks.is_empty() {
            self.fill(chunk.id() + 1)?;
        }
        Ok(Some(chunk))
    }
}

/// Creates an empty file for an unfinished store, with a name that no other process uses.
fn create_part(folder: &Path) -> Result<PathBuf, StoreError> {
    for number in 0..10_000 {
        let part = folder.join(format!(".{STORE_FILE}.{number}.part"));
        match File::create_new(&part) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(source) => return Err(StoreError::Folder { path: part, source }),
            Ok(_) => return Ok(part),
        }
    }
    Err(StoreError::Folder { path: folder.to_owned(), source: ErrorKind::AlreadyExists.into() })
}

/// Gives a complete store its final name, unless that exists.
fn put_in_place(part: &Path, path: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::Folder { path: path.to_owned(), source };
    match fs::hard_link(part, path) {
        Ok(()) => Ok(()),
        // A file system without hard links.
        Err(error)
            if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::PermissionDenied)
                && path.symlink_metadata().is_err() =>
        {
            fs::rename(part, path).map_err(failed)
        }
        Err(source) => Err(failed(source)),
    }
}

/// Removes the unfinished stores of processes that were killed or came too late.
fn remove_parts(folder: &Path) {
    let part = |name: &str| name.starts_with(&format!(".{STORE_FILE}."));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if part(&entry.file_name().to_string_lossy()) {
            // A leftover file is harmless.
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn damaged(path: &Path, damage: Damage) -> StoreError {
    match damage {
        Damage::Database(error) => classify(path, error),
        damage => StoreError::Damaged { path: path.to_owned(), damage },
    }
}

fn classify(path: &Path, error: rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::InUse { path },
        Some(ErrorCode::NotADatabase) => StoreError::Foreign { path },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::TooBig | ErrorCode::TypeMismatch) => {
            StoreError::Damaged { path, damage: error.into() }
        }
        // A column of another type, a text that is not UTF-8, or a missing name.
        None => StoreError::Damaged { path, damage: error.into() },
        Some(_) => StoreError::Database { path, source: error },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Batch, SIZES, Shard, Simulation};
    use crate::experiment::Experiment;
    use crate::scheme::{Outcome, PathRecord, StopFlag, StreamSource};

    /// A run of 700 paths, whose last chunk was stored first, is extended to 1500.
    #[test]
    fn a_short_chunk_is_replaced_by_a_row_that_begins_before_it() {
        let experiment = Experiment::parse("small.toml", include_str!("../../tests/data/small.toml")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::create(folder.path(), &Identity::of(&experiment, 700, Shard::WHOLE)).unwrap();
        let packed = |chunks: &Chunks, number, most| {
            let chunks = chunks.batch(number, most);
            let censored = |path| PathRecord { outcome: Outcome::Censored { at: path as f64 }, events: 1 };
            let records = chunks.iter().flat_map(|chunk| chunk.paths.clone().map(censored)).collect();
            PackedBatch::of(&Batch { chunks, records, ..Batch::default() }, Vec::new())
        };
        let paths = |store: &Store| {
            let mut paths = 0;
            let mut visit = |chunk: &ChunkOutcomes| {
                let censored = |k: usize| Outcome::Censored { at: (chunk.index * CHUNK) as f64 + k as f64 };
                assert!(chunk.outcomes.iter().enumerate().all(|(k, outcome)| *outcome == censored(k)));
                paths += chunk.outcomes.len();
                Ok::<_, StoreError>(true)
            };
            store.read_cell(0, 1, &mut visit).unwrap();
            paths
        };
        let [few, more] = [700, 1500].map(|paths| Chunks::new(vec![paths], Shard::WHOLE));
        store.put(&[packed(&few, 2, 1)]).unwrap();
        assert_eq!(store.done(&few).unwrap().count(), 1);
        assert_eq!((store.done(&more).unwrap().count(), paths(&store)), (0, 700 - 512));
        store.put(&[packed(&more, 1, 4), packed(&more, 5, 1), packed(&more, 0, 1)]).unwrap();
        store.commit().unwrap();
        assert_eq!((store.done(&more).unwrap().gaps(6).count(), paths(&store)), (0, 1500));
    }

    /// For every number of chunks in a row.
    #[test]
    fn a_path_takes_less_than_twelve_bytes() {
        let experiment = Experiment::parse("small.toml", include_str!("../../tests/data/small.toml")).unwrap();
        let plan = &experiment.cells[0];
        let kernel = plan.scheme.prepare(&plan.problem).unwrap();
        let source = StreamSource { seed: experiment.seed, cell: 0 };
        let simulation = Simulation { kernel: &*kernel, source, limits: plan.limits };
        let paths = 8_000 * CHUNK;
        let chunks = Chunks::new(vec![paths], Shard::WHOLE);
        for size in SIZES {
            let folder = tempfile::tempdir().unwrap();
            let mut store = Store::create(folder.path(), &Identity::of(&experiment, paths, Shard::WHOLE)).unwrap();
            let mut batch = Batch::default();
            let mut number = 0;
            while number < chunks.count() {
                batch.chunks = chunks.batch(number, size);
                batch.run(&simulation, &StopFlag::default());
                store.put(&[PackedBatch::of(&batch, Vec::new())]).unwrap();
                number += batch.chunks.len() as u64;
            }
            store.commit().unwrap();
            let taken = store.path().metadata().unwrap().len() as f64 / paths as f64;
            assert!(taken < 12.0, "{size} chunks a row: {taken:.2} bytes a path");
        }
    }
}
