"""The file below the store: opened, brought up to date, and changed in transactions whose failures are told clearly."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from cutkit.batch.schema import APPLICATION_ID, MIGRATIONS
from cutkit.errors import InputError, MachineError

BUSY_S = 60.0
"""How long a change waits for those of other processes."""


class Database:
    """A SQLite file of cutkit's batches that is open."""

    def __init__(self, path: str | Path, *, create: bool = True) -> None:
        """Open a store; a new one is made where there is none, and an older one brought up to date.

        InputError where the file is none of cutkit's stores, was made by a newer cutkit, or is missing and ``create``
        is false; MachineError where the disk or its rights fail.
        """
        self.path = str(path)
        if not create and not os.path.exists(self.path):
            raise InputError("no such store", where=self.path, hint="`cutkit batch run JOBS` makes one; see --store.")
        with self._told():
            self._db = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA foreign_keys = ON")
            self._migrate()
            self._write_ahead()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """SQLite's errors as errors of cutkit's."""
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise  # a fault of cutkit itself, not of the disk
        except sqlite3.DatabaseError as error:
            text = str(error)
            if "not a database" in text:
                raise InputError("this is not a store of cutkit's", where=self.path, hint="See --store.") from error
            if "malformed" in text:
                raise InputError(f"the store is damaged: {text}", where=self.path) from error
            hint = "Nothing of the store is lost: free the disk or its rights, and run the batch again."
            raise MachineError(f"the store cannot be used: {text}", where=self.path, hint=hint) from error

    @contextmanager
    def _change(self) -> Iterator[None]:
        """A transaction that holds the store for itself; whatever is raised within undoes it all."""
        with self._told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Several questions answered as of one moment, whatever others write meanwhile."""
        with self._told():
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                self._db.execute("COMMIT")

    def _migrate(self) -> None:
        """Bring the tables up to date, in one transaction; another process may be doing the same."""
        if self._version() == len(MIGRATIONS):
            self._refuse_foreign()
            return
        with self._change():
            version = self._version()
            self._refuse_foreign()
            if version > len(MIGRATIONS):
                hint = "Update cutkit, or give another --store."
                raise InputError(f"the store is of a newer cutkit (schema {version})", where=self.path, hint=hint)
            for statements in MIGRATIONS[version:]:
                for statement in statements:
                    self._db.execute(statement)
            self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self._db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def _write_ahead(self) -> None:
        """Turn the write-ahead log on. SQLite does not wait by itself where another process is opening the file."""
        end = time.monotonic() + BUSY_S
        while self._db.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    def _refuse_foreign(self) -> None:
        empty = self._db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0] == 0
        ours = self._db.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
        if not (empty or ours):
            raise InputError("this database is not a store of cutkit's", where=self.path, hint="See --store.")
