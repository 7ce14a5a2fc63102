"""Files from templates: filled, and written all or none.

Not here: which files there are (``dev._new_project``, ``dev._new_resource``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import dataclasses
import os
import pathlib
import shutil
import string
import tempfile
import typing as t

from ..errors import SetupError

TEMPLATES: t.Final = pathlib.Path(__file__).parent / "templates"
_EXECUTABLE: t.Final = frozenset({"ci/run"})


class _Template(string.Template):
    """A template whose names are behind ``@@``: a dollar is frequent in the files of servers and shells."""

    delimiter = "@@"


@dataclasses.dataclass
class Files:
    """The texts of files, by their paths with slashes below the folder of a project."""

    new: dict[str, str] = dataclasses.field(default_factory=dict)
    """Files that may not exist."""
    changed: dict[str, str] = dataclasses.field(default_factory=dict)
    """Files that exist, with their new texts."""


def fill(
    folder: str, values: cabc.Mapping[str, str], kind: str = "", parts: cabc.Mapping[str, str] = {}
) -> dict[str, str]:
    """Fill the templates of a folder.

    :param folder: Its name below ``templates``.
    :param values: The values of the names behind ``@@``.
    :param kind: The lines that begin with ``%`` and this word are taken, those with another word left out.
    :param parts: Words in the paths, with what takes their place.
    :return: The texts by their paths.
    """
    found = {}
    top = TEMPLATES / folder
    for file in sorted(top.rglob("*.txt")):
        path = file.relative_to(top).as_posix().removesuffix(".txt")
        for word, replacement in parts.items():
            path = path.replace(word, replacement)
        text = "".join(_lines_of(file.read_text(encoding="utf-8"), kind))
        found[path.replace("dot-", ".")] = _Template(text).substitute(values)
    return found


def _lines_of(text: str, kind: str) -> cabc.Iterator[str]:
    """Yield the lines of a template that a kind of project has."""
    for line in text.splitlines(keepends=True):
        if not line.startswith("%"):
            yield line
        elif line.startswith(f"%{kind} "):
            yield line.removeprefix(f"%{kind} ")


def write_files(root: pathlib.Path, files: Files) -> None:
    """Write files, all of them or none.

    :param root: The folder of the project; made where it is missing.
    :raises SetupError: A new file exists, which is named, or one cannot be written.
    """
    existing = [path for path in files.new if os.path.lexists(root / path)]
    if existing:
        names = ", ".join(existing[:5]) + (f" and {len(existing) - 5} more" if len(existing) > 5 else "")
        raise SetupError(
            f"Files exist in {root}: {names}. Nothing is written over. Choose another name or folder, or remove them."
        )
    try:
        if root.exists():
            _write_into(root, files)
        else:
            _write_whole(root, files)
    except OSError as error:
        raise SetupError(
            f"{error.filename or root} cannot be written: {error.strerror}. Nothing was written. Choose another folder."
        ) from error


def _write_whole(root: pathlib.Path, files: Files) -> None:
    """Write a folder that does not exist: under another name, which is changed when all is there."""
    root.parent.mkdir(parents=True, exist_ok=True)
    draft = pathlib.Path(tempfile.mkdtemp(prefix=f".{root.name}-", dir=root.parent))
    try:
        draft.chmod(0o777 & ~_umask())
        _write_into(draft, files)
        draft.rename(root)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _write_into(root: pathlib.Path, files: Files) -> None:
    """Write into a folder that exists; after an exception, what was written is taken back."""
    undo = contextlib.ExitStack()
    with undo:
        for path, text in files.new.items():
            file = root / path
            for folder in reversed([each for each in file.parents if not each.exists()]):
                folder.mkdir()
                undo.callback(folder.rmdir)
            with open(file, "x", encoding="utf-8", newline="\n") as stream:
                undo.callback(file.unlink)
                stream.write(text)
            if path in _EXECUTABLE:
                file.chmod(file.stat().st_mode | 0o111)
        for path, text in files.changed.items():
            file = root / path
            before = file.read_bytes()
            draft = file.with_name(f".{file.name}.new")
            undo.callback(draft.unlink, missing_ok=True)
            draft.write_text(text, encoding="utf-8", newline="\n")
            shutil.copymode(file, draft)
            undo.callback(file.write_bytes, before)
            draft.replace(file)
        undo.pop_all()


def _umask() -> int:
    """Return the mask of the modes of new files."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
