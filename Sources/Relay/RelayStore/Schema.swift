import SQLite

/// The tables of the relay's store, and how they came to be.
enum Schema {
    /// Marks the file as ours in `PRAGMA application_id`: "TLRL".
    static let applicationID: Int32 = 0x544c_524c

    /// The version that this program reads and writes.
    static let version = Int64(migrations.count)

    /// Steps of the schema; a released one never changes.
    static let migrations = [
        Migration(
            version: 1,
            sql: """
                CREATE TABLE setting (
                    name  TEXT PRIMARY KEY,
                    value TEXT NOT NULL
                ) STRICT, WITHOUT ROWID;

                CREATE TABLE terminal (
                    id             INTEGER PRIMARY KEY AUTOINCREMENT,
                    name           TEXT NOT NULL UNIQUE,
                    listening_port INTEGER NOT NULL UNIQUE CHECK (listening_port BETWEEN 1024 AND 65535),
                    is_enabled     INTEGER NOT NULL DEFAULT 1 CHECK (is_enabled IN (0, 1)),
                    added_at       INTEGER NOT NULL,
                    last_seen      INTEGER
                ) STRICT;

                CREATE TABLE staff (
                    id         INTEGER PRIMARY KEY AUTOINCREMENT,
                    name       TEXT NOT NULL UNIQUE,
                    role       TEXT NOT NULL CHECK (role IN ('support', 'admin')),
                    is_enabled INTEGER NOT NULL DEFAULT 1 CHECK (is_enabled IN (0, 1)),
                    added_at   INTEGER NOT NULL
                ) STRICT;

                -- One row a key, whoever holds it: a key cannot belong to two principals.
                CREATE TABLE public_key (
                    blob     BLOB PRIMARY KEY,
                    terminal INTEGER UNIQUE REFERENCES terminal (id) ON DELETE CASCADE,
                    staff    INTEGER REFERENCES staff (id) ON DELETE CASCADE,
                    comment  TEXT NOT NULL DEFAULT '',
                    CHECK ((terminal IS NULL) <> (staff IS NULL))
                ) STRICT;
                CREATE INDEX public_key_of_staff ON public_key (staff);

                CREATE TABLE access_grant (
                    staff    INTEGER NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
                    terminal INTEGER NOT NULL REFERENCES terminal (id) ON DELETE CASCADE,
                    until    INTEGER,
                    PRIMARY KEY (staff, terminal)
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX access_grant_of_terminal ON access_grant (terminal);

                CREATE TABLE run (
                    id       INTEGER PRIMARY KEY AUTOINCREMENT,
                    began_at INTEGER NOT NULL
                ) STRICT;

                -- Names as they were when the bridge was opened: principals may be removed, what they did stays.
                CREATE TABLE bridge (
                    run                 INTEGER NOT NULL REFERENCES run (id),
                    number              INTEGER NOT NULL,
                    staff               TEXT NOT NULL,
                    terminal            TEXT NOT NULL,
                    key_fingerprint     TEXT NOT NULL,
                    source              TEXT NOT NULL,
                    opened_at           INTEGER NOT NULL,
                    closed_at           INTEGER,
                    reason              TEXT,
                    bytes_to_terminal   INTEGER NOT NULL DEFAULT 0,
                    bytes_from_terminal INTEGER NOT NULL DEFAULT 0,
                    PRIMARY KEY (run, number),
                    CHECK ((closed_at IS NULL) = (reason IS NULL))
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX bridge_open ON bridge (closed_at) WHERE closed_at IS NULL;

                CREATE TABLE audit (
                    number  INTEGER PRIMARY KEY,
                    at      INTEGER NOT NULL,
                    actor   TEXT NOT NULL,
                    action  TEXT NOT NULL,
                    subject TEXT NOT NULL,
                    detail  TEXT NOT NULL,
                    digest  BLOB NOT NULL CHECK (length(digest) = 32)
                ) STRICT;
                CREATE TRIGGER audit_is_append_only_update BEFORE UPDATE ON audit
                    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
                CREATE TRIGGER audit_is_append_only_delete BEFORE DELETE ON audit
                    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

                -- The end of the chain, so that entries cut off at the end are missed.
                CREATE TABLE audit_head (
                    id     INTEGER PRIMARY KEY CHECK (id = 1),
                    number INTEGER NOT NULL,
                    digest BLOB NOT NULL
                ) STRICT;
                INSERT INTO audit_head VALUES (1, 0, zeroblob(32));
                """)
    ]
}
