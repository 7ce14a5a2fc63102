"""Schemas, rules and values turned into plain functions. ``source(schema)`` shows what is generated for a schema.

Floor 1.
"""

from __future__ import annotations

import typing as t

import marshmallow as ma

from .._lazy import lazy

if t.TYPE_CHECKING:
    from ._codegen import Writer as Writer
else:
    __getattr__ = lazy(__name__, {"_codegen": "Writer"})


def source(schema: ma.Schema) -> str:
    """Return the text of the functions that are generated for a schema.

    A schema that has not been used yet is compiled first, for loading and for JSON answers. Of one that has, the text
    shows what its uses needed.

    :param schema: The very instance that loads or dumps.
    :return: Python source, each function under a comment that says what it is; empty where marshmallow does all of the
        work.
    """
    from . import _codegen as codegen  # PERF: the front of the package loads nothing for an import
    from . import dump, load

    if not codegen.source(schema):
        load.prepare(schema)
        dump.prepare(schema)
    return codegen.source(schema)
