"""Files of a job, written whole beside their places and put there when the store says so."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

from cutkit.batch.perform import Nested
from cutkit.batch.store import Claim
from cutkit.errors import MachineError
from cutkit.formats.files import Staged, refuse_to_replace, stage


def stage_files(claim: Claim, nested: Sequence[Nested], store: str) -> list[Staged]:
    """Every file of some results, whole and flushed, beside its place; folders are made where they are missing.

    What an earlier holder of the job left there when it was killed is swept away. MachineError (exit 6) where a folder
    is missing, read-only or full, and then nothing of it is left.
    """
    sources = [known.path for known in claim.inputs]
    staged: list[Staged] = []
    mark = f"cutkit-{hashlib.sha256(os.path.realpath(store).encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
    try:
        for output in (file for one in nested for file in one.files):
            refuse_to_replace(output.path, sources)
            _make_folder(output.path)
            _sweep(output.path, f"{mark}-{claim.id}", claim.token)
            staged.append(stage(output.path, output.data, tag=f"{mark}-{claim.id}-{claim.token}-"))
    except BaseException:
        for file in staged:
            file.discard()
        raise
    return staged


def _make_folder(path: str) -> None:
    folder = os.path.dirname(os.path.realpath(path))
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise MachineError(f"the folder cannot be made: {error.strerror}", where=folder) from error


def _sweep(path: str, mark: str, token: int) -> None:
    """Remove what holders before ``token`` left beside ``path``; never what a later one is about to publish."""
    target = Path(os.path.realpath(path))
    left = re.compile(re.escape(f".{target.name}.{mark}-") + r"(\d+)-.*\.part")
    try:
        names = os.listdir(target.parent)
    except OSError:
        return
    for name in names:
        found = left.fullmatch(name)
        if found and int(found.group(1)) < token:
            (target.parent / name).unlink(missing_ok=True)
