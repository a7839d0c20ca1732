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
                """),
        Migration(
            version: 2,
            sql: """
                ALTER TABLE terminal ADD COLUMN organisation TEXT NOT NULL DEFAULT '';
                ALTER TABLE terminal ADD COLUMN notes TEXT NOT NULL DEFAULT '';
                ALTER TABLE public_key ADD COLUMN last_used INTEGER;

                CREATE TABLE terminal_tag (
                    terminal INTEGER NOT NULL REFERENCES terminal (id) ON DELETE CASCADE,
                    tag      TEXT NOT NULL,
                    PRIMARY KEY (terminal, tag)
                ) STRICT, WITHOUT ROWID;

                CREATE TABLE staff_group (
                    id   INTEGER PRIMARY KEY AUTOINCREMENT,
                    name TEXT NOT NULL UNIQUE
                ) STRICT;
                CREATE TABLE group_member (
                    staff_group INTEGER NOT NULL REFERENCES staff_group (id) ON DELETE CASCADE,
                    staff       INTEGER NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
                    PRIMARY KEY (staff_group, staff)
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX group_member_of_staff ON group_member (staff);

                -- Staff or a group may reach a terminal or all that have a tag.
                CREATE TABLE reach (
                    id          INTEGER PRIMARY KEY,
                    staff       INTEGER REFERENCES staff (id) ON DELETE CASCADE,
                    staff_group INTEGER REFERENCES staff_group (id) ON DELETE CASCADE,
                    terminal    INTEGER REFERENCES terminal (id) ON DELETE CASCADE,
                    tag         TEXT,
                    until       INTEGER,
                    CHECK ((staff IS NULL) <> (staff_group IS NULL)),
                    CHECK ((terminal IS NULL) <> (tag IS NULL))
                ) STRICT;
                CREATE UNIQUE INDEX reach_once
                    ON reach (ifnull(staff, 0), ifnull(staff_group, 0), ifnull(terminal, 0), ifnull(tag, ''));
                CREATE INDEX reach_of_staff ON reach (staff);
                CREATE INDEX reach_of_group ON reach (staff_group);
                CREATE INDEX reach_of_terminal ON reach (terminal);
                INSERT INTO reach (staff, terminal, until) SELECT staff, terminal, until FROM access_grant;
                DROP TABLE access_grant;

                -- A code is used once: whoever changes state from 'open' has it.
                CREATE TABLE request (
                    id               INTEGER PRIMARY KEY AUTOINCREMENT,
                    terminal         INTEGER NOT NULL REFERENCES terminal (id) ON DELETE CASCADE,
                    staff            INTEGER REFERENCES staff (id) ON DELETE SET NULL,
                    requested_by     TEXT NOT NULL,
                    login            TEXT NOT NULL,
                    purpose          TEXT NOT NULL,
                    code_digest      BLOB NOT NULL UNIQUE CHECK (length(code_digest) = 32),
                    created_at       INTEGER NOT NULL,
                    expires_at       INTEGER NOT NULL,
                    approves_itself  INTEGER NOT NULL CHECK (approves_itself IN (0, 1)),
                    state            TEXT NOT NULL DEFAULT 'open'
                                     CHECK (state IN ('open', 'waiting', 'approved', 'cancelled', 'expired')),
                    key              BLOB,
                    key_source       TEXT,
                    key_at           INTEGER,
                    CHECK (state <> 'waiting' OR (key IS NOT NULL AND key_source IS NOT NULL AND key_at IS NOT NULL))
                ) STRICT;
                CREATE UNIQUE INDEX request_of_terminal ON request (terminal) WHERE state IN ('open', 'waiting');
                CREATE UNIQUE INDEX request_with_key ON request (key) WHERE state = 'waiting';
                CREATE INDEX request_of_staff ON request (staff);

                -- What a terminal last said about itself.
                CREATE TABLE report (
                    terminal    INTEGER PRIMARY KEY REFERENCES terminal (id) ON DELETE CASCADE,
                    software    TEXT NOT NULL,
                    login_users TEXT NOT NULL,
                    reported_at INTEGER NOT NULL
                ) STRICT;
                CREATE TABLE host_key (
                    terminal    INTEGER NOT NULL REFERENCES terminal (id) ON DELETE CASCADE,
                    is_accepted INTEGER NOT NULL CHECK (is_accepted IN (0, 1)),
                    place       INTEGER NOT NULL,
                    blob        BLOB NOT NULL,
                    PRIMARY KEY (terminal, is_accepted, place)
                ) STRICT, WITHOUT ROWID;

                CREATE TABLE announcement (
                    id    INTEGER PRIMARY KEY CHECK (id = 1),
                    text  TEXT NOT NULL,
                    until INTEGER
                ) STRICT;
                CREATE INDEX audit_by_time ON audit (at);
                """),
        Migration(version: 3, sql: "ALTER TABLE terminal ADD COLUMN support_since INTEGER"),
        Migration(
            version: 4,
            sql: """
                -- When a terminal held its tunnel. Numbers count up for each terminal, so that its oldest rows are found without counting.
                CREATE TABLE online_period (
                    terminal   INTEGER NOT NULL REFERENCES terminal (id) ON DELETE CASCADE,
                    number     INTEGER NOT NULL,
                    began_at   INTEGER NOT NULL,
                    source     TEXT NOT NULL,
                    client     TEXT NOT NULL,
                    reconnects INTEGER NOT NULL DEFAULT 0,
                    ended_at   INTEGER,
                    last_heard INTEGER,
                    reason     TEXT,
                    PRIMARY KEY (terminal, number),
                    CHECK ((ended_at IS NULL) = (reason IS NULL)),
                    CHECK ((ended_at IS NULL) = (last_heard IS NULL))
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX online_period_by_end ON online_period (ended_at);
                CREATE INDEX bridge_of_terminal ON bridge (terminal, opened_at);
                """),
        Migration(
            version: 5,
            sql: """
                -- What whoever watches the relay is told; the oldest are dropped. The terminal may be gone: its name is that of the time.
                CREATE TABLE occurrence (
                    number        INTEGER PRIMARY KEY,
                    at            INTEGER NOT NULL,
                    kind          TEXT NOT NULL,
                    terminal      INTEGER NOT NULL,
                    name          TEXT NOT NULL,
                    source        TEXT,
                    other_source  TEXT,
                    client        TEXT,
                    reason        TEXT,
                    key           TEXT,
                    staff         TEXT,
                    session       TEXT,
                    seconds       INTEGER,
                    to_terminal   INTEGER,
                    from_terminal INTEGER
                ) STRICT;

                -- The last occurrence that a receiver took, by the SHA-256 of its URL, which may hold a secret.
                CREATE TABLE webhook (
                    endpoint  TEXT PRIMARY KEY,
                    delivered INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID;
                """),
        // The fingerprint of the relay's host key that whoever holds this key was told of last; from when on a key of staff opens nothing.
        Migration(
            version: 6, sql: "ALTER TABLE public_key ADD COLUMN relay_key TEXT; ALTER TABLE public_key ADD COLUMN until INTEGER"),
    ]
}
