"""Names of projects, resources and fields that Python, databases and other packages can live with.

Floor 7.
"""

from __future__ import annotations

import keyword
import re
import sys
import typing as t

from ..errors import SetupError

_NAME: t.Final = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")

_PACKAGES: t.Final = frozenset(
    {
        "alembic",
        "apispec",
        "blinker",
        "click",
        "dotenv",
        "framework",
        "gunicorn",
        "hatchling",
        "itsdangerous",
        "marshmallow",
        "msgspec",
        "mypy",
        "pip",
        "prometheus_client",
        "psycopg",
        "pytest",
        "ruff",
        "sqlalchemy",
        "werkzeug",
        "yaml",
    }
)
_FOLDERS: t.Final = frozenset({"build", "ci", "deploy", "dist", "migrations", "tests", "vendor"})
# What the templates of a resource import or define, in lower case.
_RESOURCE: t.Final = frozenset(
    {
        "any",
        "app",
        "app_client",
        "base",
        "database",
        "db",
        "fields",
        "instant",
        "not_found",
        "page",
        "resource",
        "router",
        "schema",
        "settings",
        "session",
    }
)
_FIELD: t.Final = frozenset(
    {
        "id",
        "metadata",
        "registry",
        "context",
        "fields",
        "validate",
        "dt",
        "sa",
        "orm",
        "decimal",
        "uuid",
        "bool",
        "float",
        "int",
        "str",
        "data",
        "found",
        "session",
        "load",
        "load_fields",
        "dump",
        "dump_fields",
        "dumps",
        "loads",
        "on_bind_field",
        "get_attribute",
        "handle_error",
        "from_dict",
        "opts",
        "declared_fields",
        "set_class",
        "dict_class",
        "error_messages",
        "exclude",
        "only",
        "many",
        "ordered",
        "partial",
        "unknown",
    }
)


def checked_project(name: str) -> str:
    """Return the name of a project.

    :raises SetupError: It cannot be the name of its package.
    """
    _check_shape(name, "project", 30)
    if name in sys.stdlib_module_names or name in _PACKAGES:
        raise SetupError(f"Invalid name of a project: {name!r}. A module has this name already. Choose another one.")
    if name in _FOLDERS:
        raise SetupError(f"Invalid name of a project: {name!r}. A folder of the project has it. Choose another one.")
    return name


def checked_resource(name: str, longest: int = 20) -> str:
    """Return the name of a resource.

    :param longest: Its greatest length: the lines of the templates have room for so much.
    :raises SetupError: It cannot be the name of its class and modules.
    """
    _check_shape(name, "resource", longest)
    if name in _RESOURCE:
        raise SetupError(f"Invalid name of a resource: {name!r}. Its modules use the name. Choose another one.")
    return name


def checked_field(name: str) -> str:
    """Return the name of a field.

    :raises SetupError: It cannot be the name of a column and of a member of a schema.
    """
    _check_shape(name, "field", 30)
    if name in _FIELD:
        raise SetupError(f"Invalid name of a field: {name!r}. Models or schemas use the name. Choose another one.")
    return name


def _check_shape(name: str, what: str, longest: int) -> None:
    """Check that a name is in snake case, not too long, and not a word of Python."""
    if not _NAME.fullmatch(name):
        hint = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")
        remedy = f" Did you mean {hint!r}?" if _NAME.fullmatch(hint) and len(hint) <= longest else ""
        raise SetupError(
            f"Invalid name of a {what}: {name[:100]!r}. Use lower-case letters, digits and single underscores, a letter"
            f" first.{remedy}"
        )
    if len(name) > longest:
        raise SetupError(f"Invalid name of a {what}: {name[:100]!r}. Use at most {longest} characters.")
    if keyword.iskeyword(name):
        raise SetupError(f"Invalid name of a {what}: {name!r}. It is a keyword of Python. Choose another one.")


def plural_of(word: str) -> str:
    """Return the plural of an English word, by the rules and not by the dictionary."""
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    return f"{word}es" if re.search(r"(?:s|x|z|ch|sh)$", word) else f"{word}s"
