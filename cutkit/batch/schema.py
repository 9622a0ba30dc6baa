"""The tables of the store, and how an older store becomes one of today.

A migration is a list of statements that leads from one version to the next; one that was released is never edited.
"""

from __future__ import annotations

APPLICATION_ID = 0x43555442
"""What marks a SQLite file as a store of cutkit's batches ("CUTB")."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE jobs (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            source TEXT NOT NULL,              -- the file that the job is from
            spec TEXT NOT NULL,                -- the job itself, as JSON
            key TEXT NOT NULL,                 -- hash of settings, inputs and cutkit's version
            cutkit TEXT NOT NULL,
            materials TEXT NOT NULL,           -- JSON: the material of each marker
            wishes_s TEXT NOT NULL,            -- JSON: the search time of each marker
            due_at REAL,
            priority INTEGER NOT NULL DEFAULT 0,
            state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
            attempts INTEGER NOT NULL DEFAULT 0,
            deaths INTEGER NOT NULL DEFAULT 0, -- workers that died on it
            queued_at REAL NOT NULL,
            started_at REAL,
            ended_at REAL,
            exit_code INTEGER,
            message TEXT NOT NULL DEFAULT '',
            owner TEXT,                        -- the runner that holds it, while it is running
            token INTEGER NOT NULL DEFAULT 0,  -- counts the holders: an earlier one's result is refused
            lease_until REAL,
            CHECK ((state = 'running') = (owner IS NOT NULL))
        )""",
        "CREATE INDEX jobs_by_state ON jobs (state, due_at, priority)",
        """CREATE TABLE inputs (
            job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            path TEXT NOT NULL,
            role TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            owner TEXT NOT NULL DEFAULT ''     -- the pattern that a rule table was found beside
        )""",
        "CREATE INDEX inputs_by_job ON inputs (job)",
        """CREATE TABLE writes (
            path TEXT PRIMARY KEY,             -- what a job may write, whether it has or not
            job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE
        )""",
        "CREATE INDEX writes_by_job ON writes (job)",
        """CREATE TABLE outputs (
            path TEXT PRIMARY KEY,
            job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            marker INTEGER NOT NULL,           -- which of the job's markers it belongs to
            sha256 TEXT NOT NULL,
            bytes INTEGER NOT NULL,
            written_at REAL NOT NULL
        )""",
        "CREATE INDEX outputs_by_job ON outputs (job)",
        """CREATE TABLE markers (
            job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            marker INTEGER NOT NULL,
            material TEXT NOT NULL,
            figures TEXT NOT NULL,             -- JSON, as an entry of `nest --json`
            unplaced TEXT NOT NULL,            -- JSON: what found no place, and why
            spent_s REAL NOT NULL,
            best BLOB,                         -- zlib: the marker, as long as the job is not done
            PRIMARY KEY (job, marker)
        )""",
        """CREATE TABLE attempts (
            id INTEGER PRIMARY KEY,
            job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            token INTEGER NOT NULL,
            owner TEXT NOT NULL,
            began_at REAL NOT NULL,
            ended_at REAL,
            outcome TEXT,
            UNIQUE (job, token)
        )""",
        """CREATE TABLE events (
            id INTEGER PRIMARY KEY,
            job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            at REAL NOT NULL,
            text TEXT NOT NULL
        )""",
        "CREATE INDEX events_by_job ON events (job)",
    ),
)
"""What leads from version n to n + 1, for every n from 0."""
