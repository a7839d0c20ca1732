import FoundationEssentials
import RelayCore
import RelayStore
import SQLite
import SSHKeys
import Support
import TestFolders
import Testing

/// Stores that earlier versions of the program wrote.
@Suite struct MigrationTests {
    @Test func aStoreOfVersionOneIsUpgradedWithAllThatIsInIt() async throws {
        let folder = TemporaryFolder()
        do {
            let old = try Database(path: folder.store, .new)
            try old.execute("PRAGMA foreign_keys = OFF")
            try old.execute(Self.versionOne)
            try old.execute("PRAGMA user_version = 1; PRAGMA application_id = 1414287948")
        }
        let ledger = try folder.open()
        let registry = try await ledger.registry()
        let shop = try #require(try registry.terminal(named: terminal("shop-42")))
        let attic = try #require(try registry.terminal(named: terminal("attic")))
        let alice = try #require(try registry.staff(named: staff("alice")))
        #expect((shop.listeningPort.rawValue, shop.isEnabled, shop.key != nil) == (20000, true, true))
        #expect((attic.listeningPort.rawValue, attic.isEnabled, attic.key != nil) == (20001, false, false))
        #expect(alice.keys.map(\.comment) == ["alice@laptop"])
        #expect(try registry.grant(alice.id, shop.id)?.until == WallTime(parsing: "2040-01-01"))
        #expect(registry.grant(alice.id, attic.id) == Grant(.staff(alice.id), .terminal(attic.id), until: nil))
        #expect((shop.tags, shop.organisation, shop.notes) == ([], "", ""))
        #expect(registry.requests.isEmpty && registry.groups.isEmpty && registry.announcement(at: moment(0)) == nil)
        guard case .intact(let entries, _) = try await ledger.verifyAudit() else {
            Issue.record("the audit log was whole before")
            return
        }
        #expect(entries == 7)
        // It works on, also with what is new.
        _ = try await ledger.perform(.setTag(shop.name, TerminalTag(parsing: "berlin"), true), by: .local("root"), at: moment(1))
        let next = try await ledger.perform(.addTerminal(terminal("new"), nil, key: nil), by: .local("root"), at: moment(1)).registry
        #expect(try #require(next.terminal(named: terminal("new"))).id > attic.id)
        #expect(try await ledger.verifyAudit().isIntact)
    }

    /// What the program of schema version 1 (commit 3ed2fd1) left, written out as SQL by Python's `iterdump`.
    private static let versionOne = """
        BEGIN TRANSACTION;
        CREATE TABLE access_grant (
            staff    INTEGER NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
            terminal INTEGER NOT NULL REFERENCES terminal (id) ON DELETE CASCADE,
            until    INTEGER,
            PRIMARY KEY (staff, terminal)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO "access_grant" VALUES(1,1,2208988800);
        INSERT INTO "access_grant" VALUES(1,2,NULL);
        CREATE TABLE audit (
            number  INTEGER PRIMARY KEY,
            at      INTEGER NOT NULL,
            actor   TEXT NOT NULL,
            action  TEXT NOT NULL,
            subject TEXT NOT NULL,
            detail  TEXT NOT NULL,
            digest  BLOB NOT NULL CHECK (length(digest) = 32)
        ) STRICT;
        INSERT INTO "audit" VALUES(1,1795769351,'local:root','init','relay.example.com','',X'59EAC319076F1629AA69C2C6E9BE3162FE12F88FC9EA6E27AFAE660EE0FDC30C');
        INSERT INTO "audit" VALUES(2,1795769352,'local:root','terminal.add','shop-42','listening port 20000, key SHA256:dt6V7uMwVvvBXcTc+Bceequ9eCTMVUnUGoG9f1c5MYw',X'2388B7348E27E8257E6DB8FD343BAA42979927431F2E4DB5907BF522BFD11621');
        INSERT INTO "audit" VALUES(3,1795769352,'local:root','terminal.add','attic','listening port 20001',X'DE640AE7577F3B115DEA823C4874260277CFE9359C84667B9A6FA92A232B8567');
        INSERT INTO "audit" VALUES(4,1795769352,'local:root','staff.add','alice','role support, key SHA256:y1PSDCvnQryJiyRBmAlUgxZoLPjxSkoa9YjbTF8RvsU',X'431413C272A00F308E535A2634E446F10F1769A70084FB155769B0CF819CF7CF');
        INSERT INTO "audit" VALUES(5,1795769352,'local:root','grant','alice','terminal shop-42, until 2040-01-01T00:00:00Z',X'EE6F644B14E6A00D567DE1E895DE0EEAEC00BC044A369952154045CD9C192B54');
        INSERT INTO "audit" VALUES(6,1795769352,'local:root','grant','alice','terminal attic',X'F30AD3CC03BAB104D104267C70DE4A6653F41AD41108C442F704CFD882D539D2');
        INSERT INTO "audit" VALUES(7,1795769352,'local:root','terminal.disable','attic','',X'CACE465DCB054D5C3EC235016A552B5027CDF3A174A651EB260341DCCE78FC05');
        CREATE TABLE audit_head (
            id     INTEGER PRIMARY KEY CHECK (id = 1),
            number INTEGER NOT NULL,
            digest BLOB NOT NULL
        ) STRICT;
        INSERT INTO "audit_head" VALUES(1,7,X'CACE465DCB054D5C3EC235016A552B5027CDF3A174A651EB260341DCCE78FC05');
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
        CREATE TABLE public_key (
            blob     BLOB PRIMARY KEY,
            terminal INTEGER UNIQUE REFERENCES terminal (id) ON DELETE CASCADE,
            staff    INTEGER REFERENCES staff (id) ON DELETE CASCADE,
            comment  TEXT NOT NULL DEFAULT '',
            CHECK ((terminal IS NULL) <> (staff IS NULL))
        ) STRICT;
        INSERT INTO "public_key" VALUES(X'0000000B7373682D6564323535313900000020FB156C2D169AA38FC5C40DF4356320A7B5AA4707F972CCF54465C4189182A831',1,NULL,'');
        INSERT INTO "public_key" VALUES(X'0000000B7373682D65643235353139000000209F98C0C8E2D78A8D431B7A0FC8165883BAA0A6AF5EAC0629E316BAAEC94443C8',NULL,1,'alice@laptop');
        CREATE TABLE run (
            id       INTEGER PRIMARY KEY AUTOINCREMENT,
            began_at INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE setting (
            name  TEXT PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        INSERT INTO "setting" VALUES('hostname','relay.example.com');
        CREATE TABLE staff (
            id         INTEGER PRIMARY KEY AUTOINCREMENT,
            name       TEXT NOT NULL UNIQUE,
            role       TEXT NOT NULL CHECK (role IN ('support', 'admin')),
            is_enabled INTEGER NOT NULL DEFAULT 1 CHECK (is_enabled IN (0, 1)),
            added_at   INTEGER NOT NULL
        ) STRICT;
        INSERT INTO "staff" VALUES(1,'alice','support',1,1795769352);
        CREATE TABLE terminal (
            id             INTEGER PRIMARY KEY AUTOINCREMENT,
            name           TEXT NOT NULL UNIQUE,
            listening_port INTEGER NOT NULL UNIQUE CHECK (listening_port BETWEEN 1024 AND 65535),
            is_enabled     INTEGER NOT NULL DEFAULT 1 CHECK (is_enabled IN (0, 1)),
            added_at       INTEGER NOT NULL,
            last_seen      INTEGER
        ) STRICT;
        INSERT INTO "terminal" VALUES(1,'shop-42',20000,1,1795769352,NULL);
        INSERT INTO "terminal" VALUES(2,'attic',20001,0,1795769352,NULL);
        CREATE INDEX public_key_of_staff ON public_key (staff);
        CREATE INDEX access_grant_of_terminal ON access_grant (terminal);
        CREATE INDEX bridge_open ON bridge (closed_at) WHERE closed_at IS NULL;
        CREATE TRIGGER audit_is_append_only_update BEFORE UPDATE ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
        CREATE TRIGGER audit_is_append_only_delete BEFORE DELETE ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
        DELETE FROM "sqlite_sequence";
        INSERT INTO "sqlite_sequence" VALUES('terminal',2);
        INSERT INTO "sqlite_sequence" VALUES('staff',1);
        COMMIT;
        """
}
