"""The page ``docs/serve/scaling.rst``: the sections between its marks are replaced by the figures of a run."""

from __future__ import annotations

import collections.abc as cabc
import re

from .world import ROOT

PAGE = ROOT / "docs" / "serve" / "scaling.rst"


def table(header: cabc.Sequence[str], rows: cabc.Iterable[cabc.Sequence[object]]) -> str:
    """Return a list-table of reStructuredText."""
    lines = [".. list-table::", "    :header-rows: 1", ""]
    for row in (header, *rows):
        first, *rest = [str(cell) for cell in row]
        lines += [f"    * - {first}", *(f"      - {cell}" for cell in rest)]
    return "\n".join(lines) + "\n"


def write(sections: cabc.Mapping[str, str]) -> None:
    """Replace sections of the page.

    :param sections: The text of each, by its name.
    :raises LookupError: The page has no such section.
    """
    text = PAGE.read_text(encoding="utf-8")
    for name, content in sections.items():
        pattern = re.compile(rf"(\.\. soak: {name}\n\n).*?(?=\.\. end of {name}\n)", re.S)
        text, count = pattern.subn(lambda found, content=content: f"{found[1]}{content}\n", text)
        if count != 1:
            raise LookupError(f"The page has {count} sections {name!r}.")
    PAGE.write_text(text, encoding="utf-8")
