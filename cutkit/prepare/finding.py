"""The files of a nest that nobody names: the user's and the project's rules, and a fabric by its name.

The user's rules are ``rules.toml`` in the user's configuration folder, or the file that ``CUTKIT_RULES`` names (empty:
none). The project's are ``cutkit.toml`` beside the first pattern, else in the working folder (of a job: its file's
folder) or the next one above it that has one. A fabric by its name is ``NAME.toml`` in the folder ``fabrics`` beside
the project's rules, beside the first pattern, in the working folder, or beside the user's rules.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from cutkit.errors import InputError, UsageError, did_you_mean
from cutkit.formats.fabrics import Said
from cutkit.formats.files import is_toml_path
from cutkit.prepare.layers import layer_files, read_layer
from cutkit.prepare.sources import Role, SourceFile, files_named, of_role, read_source
from cutkit.prepare.wanted import Wanted

RULES_VARIABLE = "CUTKIT_RULES"
USER_NAME, PROJECT_NAME, FABRICS = "rules.toml", "cutkit.toml", "fabrics"


def read_sources(wanted: Wanted) -> tuple[SourceFile, ...]:
    """All files of a nest as they are on disk now; InputError for the first that cannot be read."""
    files = [read_source(path, role) for _, role, path in files_named(wanted)]
    if not has_instance(files):
        files += [read_source(path, role, given=given_of(path)) for role, path in rules_found(wanted)]
        fabric = fabric_path(wanted, files)
        if fabric is not None:
            given = fabric if fabric == wanted.fabric else given_of(fabric)
            files.append(read_source(fabric, "fabric", given=given))
        rolls = rolls_path(files) if wanted.rolls is None else None
        if rolls is not None:
            files.append(read_source(rolls, "rolls", given=given_of(rolls)))
    return tuple(files)


def has_instance(files: Iterable[SourceFile]) -> bool:
    """Whether a strip-packing instance is to be nested: it says all that rules and fabrics say itself."""
    from cutkit.formats.strip_packing import is_strip_packing

    return any(is_strip_packing(file.path, file.data) for file in of_role(files, "pattern"))


def rules_found(wanted: Wanted) -> Iterator[tuple[Role, str]]:
    """The rules files of the user and of the project, where there are any."""
    user = user_rules()
    if user is not None:
        yield "user-rules", str(user)
    project = project_rules(wanted)
    if project is not None:
        yield "project-rules", str(project)


def user_rules() -> Path | None:
    """The user's rules file; InputError where ``CUTKIT_RULES`` names one that is not there."""
    named = os.environ.get(RULES_VARIABLE)
    path = Path(named) if named is not None else _user_folder() / USER_NAME
    if not named and (named is not None or not path.is_file()):
        return None
    if not path.is_file():
        raise InputError("no such file", where=str(path), hint=f"{RULES_VARIABLE} in the environment names it.")
    return path if _says_anything(path) else None


def _user_folder() -> Path:
    """Where the user's own rules and fabrics are."""
    import platformdirs

    named = os.environ.get(RULES_VARIABLE)
    return Path(named).parent if named else Path(platformdirs.user_config_dir("cutkit", appauthor=False))


def project_rules(wanted: Wanted) -> Path | None:
    """The project's rules file."""
    beside = Path(wanted.patterns[0]).parent / PROJECT_NAME
    base = Path(wanted.base).absolute()
    upward = (folder / PROJECT_NAME for folder in (base, *base.parents))
    return next((path for path in (beside, *upward) if _says_anything(path)), None)


def _says_anything(path: Path) -> bool:
    """Whether there is such a file, and not an empty one."""
    return path.is_file() and path.stat().st_size > 0


def fabric_path(wanted: Wanted, files: Sequence[SourceFile]) -> str | None:
    """The fabric file that is asked for, by who asks or else by the last of the rules files that names one.

    UsageError where a fabric of that name is nowhere, with those that are.
    """
    if wanted.fabric is not None:
        return wanted.fabric if is_toml_path(wanted.fabric) else _named(wanted, wanted.fabric, wanted.place("fabric"))
    file, said = _last_said("fabric", files)
    if file is None or said is None:
        return None
    if is_toml_path(said.value):
        return str(Path(file.path).parent / said.value)
    return _named(wanted, said.value, said.where)


def rolls_path(files: Sequence[SourceFile]) -> str | None:
    """The file of rolls that the fabric names, or else the last of the rules files that does; relative to that file."""
    file, said = _last_said("rolls", files)
    return None if file is None or said is None else str(Path(file.path).parent / said.value)


def _last_said(key: str, files: Sequence[SourceFile]) -> tuple[SourceFile, Said] | tuple[None, None]:
    """The file that has the last word on a key of the cloth, and what it says."""
    for file in reversed(layer_files(files)):
        said = read_layer(file).cloth.get(key)
        if said is not None:
            return file, said
    return None, None


def _named(wanted: Wanted, name: str, where: str) -> str:
    folders = list(dict.fromkeys(_fabric_folders(wanted)))
    found = next((folder / f"{name}.toml" for folder in folders if (folder / f"{name}.toml").is_file()), None)
    if found is not None:
        return str(found)
    known = sorted({path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.toml")})
    listed = f"Known are {', '.join(known)}. {did_you_mean(name, known)}" if known else ""
    hint = (
        listed or f"There is no folder {FABRICS}; name a file, for example {wanted.words.example('fabric', 'a.toml')}."
    )
    if Path(name).is_file():
        hint = f"There is a file of that name; a fabric is a TOML file, and its name ends so. {hint}"
    raise UsageError(f"there is no fabric {name!r}", where=where, hint=hint.strip())


def _fabric_folders(wanted: Wanted) -> Iterator[Path]:
    project = project_rules(wanted)
    if project is not None:
        yield project.parent / FABRICS
    yield Path(wanted.patterns[0]).parent / FABRICS
    yield Path(wanted.base) / FABRICS
    yield _user_folder() / FABRICS


def given_of(path: str, base: str = ".") -> str:
    """A path that was found, as somebody in the working folder would write it."""
    try:
        return os.path.relpath(path, base)
    except ValueError:  # on another drive
        return path
