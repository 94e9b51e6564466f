//! The store's file: an SQLite database with a row a chunk.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row};
use serde::{Deserialize, Serialize};

use super::packing::{pack, unpack};
use super::{Damage, FORMAT, Identity, StoreError};
use crate::engine::{CHUNK, Chunk, ChunkRecords, Chunks, Done, Shard};
use crate::experiment::Experiment;
use crate::scheme::Outcome;

/// Name of the store in a folder of results.
pub const STORE_FILE: &str = "run.sqlite";
/// "LEVY": what tells our files from other databases.
const APPLICATION: i32 = 0x4c45_5659;
/// Large pages: a row is some 2.7 kB, and what is left over at the end of a page is lost.
const PAGE: i32 = 65_536;
/// Kilobytes of pages that are held: few, so that a page is still in the processor's cache when it is written.
const CACHE: i32 = 1_024;
/// Room for a row of one dimension.
const ROW: usize = 3_072;
/// Longest value that is read: the text of an experiment, and more than any chunk.
const LONGEST: i32 = 16 << 20;

/// The tables, word for word as they stand in the file. A file with others, or with triggers or views, is not ours.
const TABLES: [(&str, &str); 3] = [
    ("entry", "CREATE TABLE entry (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"),
    ("session", "CREATE TABLE session (number INTEGER PRIMARY KEY, account TEXT NOT NULL)"),
    (
        "chunk",
        "CREATE TABLE chunk (id INTEGER PRIMARY KEY, paths INTEGER NOT NULL, events INTEGER NOT NULL, \
         checksum INTEGER NOT NULL, outcomes BLOB NOT NULL)",
    ),
];

const ROWS: &str = "SELECT id, paths, events, checksum, outcomes FROM chunk WHERE id >= ? AND id < ? ORDER BY id";
const PUT: &str = "INSERT OR REPLACE INTO chunk VALUES (?, ?, ?, ?, ?)";

/// One process that worked on a run, as the manifest tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// When it began, in UTC.
    pub start: String,
    /// How long it ran, in seconds.
    pub seconds: f64,
    /// Its threads.
    pub threads: usize,
    /// Why it ended; `killed` until it said so itself.
    pub stop_reason: String,
}

/// What became of the paths of one chunk.
#[derive(Clone, Debug, PartialEq)]
pub struct ChunkOutcomes {
    /// Number of the chunk within its cell.
    pub index: u64,
    /// Steps and jumps of all its paths.
    pub events: u64,
    /// The outcomes in path order, their overshoots rounded to 24 significant bits.
    pub outcomes: Vec<Outcome>,
}

/// An open store. Nobody else can open it meanwhile; the lock is the system's and ends with the process.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    identity: Identity,
    open: bool,
}

/// Past every row that a run can have.
const ROW_END: u64 = i64::MAX as u64;

fn row_id(cell: u64, index: u64) -> u64 {
    cell << 32 | index
}

fn checksum(id: u64, paths: u64, events: u64, outcomes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    [id, paths, events].iter().for_each(|number| hasher.update(&number.to_le_bytes()));
    hasher.update(outcomes);
    hasher.finalize()
}

/// A chunk as it stands in the file.
#[derive(Clone, Debug)]
pub struct PackedChunk<'r> {
    id: u64,
    paths: u64,
    events: u64,
    checksum: u32,
    outcomes: Cow<'r, [u8]>,
}

impl PackedChunk<'_> {
    /// Packs what became of the paths of a chunk.
    pub fn of(ended: &ChunkRecords) -> Self {
        let (Chunk { cell, index, .. }, records) = (&ended.chunk, &ended.records);
        let (mut events, mut outcomes) = (0u64, Vec::with_capacity(ROW));
        let counted = records.iter().map(|record| {
            events = events.saturating_add(record.events);
            record.outcome
        });
        pack(counted, &mut outcomes);
        let events = events.min(i64::MAX as u64);
        let (id, paths) = (row_id(*cell as u64, *index), records.len() as u64);
        let checksum = checksum(id, paths, events, &outcomes);
        PackedChunk { id, paths, events, checksum, outcomes: outcomes.into() }
    }

    /// Number of its cell.
    pub fn cell(&self) -> u64 {
        self.id >> 32
    }

    /// Its number within the cell.
    pub fn index(&self) -> u64 {
        self.id & 0xffff_ffff
    }

    /// How many paths it holds.
    pub fn paths(&self) -> u64 {
        self.paths
    }
}

impl<'r> PackedChunk<'r> {
    /// A row, checked against its checksum.
    fn read(row: &'r Row<'_>, last: Option<u64>) -> Result<Self, Damage> {
        let number = |column| -> Result<u64, Damage> {
            let number = row.get_ref(column)?.as_i64().map_err(rusqlite::Error::from)?;
            Ok(number as u64)
        };
        let id = number(0)?;
        let damage = || Damage::Outcomes { cell: id >> 32, path: (id & 0xffff_ffff) * CHUNK };
        let (paths, events, stored) = (number(1)?, number(2)?, number(3)?);
        let outcomes = row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?;
        // A broken tree can give a row again, and for ever.
        let ordered = last.is_none_or(|last| last < id);
        if !ordered || paths == 0 || paths > CHUNK || u64::from(checksum(id, paths, events, outcomes)) != stored {
            return Err(damage());
        }
        Ok(PackedChunk { id, paths, events, checksum: stored as u32, outcomes: outcomes.into() })
    }

    fn into_owned(self) -> PackedChunk<'static> {
        let PackedChunk { id, paths, events, checksum, outcomes } = self;
        PackedChunk { id, paths, events, checksum, outcomes: outcomes.into_owned().into() }
    }

    fn unpack(&self, dim: usize, chunk: &mut ChunkOutcomes) -> Result<(), Damage> {
        (chunk.index, chunk.events) = (self.index(), self.events);
        chunk.outcomes.clear();
        let whole = unpack(&self.outcomes, self.paths as usize, &mut chunk.outcomes).is_some();
        let fits = |outcome: &Outcome| match *outcome {
            Outcome::Exited { time, site } => time >= 0.0 && time.is_finite() && (site.axis as usize) < dim,
            Outcome::Censored { at } => at >= 0.0 && at.is_finite(),
            Outcome::Diverged { .. } => true,
        };
        match whole && chunk.outcomes.iter().all(fits) {
            true => Ok(()),
            false => Err(Damage::Outcomes { cell: self.cell(), path: self.index() * CHUNK }),
        }
    }
}

impl Store {
    /// Makes the store of a run in `folder`, which must be there.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub fn create(folder: &Path, identity: &Identity) -> Result<Self, StoreError> {
        let path = folder.join(STORE_FILE);
        // Written beside its place: a store that is there is whole.
        let beside = folder.join(format!(".{STORE_FILE}.part"));
        let failed = |source| StoreError::Folder { path: beside.clone(), source };
        if beside.exists() {
            fs::remove_file(&beside).map_err(failed)?;
        }
        let connection = Connection::open(&beside).map_err(|error| classify(&beside, error))?;
        write_head(&connection, identity).map_err(|error| classify(&beside, error))?;
        connection.close().map_err(|(_, error)| classify(&beside, error))?;
        fs::rename(&beside, &path).map_err(failed)?;
        Self::open(folder)
    }

    /// Opens the store in `folder` and locks it.
    ///
    /// # Errors
    /// [`StoreError`] if there is none, if it is not ours, of another format, damaged, or in use.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(STORE_FILE);
        if !path.exists() {
            return Err(StoreError::Absent { path: folder.to_owned() });
        }
        let flags =
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        // `NOFOLLOW` heeds every part of the path: only the file itself may not be a link.
        let real = fs::canonicalize(folder).map_err(|source| StoreError::Folder { path: folder.to_owned(), source })?;
        check_start(&path)?;
        let failed = |error| classify(&path, error);
        let connection = Connection::open_with_flags(real.join(STORE_FILE), flags).map_err(failed)?;
        prepare(&connection).map_err(failed)?;
        let identity = read_head(&connection).map_err(|damage| damaged(&path, damage))?;
        Ok(Store { connection, path, identity, open: false })
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
        self.connection.query_row("SELECT count(*) FROM (SELECT 1 FROM chunk LIMIT 1)", [], |row| row.get(0)) == Ok(0)
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
        self.each(0..ROW_END, &mut |row| {
            let (cell, index) = (row.cell(), row.index());
            let planned = usize::try_from(cell).ok().and_then(|cell| chunks.number(cell, index)).and_then(|number| {
                let chunk = chunks.get(number)?;
                Some((number, chunk.paths.end - chunk.paths.start))
            });
            match planned {
                Some((number, paths)) if row.paths == paths => done.insert(number),
                // The end of a cell that was extended since: it is run anew with the others of its chunk.
                Some((_, paths)) if row.paths < paths => {}
                _ => return Err(damaged(&self.path, Damage::Stray { cell, path: index * CHUNK })),
            }
            Ok::<_, StoreError>(true)
        })?;
        Ok(done)
    }

    /// Adds chunks; they are safe once [`Store::commit`] has returned.
    ///
    /// # Errors
    /// [`StoreError`] if they cannot be written. What was not committed is then lost.
    pub fn put(&mut self, chunks: &[PackedChunk<'_>]) -> Result<(), StoreError> {
        let written = self.begin().and_then(|()| {
            let mut put = self.connection.prepare_cached(PUT)?;
            chunks.iter().try_for_each(|row| {
                let PackedChunk { id, paths, events, checksum, outcomes } = row;
                put.execute((*id as i64, *paths as i64, *events as i64, checksum, &**outcomes)).map(|_| ())
            })
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
        // On many errors SQLite has done so itself.
        let _ = self.connection.execute_batch("ROLLBACK");
        classify(&self.path, error)
    }

    /// Makes what was put in safe against a kill at any moment.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written, or if the file is gone.
    pub fn commit(&mut self) -> Result<(), StoreError> {
        if self.open {
            // A file that was deleted can still be written to, and everything would be lost in the end.
            if !self.path.exists() {
                return Err(StoreError::Vanished { path: self.path.clone() });
            }
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
        self.each(row_id(cell, 0)..row_id(cell + 1, 0), &mut |row| {
            row.unpack(dim, &mut chunk).map_err(|damage| damaged(&self.path, damage))?;
            visit(&chunk)
        })
    }

    /// Copies every chunk of the parts of a run into this store, in order; `copied` is told after each.
    ///
    /// # Errors
    /// [`StoreError`] if a part cannot be read or this store not be written.
    pub fn gather(&mut self, parts: &[Store], copied: &mut dyn FnMut()) -> Result<(), StoreError> {
        let mut pages: Vec<Page<'_>> = parts.iter().map(Page::of).collect::<Result<_, _>>()?;
        let mut held = 0u64;
        while let Some(page) = pages.iter_mut().filter(|p| !p.rows.is_empty()).min_by_key(|p| p.rows[0].id) {
            let Some(row) = page.next()? else { break };
            self.put(&[row])?;
            held += 1;
            if held.is_multiple_of(COMMIT_EVERY) {
                self.commit()?;
            }
            copied();
        }
        self.commit()
    }

    /// Begins the account of a session and returns its number.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub fn begin_session(&mut self, session: &Session) -> Result<i64, StoreError> {
        let account = serde_json::to_string(session).unwrap_or_default();
        let written = self.connection.execute("INSERT INTO session (account) VALUES (?)", [account]);
        written.map_err(|error| classify(&self.path, error))?;
        Ok(self.connection.last_insert_rowid())
    }

    /// Replaces the account of a session; it is safe with the next commit.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub fn tell_session(&mut self, number: i64, session: &Session) -> Result<(), StoreError> {
        let account = serde_json::to_string(session).unwrap_or_default();
        let written =
            self.connection.execute("UPDATE session SET account = ? WHERE number = ?", (account, number)).map(|_| ());
        written.map_err(|error| self.roll_back(error))
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

    /// The rows of `ids` in order, until `visit` returns `false`.
    fn each<E: From<StoreError>>(
        &self,
        ids: Range<u64>,
        visit: &mut dyn FnMut(PackedChunk<'_>) -> Result<bool, E>,
    ) -> Result<(), E> {
        let failed = |error| E::from(classify(&self.path, error));
        let mut statement = self.connection.prepare_cached(ROWS).map_err(failed)?;
        let mut rows = statement.query((ids.start as i64, ids.end as i64)).map_err(failed)?;
        let mut last = ids.start.checked_sub(1);
        while let Some(row) = rows.next().map_err(failed)? {
            let chunk = PackedChunk::read(row, last).map_err(|damage| E::from(damaged(&self.path, damage)))?;
            last = Some(chunk.id);
            if !visit(chunk)? {
                break;
            }
        }
        Ok(())
    }
}

/// Chunks between two commits of a merge.
const COMMIT_EVERY: u64 = 20_000;

/// The next few rows of a part.
struct Page<'s> {
    store: &'s Store,
    rows: VecDeque<PackedChunk<'static>>,
}

impl<'s> Page<'s> {
    const ROWS: usize = 16;

    fn of(store: &'s Store) -> Result<Self, StoreError> {
        let mut page = Page { store, rows: VecDeque::new() };
        page.fill(0)?;
        Ok(page)
    }

    fn fill(&mut self, from: u64) -> Result<(), StoreError> {
        let rows = &mut self.rows;
        self.store.each(from..ROW_END, &mut |row| {
            rows.push_back(row.into_owned());
            Ok(rows.len() < Self::ROWS)
        })
    }

    fn next(&mut self) -> Result<Option<PackedChunk<'static>>, StoreError> {
        let Some(row) = self.rows.pop_front() else { return Ok(None) };
        if self.rows.is_empty() {
            self.fill(row.id + 1)?;
        }
        Ok(Some(row))
    }
}

fn write_head(connection: &Connection, identity: &Identity) -> rusqlite::Result<()> {
    connection.pragma_update(None, "page_size", PAGE)?;
    connection.execute_batch("BEGIN")?;
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "user_version", FORMAT)?;
    for (_, table) in TABLES {
        connection.execute_batch(table)?;
    }
    let Identity { version, seed, fingerprint, paths, shard, text, calibrations } = identity;
    let mut entries = vec![
        ("version", version.clone()),
        ("seed", seed.to_string()),
        ("fingerprint", fingerprint.clone()),
        ("paths", paths.to_string()),
        ("shard", format!("{}/{}", shard.index(), shard.count())),
        ("experiment", text.clone()),
    ];
    if !calibrations.is_empty() {
        entries.push(("calibrations", serde_json::to_string(calibrations).unwrap_or_default()));
    }
    for entry in entries {
        connection.execute("INSERT INTO entry VALUES (?, ?)", entry)?;
    }
    connection.execute_batch("COMMIT")
}

/// Checks the first bytes of the file before SQLite sees them: some it would believe, and some it would mend.
fn check_start(path: &Path) -> Result<(), StoreError> {
    let mut start = [0; 100];
    let path = path.to_owned();
    match File::open(&path).and_then(|mut file| file.read_exact(&mut start)) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Err(StoreError::Foreign { path }),
        Err(source) => return Err(StoreError::Folder { path, source }),
        Ok(()) => {}
    }
    let number = |at: usize| start[at..at + 4].iter().fold(0u32, |number, byte| number << 8 | u32::from(*byte)) as i32;
    if !start.starts_with(b"SQLite format 3\0") || number(68) != APPLICATION {
        return Err(StoreError::Foreign { path });
    }
    let format = number(60);
    if format != FORMAT {
        return Err(StoreError::Format { path, found: format });
    }
    // Size of a page, a rollback journal and no log, nothing reserved, the fractions of a page; no vacuum, UTF-8.
    let as_made = start[16..24] == [0, 1, 1, 1, 0, 64, 32, 32] && [number(52), number(56), number(64)] == [0, 1, 0];
    // The number of pages, unless a transaction was broken off: then SQLite goes back to what was committed.
    let length = fs::metadata(&path).map_or(0, |file| file.len());
    let committed = number(24) == number(92) && i64::from(number(28)) * i64::from(PAGE) == length as i64;
    let broken_off = path.with_file_name(format!("{STORE_FILE}-journal")).exists();
    if as_made && (committed || broken_off) { Ok(()) } else { Err(StoreError::Damaged { path, damage: Damage::Start }) }
}

/// Limits and locks, before anything of the file is believed.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "cache_size", -CACHE)?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    // Where only reading is allowed nobody else can write either.
    if !connection.is_readonly("main")? {
        connection.execute_batch("BEGIN EXCLUSIVE; COMMIT")?;
    }
    Ok(())
}

fn read_head(connection: &Connection) -> Result<Identity, Damage> {
    let mut statement = connection.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY rowid LIMIT 4")?;
    let table = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let tables = statement.query_map([], table)?.collect::<rusqlite::Result<Vec<(String, String, String)>>>()?;
    let expected = TABLES.map(|(name, sql)| ("table".to_string(), name.to_string(), sql.to_string()));
    if tables != expected {
        return Err(Damage::Tables);
    }
    let entry = |key: &'static str| -> Result<Option<String>, Damage> {
        let read = connection.query_row("SELECT value FROM entry WHERE key = ?", [key], |row| row.get(0));
        read.optional().map_err(|error| match error {
            rusqlite::Error::SqliteFailure(..) => Damage::Database(error),
            _ => Damage::Entry { key },
        })
    };
    let text = |key| entry(key)?.ok_or(Damage::Entry { key });
    let number = |key| text(key)?.parse().map_err(|_| Damage::Entry { key });
    let shard = text("shard")?;
    let shard = shard.split_once('/').and_then(|(i, n)| Shard::new(i.parse().ok()?, n.parse().ok()?));
    let calibrations = match entry("calibrations")? {
        Some(listed) => serde_json::from_str(&listed).map_err(|_| Damage::Entry { key: "calibrations" })?,
        None => BTreeMap::new(),
    };
    Ok(Identity {
        version: text("version")?,
        seed: number("seed")?,
        fingerprint: text("fingerprint")?,
        paths: number("paths")
            .ok()
            .filter(|n| (1..=Experiment::MOST_PATHS).contains(n))
            .ok_or(Damage::Entry { key: "paths" })?,
        shard: shard.ok_or(Damage::Entry { key: "shard" })?,
        text: text("experiment")?,
        calibrations,
    })
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
