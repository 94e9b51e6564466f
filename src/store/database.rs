//! The store's file: an SQLite database, with a row for the chunks that were run together.

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
use super::head::{STORE_FILE, check_start, prepare, read_head, write_head};
use super::identity::Identity;
use super::reserve::Reserve;
use crate::engine::{CHUNK, Chunks, Done};
use crate::files::{FileId, file_id};

const ROWS: &str = "SELECT first, chunks, outcomes FROM batch WHERE first >= ? AND first < ? ORDER BY first";
const PUT: &str = "INSERT OR REPLACE INTO batch VALUES (?, ?, ?)";
/// Short chunks that are replaced by whole ones, in a row that begins before them.
const REPLACED: &str = "DELETE FROM batch WHERE first > ? AND first <= ?";

/// One process that worked on a run, as the manifest tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// When it began, in UTC.
    pub start: String,
    /// How long it ran, in seconds; one that was killed, until its last commit.
    pub seconds: f64,
    /// Its threads.
    pub threads: usize,
    /// Why it ended; `killed` until it said so itself.
    pub stop_reason: String,
}

/// An open store. Nobody else can open it meanwhile; the lock is the system's and ends with the process.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    /// What stands at the path while the store does.
    file: FileId,
    identity: Identity,
    open: bool,
    /// The session of this process, and when it began.
    session: Option<(i64, Session, Instant)>,
    /// After the connection, which is to be closed first. It comes with the first chunk that is put in, so that a store that is only read
    /// holds no second descriptor; `Some(None)` if it could not be had: the file then grows as any other.
    reserve: Option<Option<Reserve>>,
}

/// Past every row that a run can have.
const ROW_END: u64 = i64::MAX as u64;

impl Store {
    /// Makes the store of a run in `folder`, which must be there and hold none. Of several processes that try one succeeds.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if there is one already, [`StoreError`] if it cannot be written.
    pub fn create(folder: &Path, identity: &Identity) -> Result<Self, StoreError> {
        let path = folder.join(STORE_FILE);
        // Written beside its place: a store that is there is whole.
        let beside = claim(folder)?;
        let made = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(&beside, flags).map_err(|error| classify(&beside, error))?;
            write_head(&connection, identity).map_err(|error| classify(&beside, error))?;
            connection.close().map_err(|(_, error)| classify(&beside, error))?;
            put_in_place(&beside, &path)
        };
        let made = made();
        let _ = fs::remove_file(&beside);
        // One that came too late may also have lost its file to the first.
        made.map_err(|error| match path.symlink_metadata() {
            Ok(_) => StoreError::Exists { path: path.clone() },
            Err(_) => error,
        })?;
        remove_parts(folder);
        let store = Self::open(folder)?;
        // Another run may have been put there.
        if store.identity != *identity {
            return Err(StoreError::Exists { path });
        }
        Ok(store)
    }

    /// Opens the store in `folder` and locks it.
    ///
    /// # Errors
    /// [`StoreError`] if there is none, if it is not ours, of another format, damaged, or in use.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(STORE_FILE);
        match path.symlink_metadata() {
            Ok(file) if file.is_file() => {}
            // A link, or what would be waited for when it is read.
            Ok(_) => return Err(StoreError::Foreign { path }),
            Err(_) => return Err(StoreError::Absent { path: folder.to_owned() }),
        }
        let flags =
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        // `NOFOLLOW` heeds every part of the path: only the file itself may not be a link.
        let real =
            fs::canonicalize(folder).map_err(|source| StoreError::Unreadable { path: folder.to_owned(), source })?;
        let real = real.join(STORE_FILE);
        let vanished = || StoreError::Vanished { path: path.clone() };
        let before = file_id(&real.symlink_metadata().map_err(|_| vanished())?);
        check_start(&path)?;
        let failed = |error| classify(&path, error);
        let connection = Connection::open_with_flags(&real, flags).map_err(failed)?;
        prepare(&connection).map_err(failed)?;
        let identity = read_head(&connection).map_err(|damage| damaged(&path, damage))?;
        let file = file_id(&real.symlink_metadata().map_err(|_| vanished())?);
        if file != before {
            return Err(vanished());
        }
        Ok(Store { connection, path, file, identity, open: false, session: None, reserve: None })
    }

    /// Whether the file still stands in its place. One that was deleted or moved can still be written to, and another run may have taken
    /// the folder.
    ///
    /// # Errors
    /// [`StoreError::Vanished`] if it does not.
    pub fn check_place(&self) -> Result<(), StoreError> {
        match self.path.symlink_metadata() {
            Ok(file) if file_id(&file) == self.file => Ok(()),
            _ => Err(StoreError::Vanished { path: self.path.clone() }),
        }
    }

    /// What it is the store of.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether nothing was ever put in.
    pub fn is_empty(&self) -> bool {
        self.connection.query_row("SELECT count(*) FROM (SELECT 1 FROM batch LIMIT 1)", [], |row| row.get(0)) == Ok(0)
    }

    /// Asks for `paths` paths a cell, and takes the text of an experiment that differs in nothing that changes them.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub fn renew(&mut self, paths: u64, text: &str) -> Result<(), StoreError> {
        if paths == self.identity.paths && text == self.identity.text {
            return Ok(());
        }
        let put = "INSERT OR REPLACE INTO entry VALUES ('paths', ?), ('experiment', ?)";
        self.connection.execute(put, (paths.to_string(), text)).map_err(|error| classify(&self.path, error))?;
        (self.identity.paths, self.identity.text) = (paths, text.to_string());
        Ok(())
    }

    /// Reads and checks everything; returns which of `chunks`, those of the store's run, are there.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if anything is not as it was written.
    pub fn done(&self, chunks: &Chunks) -> Result<Done, StoreError> {
        let mut done = Done::default();
        // What begins before every row that a run can have would be passed over.
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
                // The end of a cell that was extended since: it is run anew with the others of its chunk.
                Some((_, paths)) if packed.paths() < paths => {}
                _ => return Err(damaged(&self.path, Damage::Stray { cell, path: index * CHUNK })),
            }
            Ok::<_, StoreError>(true)
        })?;
        Ok(done)
    }

    /// Adds chunks; they are safe once [`Store::commit`] has returned. Fastest in order.
    ///
    /// # Errors
    /// [`StoreError`] if they cannot be written. What was not committed is then lost.
    pub fn put(&mut self, batches: &[PackedBatch]) -> Result<(), StoreError> {
        if batches.is_empty() {
            return Ok(());
        }
        let place = self.connection.path().unwrap_or_default();
        if let Some(reserve) = self.reserve.get_or_insert_with(|| Reserve::of(Path::new(place)).ok()) {
            reserve.renew();
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
                // Bytes that are bound to a statement are copied twice on their way to the pages, these are not.
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

    /// Gives back what was reserved on the disk for chunks that have not come, as closing the store does.
    pub fn release(&mut self) {
        if let Some(Some(reserve)) = &mut self.reserve {
            reserve.release();
        }
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
        // On many errors SQLite has done so itself.
        let _ = self.connection.execute_batch("ROLLBACK");
        classify(&self.path, error)
    }

    /// Makes what was put in safe against a kill at any moment.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written, or if the file is not [in its place](Store::check_place).
    pub fn commit(&mut self) -> Result<(), StoreError> {
        self.check_place()?;
        if self.open {
            self.tell_session()?;
            self.connection.execute_batch("COMMIT").map_err(|error| self.roll_back(error))?;
            self.open = false;
        }
        Ok(())
    }

    /// Gives the chunks of one cell in order, until `visit` returns `false`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if one is not as it was written, or an error of `visit`.
    pub fn read_cell<E: From<StoreError>>(
        &self,
        cell: u64,
        dim: usize,
        visit: &mut dyn FnMut(&ChunkOutcomes) -> Result<bool, E>,
    ) -> Result<(), E> {
        let mut chunk = ChunkOutcomes { index: 0, events: 0, outcomes: Vec::new() };
        self.each(id(cell, 0)..id(cell + 1, 0), &mut |packed| {
            packed.unpack(dim, &mut chunk).map_err(|damage| damaged(&self.path, damage))?;
            visit(&chunk)
        })
    }

    /// Copies every chunk of the parts of a run into this store, in order; `copied` is told after each.
    ///
    /// # Errors
    /// [`StoreError`] if a part cannot be read or this store not be written.
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

    /// Adds the account of a session that is over.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub fn add_session(&mut self, session: &Session) -> Result<(), StoreError> {
        let written = self.connection.execute("INSERT INTO session (account) VALUES (?)", [account(session)]);
        written.map(|_| ()).map_err(|error| classify(&self.path, error))
    }

    /// Begins the account of the session of this process, which is that old already. Every commit tells how long it has been.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub fn begin_session(&mut self, session: Session, since: Instant) -> Result<(), StoreError> {
        self.add_session(&session)?;
        self.session = Some((self.connection.last_insert_rowid(), session, since));
        Ok(())
    }

    /// Ends the account of the session of this process and returns its seconds.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub fn end_session(&mut self, stop_reason: &str) -> Result<f64, StoreError> {
        if let Some((_, session, _)) = &mut self.session {
            session.stop_reason = stop_reason.to_string();
        }
        self.tell_session()?;
        Ok(self.session.take().map_or(0.0, |(_, session, _)| session.seconds))
    }

    fn tell_session(&mut self) -> Result<(), StoreError> {
        let Some((number, session, since)) = &mut self.session else { return Ok(()) };
        session.seconds = since.elapsed().as_secs_f64();
        let told = || -> rusqlite::Result<usize> {
            let mut tell = self.connection.prepare_cached("UPDATE session SET account = ? WHERE number = ?")?;
            tell.execute((account(session), *number))
        };
        told().map(|_| ()).map_err(|error| self.roll_back(error))
    }

    /// Every session, in order. An account that cannot be read is left out: nothing depends on it.
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

    /// The chunks of the rows that begin in `ids`, in order, until `visit` returns `false`.
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

    /// The rows that begin in `ids`, in order, until `visit` returns `false`.
    fn each_row<E: From<StoreError>>(
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
            // A broken tree can give a row again, and for ever.
            let end = row.end().filter(|_| row.first >= next);
            next = end.ok_or_else(|| E::from(damaged(&self.path, damage(row.first))))?;
            if !visit(row)? {
                break;
            }
        }
        Ok(())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.release();
    }
}

fn account(session: &Session) -> String {
    serde_json::to_string(session).unwrap_or_default()
}

/// Rows between two commits of a merge.
const COMMIT_EVERY: u64 = 1_000;

/// The next few chunks of a part.
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

/// Makes an empty file beside the place of a store, with a name that no other process has.
fn claim(folder: &Path) -> Result<PathBuf, StoreError> {
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

/// Gives a whole store its name, unless something has it.
fn put_in_place(beside: &Path, path: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::Folder { path: path.to_owned(), source };
    match fs::hard_link(beside, path) {
        Ok(()) => Ok(()),
        // A file system without links.
        Err(error)
            if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::PermissionDenied)
                && path.symlink_metadata().is_err() =>
        {
            fs::rename(beside, path).map_err(failed)
        }
        Err(source) => Err(failed(source)),
    }
}

/// Takes away what was left of stores that were not made to their end, by a process that was killed or came too late.
fn remove_parts(folder: &Path) {
    let part = |name: &str| name.starts_with(&format!(".{STORE_FILE}."));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if part(&entry.file_name().to_string_lossy()) {
            // Where that fails it only stays.
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
        // A column of another type, a text that is not UTF-8, a name that is not there.
        None => StoreError::Damaged { path, damage: error.into() },
        Some(_) => StoreError::Database { path, source: error },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Batch, Cell, SIZES, Shard};
    use crate::experiment::Experiment;
    use crate::scheme::{Outcome, PathRecord, StopFlag, StreamSource};

    /// A run of 700 paths, of which the last chunk was stored before those that come before it, is extended to 1500.
    #[test]
    fn a_short_chunk_is_replaced_by_a_row_that_begins_before_it() {
        let experiment = Experiment::parse("small.toml", include_str!("../../tests/data/small.toml")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::create(folder.path(), &Identity::of(&experiment, 700, Shard::WHOLE)).unwrap();
        let packed = |chunks: &Chunks, number, most| {
            let chunks = chunks.batch(number, most);
            let censored = |path| PathRecord { outcome: Outcome::Censored { at: path as f64 }, events: 1 };
            let records = chunks.iter().flat_map(|chunk| chunk.paths.clone().map(censored)).collect();
            PackedBatch::of(&Batch { chunks, records }, Vec::new())
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

    /// Whatever a kernel costs, and so however many of its chunks are in a row.
    #[test]
    fn a_path_takes_twelve_bytes() {
        let experiment = Experiment::parse("small.toml", include_str!("../../tests/data/small.toml")).unwrap();
        let plan = &experiment.cells[0];
        let kernel = plan.scheme.prepare(&plan.problem).unwrap();
        let source = StreamSource { seed: experiment.seed, cell: 0 };
        let cell = Cell { kernel: &*kernel, source, limits: plan.limits };
        let paths = 8_000 * CHUNK;
        let chunks = Chunks::new(vec![paths], Shard::WHOLE);
        for size in SIZES {
            let folder = tempfile::tempdir().unwrap();
            let mut store = Store::create(folder.path(), &Identity::of(&experiment, paths, Shard::WHOLE)).unwrap();
            let mut batch = Batch::default();
            let mut number = 0;
            while number < chunks.count() {
                batch.chunks = chunks.batch(number, size);
                batch.run(&cell, &StopFlag::default());
                store.put(&[PackedBatch::of(&batch, Vec::new())]).unwrap();
                number += batch.chunks.len() as u64;
            }
            store.commit().unwrap();
            let taken = store.path().metadata().unwrap().len() as f64 / paths as f64;
            assert!(taken < 12.0, "{size} chunks a row: {taken:.2} bytes a path");
        }
    }
}
