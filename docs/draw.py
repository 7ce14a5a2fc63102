"""Draw ``docs/architecture.svg`` from the code: ``python docs/draw.py``; with ``--check`` only compare.

Floors and their order come from the contract of import-linter in ``pyproject.toml``, what a room is for from the first
sentence of its docstring, and the road of a request from the functions themselves.
"""

from __future__ import annotations

import ast
import html
import pathlib
import re
import sys
import textwrap
import tomllib

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "framework"
TARGET = ROOT / "docs" / "architecture.svg"

FLOORS = (
    "7  Document, commands, tests, other protocols",
    "6  The application",
    "5  Resources and versions",
    "4  Marks",
    "3  The current request",
    "2  HTTP and stores",
    "1  Compiled schemas, rules and JSON",
    "0  Words: errors, fields, settings",
)
"""The names of the floors, the highest first."""

_LAYERS_OF_FLOORS = (9, 1, 3, 1, 1, 1, 1, 1)
"""The number of the contract's layers on each floor, the highest first: those of one floor have an order too."""

ROAD = (
    ("app/_app.py", "App.wsgi_app"),
    ("context.py", "Context.push"),
    ("app/_app.py", "App.match_request"),
    ("app/_app.py", "App.full_dispatch_request"),
    ("app/_app.py", "App.preprocess_request"),
    ("app/_app.py", "App.dispatch_request"),
    ("resources/operation.py", "run_steps"),
    ("marks/responses.py", "outcome_step"),
    ("app/_app.py", "App.handle_user_exception"),
    ("app/_app.py", "App.finalize_request"),
    ("app/_app.py", "App.process_response"),
    ("context.py", "Context.pop"),
)
"""The functions that a request walks through, in their order: the file within the package, and the qualified name."""

WIDTH, BOX, GAP, LINE, LETTERS = 1080, 250, 10, 15, 37
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1b2733}.t{font-weight:600}.f{font-weight:600;font-size:13px}"
    ".s{fill:#51606e}.b{fill:#fff;stroke:#9fb0bf}.g{fill:#eef3f7}.r{fill:#e8f1ea}path{stroke:#51606e;fill:none}"
)


def rooms() -> list[list[str]]:
    """Return the rooms of each floor, the highest floor first."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        contract = tomllib.load(file)["tool"]["importlinter"]["contracts"][0]
    layers = [[name.strip() for name in layer.replace("|", ":").split(":")] for layer in contract["layers"]]
    found, at = [], 0
    for number in _LAYERS_OF_FLOORS:
        found.append([name.removeprefix("framework.") for layer in layers[at : at + number] for name in layer])
        at += number
    if at != len(layers):
        raise SystemExit("The contract has other layers than this drawing: correct _LAYERS_OF_FLOORS.")
    return found


def file_of(room: str) -> pathlib.Path:
    """Return the file of a module, or of a package's front."""
    path = PACKAGE / room.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def plain(text: str) -> str:
    """Return the first paragraph of a docstring without markup."""
    return re.sub(r":\w+:`~?([^`]*)`|``", r"\1", " ".join(text.split("\n\n")[0].split()))


def said_of(room: str) -> str:
    """Return the first sentence of a module's docstring, without markup."""
    text = ast.get_docstring(ast.parse(file_of(room).read_text(encoding="utf-8"))) or ""
    return plain(text).split(". ")[0].rstrip(".") + "."


def packages_in(room: str) -> list[str]:
    """Return the packages within a room."""
    return sorted(path.parent.name for path in (PACKAGE / room).glob("*/__init__.py"))


def function(file: str, name: str) -> str:
    """Return the first sentence of a function's docstring.

    :raises SystemExit: The road leads through a function that is not there.
    """
    node: ast.AST = ast.parse((PACKAGE / file).read_text(encoding="utf-8"))
    for part in name.split("."):
        found = [each for each in ast.iter_child_nodes(node) if getattr(each, "name", None) == part]
        if not found:
            raise SystemExit(f"{file} has no {name}: correct ROAD.")
        node = found[0]
    return plain(ast.get_docstring(node) or "")  # type: ignore[arg-type]


def draw() -> str:
    """Return the drawing as SVG."""
    parts: list[str] = []
    y = GAP

    def text(x: float, y: float, words: str, kind: str = "") -> None:
        parts.append(f'<text x="{x:g}" y="{y:g}" class="{kind}">{html.escape(words)}</text>')

    for title, names in zip(FLOORS, rooms(), strict=True):
        top, x, tallest = y, GAP, 0
        parts.append("")
        place = len(parts) - 1
        text(GAP * 2, y + 20, title, "f")
        y += 30
        x = GAP * 2
        for name in names:
            lines = textwrap.wrap(said_of(name), LETTERS)[:4]
            inner = packages_in(name)
            if inner:
                lines += textwrap.wrap("with " + ", ".join(inner), LETTERS)
            height = 26 + LINE * len(lines)
            if x + BOX > WIDTH - GAP:
                x, y, tallest = GAP * 2, y + tallest + GAP, 0
            parts.append(f'<rect x="{x}" y="{y}" width="{BOX}" height="{height}" rx="4" class="b"/>')
            text(x + 8, y + 17, name, "t")
            for number, line in enumerate(lines):
                text(x + 8, y + 33 + number * LINE, line, "s")
            x, tallest = x + BOX + GAP, max(tallest, height)
        y += tallest + GAP
        parts[place] = f'<rect x="{GAP}" y="{top}" width="{WIDTH - 2 * GAP}" height="{y - top}" rx="6" class="g"/>'
        y += GAP
    top = y
    parts.append("")
    place = len(parts) - 1
    text(GAP * 2, y + 20, "The road of a request", "f")
    y += 34
    for number, (file, name) in enumerate(ROAD, 1):
        text(GAP * 2, y + 12, f"{number:2}  {name}", "t")
        text(330, y + 12, textwrap.shorten(function(file, name), 110, placeholder=" ..."), "s")
        y += 20
    y += GAP
    parts[place] = f'<rect x="{GAP}" y="{top}" width="{WIDTH - 2 * GAP}" height="{y - top}" rx="6" class="r"/>'
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + GAP}" role="img">\n'
        f"<title>Floors, rooms and the road of a request</title>\n<style>{STYLE}</style>\n"
        f'<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n'
    )


def main() -> None:
    """Write the drawing, or say that it is not of this code."""
    drawing = draw()
    if "--check" not in sys.argv:
        TARGET.write_text(drawing, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != drawing:
        raise SystemExit("docs/architecture.svg is not of this code. Run python docs/draw.py.")


if __name__ == "__main__":
    main()
