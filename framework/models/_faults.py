"""The errors of annotated classes: each names the class, the member, where it is, and the remedy.

Floor 0.
"""

from __future__ import annotations

import inspect
import pathlib
import re

from ..errors import SetupError


def fault(cls: object, member: str, problem: str) -> SetupError:
    """Return the error of a member of a class, or of the class as a whole.

    :param cls: The class, or a generic class with its arguments.
    :param member: Its name; empty for the class as a whole.
    :param problem: The problem and the remedy, as sentences.
    """
    name = called(cls)
    where = _place(getattr(cls, "__origin__", cls), member)
    return SetupError(f"{name}.{member}{where}: {problem}" if member else f"{name}{where}: {problem}")


def called(annotation: object) -> str:
    """Return an annotation as people write it."""
    if isinstance(annotation, type) and not hasattr(annotation, "__origin__"):
        return annotation.__qualname__.rpartition("<locals>.")[2]
    return re.sub(r"\b(?:\w+\.)+(?:<locals>\.)?(?=\w)", "", repr(annotation))


def _place(cls: object, member: str) -> str:
    """Return the file and line of a member, in parentheses; empty where the source is not known."""
    try:
        file = inspect.getsourcefile(cls) if isinstance(cls, type) else None
        lines, first = inspect.getsourcelines(cls) if isinstance(cls, type) else ([], 0)
    except (OSError, TypeError):
        return ""
    if file is None:
        return ""
    written = re.compile(rf"\s+{re.escape(member)}\s*:") if member else re.compile(r"\s*class\b")
    line = next((number for number, text in enumerate(lines, first) if written.match(text)), first)
    return f" ({pathlib.Path(file).name}:{line})"
