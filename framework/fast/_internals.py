"""The parts of marshmallow that it does not promise to keep, all in one place.

Schemas that have hooks, and errors of more than one field, need parts of marshmallow that are not public. Should a
version lack one of them, it is ``None`` here and named in :data:`LACKING`; then nothing is generated (``fast.canary``).
Floor 1.
"""

from __future__ import annotations

import importlib
import typing as t

import marshmallow as ma

#: The names that this version of marshmallow does not have.
LACKING: list[str] = []


def _get(module: str, name: str) -> t.Any:
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        LACKING.append(f"{module}.{name}")
        return None


ErrorStore = _get("marshmallow.error_store", "ErrorStore")
PRE_DUMP = _get("marshmallow.decorators", "PRE_DUMP")
POST_DUMP = _get("marshmallow.decorators", "POST_DUMP")
PRE_LOAD = _get("marshmallow.decorators", "PRE_LOAD")
POST_LOAD = _get("marshmallow.decorators", "POST_LOAD")
VALIDATES = _get("marshmallow.decorators", "VALIDATES")
VALIDATES_SCHEMA = _get("marshmallow.decorators", "VALIDATES_SCHEMA")
get_value = _get("marshmallow.utils", "get_value")
set_value = _get("marshmallow.utils", "set_value")
is_collection = _get("marshmallow.utils", "is_collection")
is_sequence_but_not_string = _get("marshmallow.utils", "is_sequence_but_not_string")


def _kept(messages: object) -> object:
    return messages


#: What becomes of messages when they are noted: later versions of marshmallow copy them.
copy_messages: t.Callable[[object], object] = _kept
if ErrorStore is not None:
    copy_messages = getattr(importlib.import_module("marshmallow.error_store"), "copy_containers", _kept)

LACKING += [
    f"Schema.{name}"
    for name in (
        "_hooks",
        "_serialize",
        "_deserialize",
        "_do_load",
        "_invoke_dump_processors",
        "_invoke_load_processors",
        "_invoke_field_validators",
        "_invoke_schema_validators",
    )
    if not hasattr(ma.Schema, name)
]
