"""A resource of a project: model, migration, schema, routes and tests.

Not here: what its fields are in each file (``dev._new_fields``).
Floor 7.
"""

from __future__ import annotations

import ast
import collections
import collections.abc as cabc
import pathlib
import re
import tomllib
import typing as t

from ..errors import SetupError
from ._new_fields import FieldSpec
from ._new_files import Files, fill
from ._new_names import checked_resource, plural_of

_IMPORT: t.Final = re.compile(r"from \.(\w+)\.resources import router as \w+\n")
_IMPORTS_END: t.Final = "\n# framework generate: imports end here\n"
_ROUTERS_END: t.Final = "    # framework generate: routers end here\n"


class ResourceNames(t.NamedTuple):
    """The names of a resource."""

    single: str
    plural: str

    def values(self) -> dict[str, str]:
        """Return the names in each form that the templates have."""
        word, words = self.single.replace("_", " "), self.plural.replace("_", " ")
        a_word = f"{'an' if word[0] in 'aeiou' else 'a'} {word}"
        return {
            "single": self.single,
            "plural": self.plural,
            "Single": _camel(self.single),
            "Plural": _camel(self.plural),
            "path": self.plural.replace("_", "-"),
            "word": word,
            "words": words,
            "Words": words.capitalize(),
            "a_word": a_word,
            "A_word": a_word.capitalize(),
        }


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def checked_names(name: str, plural: str | None = None) -> ResourceNames:
    """Return the names of a resource.

    :raises SetupError: One of them cannot be used, or both are the same.
    """
    single = checked_resource(name)
    many = checked_resource(plural or plural_of(single), 22)
    if single == many:
        raise SetupError(f"The resource {single!r} has the same plural. Give another one with --plural.")
    return ResourceNames(single, many)


def resource_files(
    package: str, names: ResourceNames, fields: cabc.Sequence[FieldSpec], revision: str, parent: str | None
) -> dict[str, str]:
    """Return the files of a resource, by their paths.

    :param package: The name of the project.
    :param revision: The name of its migration.
    :param parent: The migration before it.
    :raises SetupError: There are no fields, or two of one name.
    """
    if not fields:
        raise SetupError("A resource needs a field. Add one, like name:str.")
    twice = [name for name, count in collections.Counter(field.name for field in fields).items() if count > 1]
    if twice:
        raise SetupError(f"Duplicate field {twice[0]!r}. Give each field another name.")
    columns, members = [each.column() for each in fields], [each.field() for each in fields]
    first = fields[0]
    values = {
        **names.values(),
        "name": package,
        "columns": "\n".join(columns),
        "schema_fields": "\n".join(members),
        "model_imports": _imports("\n".join(columns), "from sqlalchemy import orm"),
        "schema_imports": _schema_imports("\n".join(members)),
        "database_names": "Base, Instant" if any("Instant()" in line for line in columns) else "Base",
        "migration_columns": "\n".join(each.migration() for each in fields),
        "sample": "\n".join(each.sample() for each in fields),
        "first": first.name,
        "other": first.kind.other,
        "revision": revision,
        "down_revision": "None" if parent is None else f'"{parent}"',
    }
    parts = {"package": package, "plural": names.plural, "revision": revision}
    return fill("resource", values, parts=parts)


def _imports(code: str, last: str) -> str:
    """Return the imports that the lines of a class need: those of the standard library, and a blank line, first."""
    lines = [
        line
        for word, line in (("dt.", "import datetime as dt"), ("decimal.", "import decimal"), ("uuid.", "import uuid"))
        if re.search(rf"\b{re.escape(word)}", code)
    ]
    others = ["import sqlalchemy as sa"] if re.search(r"\bsa\.", code) else []
    return "\n".join([*lines, *([""] if lines else []), *others, last])


def _schema_imports(code: str) -> str:
    """Return the imports of a schema."""
    return _imports(code, f"from framework import Schema, fields{', validate' if 'validate.' in code else ''}")


def resource_changes(
    root: pathlib.Path, name: str, fields: cabc.Sequence[FieldSpec], plural: str | None = None
) -> Files:
    """Return the files that a new resource adds to a project, and changes in it.

    :param root: The folder of the project.
    :param name: The name of the resource, in the singular.
    :param plural: Its plural, where the rules of English do not give it.
    :raises SetupError: The folder is not such a project, or the project has the name.
    """
    package = _package_of(root)
    names = checked_names(name, plural)
    _check_is_new(root, package, names)
    parent, revision = next_revision(root / "migrations" / "versions")
    routers = root / package / "routers.py"
    text = register(routers.read_text(encoding="utf-8"), names.plural, str(routers))
    new = resource_files(package, names, fields, revision, parent)
    return Files(new=new, changed={f"{package}/routers.py": text})


def _package_of(root: pathlib.Path) -> str:
    """Return the name of the project in a folder.

    :raises SetupError: It is not a project that ``framework new`` has made with a database.
    """
    try:
        with (root / "pyproject.toml").open("rb") as file:
            package = str(tomllib.load(file)["project"]["name"])
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        raise SetupError(
            f"No project in {root}: pyproject.toml with a name is missing. Run the command at the top of a project that"
            " 'framework new' has made, or name its folder with --directory."
        ) from None
    needed = (f"{package}/routers.py", f"{package}/database.py", "migrations/versions")
    missing = [path for path in needed if not (root / path).exists()]
    if missing:
        raise SetupError(
            f"The project in {root} has no {missing[0]}. Resources are generated for projects that 'framework new' has"
            " made with a database."
        )
    return package


def _check_is_new(root: pathlib.Path, package: str, names: ResourceNames) -> None:
    """Check that a project has no module, table or model of a name.

    :raises SetupError: It has one, which is named.
    """
    for path in (f"{package}/{names.plural}", f"{package}/{names.plural}.py", f"tests/test_{names.plural}.py"):
        if (root / path).exists():
            raise SetupError(
                f"The name {names.plural!r} is taken: {path} exists. Choose another name, or another plural with"
                " --plural."
            )
    wanted = {_camel(names.single), _camel(names.plural)}
    for file in sorted((root / package).rglob("*.py")):
        for node in ast.walk(_parsed(file)):
            where = f"{file.relative_to(root).as_posix()}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.ClassDef) and node.name in wanted:
                raise SetupError(f"The class {node.name} exists ({where}). Choose another name.")
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.value, ast.Constant)
                and node.value.value == names.plural
                and any(isinstance(each, ast.Name) and each.id == "__tablename__" for each in node.targets)
            ):
                raise SetupError(f"The table {names.plural} exists ({where}). Choose another plural with --plural.")


def _parsed(file: pathlib.Path) -> ast.Module:
    """Return the syntax of a file.

    :raises SetupError: It is not Python.
    """
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError) as error:
        raise SetupError(f"{file} cannot be read as Python: {error}. Correct it first.") from error


def next_revision(folder: pathlib.Path) -> tuple[str | None, str]:
    """Return the last migration of a folder, and the name of the next one.

    :raises SetupError: There are several last ones.
    """
    revisions: set[str] = set()
    parents: set[str] = set()
    for file in sorted(folder.glob("*.py")):
        for node in _parsed(file).body:
            if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
                continue
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id in ("revision", "down_revision"):
                try:
                    value = ast.literal_eval(node.value)
                except ValueError:
                    raise SetupError(
                        f"{file}:{node.lineno}: {target.id} is not a literal. Write the revision as one."
                    ) from None
                found = {value} if isinstance(value, str) else set(value or ())
                (revisions if target.id == "revision" else parents).update(found)
    heads = sorted(revisions - parents)
    if len(heads) > 1:
        raise SetupError(
            f"The migrations in {folder} have several heads: {', '.join(heads)}. Join them by 'alembic merge heads',"
            " then generate again."
        )
    number = len(revisions) + 1
    while f"{number:04}" in revisions:
        number += 1
    return (heads[0] if heads else None), f"{number:04}"


def register(text: str, plural: str, where: str) -> str:
    """Return the text of ``routers.py`` with one router more.

    :param where: The file, for the message.
    :raises SetupError: The marked lines are gone.
    """
    if text.count(_IMPORTS_END) != 1 or text.count(_ROUTERS_END) != 1:
        raise SetupError(
            f"{where} has no line {_IMPORTS_END.strip()!r}, or no line {_ROUTERS_END.strip()!r}. Put them back, each"
            " once: at the end of the imports of routers, and of ROUTERS."
        )
    head, tail = text.split(_IMPORTS_END)
    kept = list(_IMPORT.finditer(head))
    lines = {match[1]: match[0] for match in kept} | {plural: f"from .{plural}.resources import router as {plural}\n"}
    imports = "".join(lines[name] for name in sorted(lines, key=_natural))
    before, after = (head[: kept[0].start()], head[kept[-1].end() :]) if kept else (f"{head}\n", "")
    return before + imports + after + _IMPORTS_END + tail.replace(_ROUTERS_END, f"    {plural},\n{_ROUTERS_END}")


def _natural(name: str) -> list[tuple[int, str]]:
    """Return the key by which linters sort modules: numbers by their value."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]
