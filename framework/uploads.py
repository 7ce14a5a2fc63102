"""Uploaded files: checks of their size, content and name, and the storage for them.

The validators are for :class:`framework.fields.File`. Not here: how files arrive (``http.multipart``).
Floor 3.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import os
import pathlib
import secrets
import shutil
import typing as t

from marshmallow import ValidationError, validate
from werkzeug.utils import secure_filename

from .http import sniffing
from .http.reading import CHUNK
from .issues import coded
from .texts import ENGLISH, listed

if t.TYPE_CHECKING:
    from werkzeug.datastructures import FileStorage

_LONGEST_NAME = 100
_LONGEST_SUFFIX = 20
_TRIES = 100


class FileSize(validate.Validator):
    """Passes files of some sizes.

    A body that has a larger file is refused with 413 while it arrives, without being read to its end. Asked of a file
    that is there already, the validator refuses it as any other does.

    :param max: The most bytes.
    :param min: The fewest bytes; 1 refuses empty files.
    :param error: The message; ``{size}``, ``{min}`` and ``{max}`` are filled in.
    :raises ValueError: Neither is given, or they contradict each other.
    """

    too_large = ENGLISH["issues.too_large.file"]
    too_small = ENGLISH["issues.too_small.file"]

    def __init__(self, max: int | None = None, *, min: int | None = None, error: str | None = None) -> None:
        if max is None and min is None:
            raise ValueError("FileSize() has no limit. Give the most bytes, or the fewest with 'min'.")
        if (max or 0) < 0 or (min or 0) < 0 or (max is not None and min is not None and min > max):
            raise ValueError(f"FileSize(max={max!r}, min={min!r}) passes no file. Give bytes, the fewest first.")
        self.max = max
        self.min = min
        self.error = error

    @property
    def part_limit(self) -> int | None:
        """The most bytes that are read of a part of a form with such a file; asked when the application freezes."""
        return self.max

    def _repr_args(self) -> str:
        return f"max={self.max!r}, min={self.min!r}"

    def __call__(self, value: FileStorage) -> FileStorage:
        size = size_of(value)
        message = None
        if self.max is not None and size > self.max:
            message = self.too_large
        elif self.min is not None and size < self.min:
            message = self.too_small
        if message is not None:
            code = "too_large" if message is self.too_large else "too_small"
            limits = {name: bound for name, bound in (("min", self.min), ("max", self.max)) if bound is not None}
            text = coded(self.error or message, code, **limits)
            raise ValidationError(text.format(size=size, min=self.min, max=self.max))
        return value

    def __json_schema__(self, described: dict[str, object], role: str) -> dict[str, object]:
        limits = {"x-minBytes": self.min, "x-maxBytes": self.max}  # minLength counts characters, and files have none
        return {word: limit for word, limit in limits.items() if limit is not None}


class FileType(validate.Validator):
    """Passes files whose content is of some types, see :data:`framework.http.sniffing.KNOWN`.

    Name and media type that the client gives are not asked. SVG and HTML, which can carry scripts, pass only where they
    are named; ``text/plain`` and other types of text are any UTF-8 that is no markup.

    :param media_types: The types that pass.
    :param signatures: Custom types, and the bytes that their files begin with.
    :param error: The message; ``{choices}`` is filled in.
    :raises ValueError: There are none, or one is not known.
    """

    message = ENGLISH["issues.invalid_file_type"]

    def __init__(
        self,
        media_types: cabc.Iterable[str],
        *,
        signatures: cabc.Mapping[str, bytes] | None = None,
        error: str | None = None,
    ) -> None:
        self.signatures = dict(signatures or {})
        self.media_types = tuple(dict.fromkeys([*media_types, *self.signatures]))
        known = {*sniffing.KNOWN, *self.signatures}
        strange = [name for name in self.media_types if name not in known and not sniffing.is_text_type(name)]
        if strange or not self.media_types or not all(self.signatures.values()):
            raise ValueError(
                f"FileType cannot tell {strange or self.media_types!r} by the content. Name some of"
                f" {', '.join(sorted(known))}, or give the bytes that such a file begins with in 'signatures'."
            )
        self.error = error

    def _repr_args(self) -> str:
        return f"media_types={self.media_types!r}"

    def __call__(self, value: FileStorage) -> FileStorage:
        if self.type_of(value) is None:
            text = coded(self.error or self.message, "invalid_file_type", choices=list(self.media_types))
            raise ValidationError(text.format(choices=listed(self.media_types)))
        return value

    def type_of(self, file: FileStorage) -> str | None:
        """Return which of the types a file is of; ``None`` for none of them. The file is left at its start."""
        stream = file.stream
        for name, signature in self.signatures.items():
            stream.seek(0)
            if stream.read(len(signature)) == signature:
                stream.seek(0)
                return name
        found = sniffing.sniff(stream)
        if found in self.media_types:
            return found
        if found == "text/plain":
            if "application/json" in self.media_types and sniffing.is_json(stream):
                return "application/json"
            return next((name for name in self.media_types if sniffing.is_text_type(name)), None)
        return None

    def __json_schema__(self, described: dict[str, object], role: str) -> dict[str, object]:
        return {}


class FileExtension(validate.Validator):
    """Passes files whose names end in some way. What they are is another matter: see :class:`FileType`.

    :param extensions: Such as ``"png"``, with or without the dot; case does not count.
    :param error: The message; ``{choices}`` is filled in.
    :raises ValueError: There are none.
    """

    message = ENGLISH["issues.invalid_file_extension"]

    def __init__(self, extensions: cabc.Iterable[str], *, error: str | None = None) -> None:
        self.extensions = tuple(dict.fromkeys("." + each.lower().lstrip(".") for each in extensions))
        if not self.extensions or "." in self.extensions:
            raise ValueError("FileExtension() has no extensions, or an empty one. Give some, like 'png'.")
        self.error = error

    def _repr_args(self) -> str:
        return f"extensions={self.extensions!r}"

    def __call__(self, value: FileStorage) -> FileStorage:
        if pathlib.PurePosixPath(safe_name(value.filename)).suffix.lower() not in self.extensions:
            text = coded(self.error or self.message, "invalid_file_extension", choices=list(self.extensions))
            raise ValidationError(text.format(choices=listed(self.extensions)))
        return value

    def __json_schema__(self, described: dict[str, object], role: str) -> dict[str, object]:
        return {}


def size_of(file: FileStorage) -> int:
    """The size of a file in bytes; it is left where it is."""
    stream = file.stream
    place = stream.tell()
    stream.seek(0, os.SEEK_END)
    size = stream.tell()
    stream.seek(place)
    return size


def media_type_of(file: FileStorage) -> str | None:
    """The media type of a file by its content, see :func:`framework.http.sniffing.sniff`."""
    return sniffing.sniff(file.stream)


def safe_name(filename: str | None, default: str = "file") -> str:
    """A name that a file can be kept under, made of the one that a client gave.

    ASCII letters, digits, dots, dashes and underscores are left; there is no folder in it, no dot at its start, and it
    is at most 100 characters long.

    :param filename: The name, which may be anything.
    :param default: What it is where nothing is left.
    """
    name = secure_filename(filename or "") or default
    if len(name) <= _LONGEST_NAME:
        return name
    suffix = pathlib.PurePosixPath(name).suffix
    suffix = suffix if len(suffix) <= _LONGEST_SUFFIX else ""
    return name[: _LONGEST_NAME - len(suffix)] + suffix


def save_upload(
    file: FileStorage,
    folder: str | os.PathLike[str],
    name: str | None = None,
    *,
    replace: bool = False,
) -> pathlib.Path:
    """Keep an uploaded file in a folder. It appears there whole or not at all.

    :param file: The file.
    :param folder: An existing folder.
    :param name: Its name there. Default: :func:`safe_name` of the client's, with a few random letters
        where that is taken.
    :param replace: Whether a file of the given ``name`` may be there already; it is then replaced in one step.
    :return: Where it is.
    :raises ValueError: The name leads out of the folder.
    :raises FileExistsError: A file of the given name is there.
    """
    if name is not None and (name != os.path.basename(name) or "\\" in name or "\0" in name or name in ("", ".", "..")):
        raise ValueError(f"Cannot save a file as {name!r}: that is not a plain name. Pass folders in 'folder'.")
    target = pathlib.Path(folder) / (safe_name(file.filename) if name is None else name)
    # Beside its place, so that it can be moved there in one step. The mode is that of any file the process makes.
    partial = target.with_name(f".{secrets.token_hex(8)}.part")
    stream = file.stream
    try:
        with open(partial, "xb") as kept:
            stream.seek(0)
            shutil.copyfileobj(stream, kept, CHUNK)
            kept.flush()
            os.fsync(kept.fileno())
        stream.seek(0)
        if replace and name is not None:
            os.replace(partial, target)
            return target
        return _place(partial, target, given=name is not None)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(partial)


def _place(partial: pathlib.Path, target: pathlib.Path, *, given: bool) -> pathlib.Path:
    """Give a file its name, which no other file may have.

    :raises FileExistsError: Another file has it.
    """
    first = target
    for _ in range(_TRIES):
        try:
            os.link(partial, target)  # fails where the name is taken, also when two ask at once
        except FileExistsError:
            if given:
                raise
            target = first.with_name(f"{first.stem}-{secrets.token_hex(4)}{first.suffix}")
        else:
            return target
    raise FileExistsError(f"No free file name found for {first.name!r}.")
