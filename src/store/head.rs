//! The head of a store: file header, settings of the connection, tables, and the identity of the run.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OptionalExtension, Row};

use super::FORMAT;
use super::error::{Damage, StoreError};
use super::identity::Identity;
use crate::engine::Shard;
use crate::experiment::Experiment;

/// Name of the store in a results folder.
pub const STORE_FILE: &str = "run.sqlite";

/// "LEVY": distinguishes stores from other databases.
const APPLICATION: i32 = 0x4c45_5659;
/// The largest size that SQLite has: few large writes cost less than many small ones. A chunk takes about 2.8 kB, and rows of the engine's
/// [batch sizes](crate::engine::SIZES) fill the pages almost completely.
const PAGE: i32 = 65_536;
/// Size of the page cache in kilobytes: small, so that pages are still in the processor's cache when they are written.
const CACHE: i32 = 192;
/// Longest value that is read: larger than the text of any experiment and any row.
const LONGEST: i32 = 16 << 20;
/// Lock timeout, for a process that reads a store briefly, such as `report`.
const LOCK_TIMEOUT: Duration = Duration::from_millis(500);

/// The tables, with the exact text in the file. A file with other tables, triggers or views is refused.
const TABLES: [(&str, &str); 3] = [
    ("entry", "CREATE TABLE entry (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"),
    ("session", "CREATE TABLE session (number INTEGER PRIMARY KEY, account TEXT NOT NULL)"),
    ("batch", "CREATE TABLE batch (first INTEGER PRIMARY KEY, chunks INTEGER NOT NULL, outcomes BLOB NOT NULL)"),
];

pub(super) fn write_head(connection: &Connection, identity: &Identity) -> rusqlite::Result<()> {
    connection.pragma_update(None, "page_size", PAGE)?;
    connection.execute_batch("BEGIN")?;
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "user_version", FORMAT)?;
    for (_, table) in TABLES {
        connection.execute_batch(table)?;
    }
    let Identity { version, seed, fingerprint, paths, shard, text, calibrations, streams } = identity;
    let mut entries = vec![
        ("identity", Experiment::IDENTITY_VERSION.to_string()),
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
    if !streams.is_empty() {
        entries.push(("streams", serde_json::to_string(streams).unwrap_or_default()));
    }
    for entry in entries {
        connection.execute("INSERT INTO entry VALUES (?, ?)", entry)?;
    }
    connection.execute_batch("COMMIT")
}

/// Checks the file header before SQLite reads it: SQLite would trust some wrong values and repair others.
pub(super) fn check_start(path: &Path) -> Result<(), StoreError> {
    let mut start = [0; 100];
    let path = path.to_owned();
    match File::open(&path).and_then(|mut file| file.read_exact(&mut start)) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Err(StoreError::Foreign { path }),
        Err(source) => return Err(StoreError::Unreadable { path, source }),
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
    // Page size, rollback journal, no reserved bytes, payload fractions; no vacuum, UTF-8.
    let as_created = start[16..24] == [0, 1, 1, 1, 0, 64, 32, 32] && [number(52), number(56), number(64)] == [0, 1, 0];
    // The number of pages, unless a transaction was interrupted, which SQLite then rolls back.
    let length = fs::metadata(&path).map_or(0, |file| file.len());
    let committed = number(24) == number(92) && i64::from(number(28)) * i64::from(PAGE) == length as i64;
    let journal = path.with_file_name(format!("{STORE_FILE}-journal")).symlink_metadata();
    if journal.as_ref().is_ok_and(|journal| !journal.is_file()) {
        return Err(StoreError::Foreign { path });
    }
    let interrupted = journal.is_ok();
    if as_created && (committed || interrupted) {
        Ok(())
    } else {
        Err(StoreError::Damaged { path, damage: Damage::Start })
    }
}

/// Sets the limits and takes the lock, before any content of the file is used.
pub(super) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "cache_size", -CACHE)?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.busy_timeout(LOCK_TIMEOUT)?;
    // A read-only store cannot be locked. Its owner has to make sure that nobody writes to it.
    if !connection.is_readonly("main")? {
        // The lock is taken first and then kept: in this order two processes cannot wait for each other.
        connection.execute_batch("BEGIN EXCLUSIVE")?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.execute_batch("COMMIT")?;
    }
    Ok(())
}

/// Version of the identity, 0 for a store from before it had one.
pub(super) fn read_identity_version(connection: &Connection) -> Result<u32, Damage> {
    match entry(connection, "identity")? {
        Some(version) => version.parse().map_err(|_| Damage::Entry { key: "identity" }),
        None => Ok(0),
    }
}

pub(super) fn check_tables(connection: &Connection) -> Result<(), Damage> {
    let mut statement = connection.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY rowid LIMIT 4")?;
    let table = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let tables = statement.query_map([], table)?.collect::<rusqlite::Result<Vec<(String, String, String)>>>()?;
    let expected = TABLES.map(|(name, sql)| ("table".to_string(), name.to_string(), sql.to_string()));
    if tables == expected { Ok(()) } else { Err(Damage::Tables) }
}

fn entry(connection: &Connection, key: &'static str) -> Result<Option<String>, Damage> {
    let read = connection.query_row("SELECT value FROM entry WHERE key = ?", [key], |row| row.get(0));
    read.optional().map_err(|error| match error {
        rusqlite::Error::SqliteFailure(..) => Damage::Database(error),
        _ => Damage::Entry { key },
    })
}

pub(super) fn read_identity(connection: &Connection) -> Result<Identity, Damage> {
    let text = |key| entry(connection, key)?.ok_or(Damage::Entry { key });
    let number = |key| text(key)?.parse().map_err(|_| Damage::Entry { key });
    let shard = text("shard")?;
    let shard = shard.split_once('/').and_then(|(i, n)| Shard::new(i.parse().ok()?, n.parse().ok()?));
    let calibrations = match entry(connection, "calibrations")? {
        Some(listed) => serde_json::from_str(&listed).map_err(|_| Damage::Entry { key: "calibrations" })?,
        None => BTreeMap::new(),
    };
    let streams = match entry(connection, "streams")? {
        Some(listed) => serde_json::from_str(&listed).map_err(|_| Damage::Entry { key: "streams" })?,
        None => Vec::new(),
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
        streams,
    })
}
