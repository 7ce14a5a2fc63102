"""Annotated classes as marshmallow schemas: dataclasses, ``TypedDict``, ``NamedTuple``, attrs classes and Structs."""

from __future__ import annotations

import typing as t

from .._lazy import lazy

if t.TYPE_CHECKING:
    from ._faults import called as called
    from ._faults import fault as fault
    from ._hints import peel as peel
    from ._markers import Doc as Doc
    from ._markers import data_key as data_key
    from ._markers import dump_only as dump_only
    from ._markers import load_only as load_only
    from ._markers import model as model
    from ._members import ModelMember as ModelMember
    from ._members import class_of as class_of
    from ._members import members_of as members_of
    from ._missing import MISSING as MISSING
    from ._missing import Missing as Missing
    from ._partial import Partial as Partial
    from ._schemas import ModelSchema as ModelSchema
    from ._schemas import field_for as field_for
    from ._schemas import schema_for as schema_for
    from ._schemas import schema_of as schema_of
    from ._trust import trust as trust
else:
    __getattr__ = lazy(
        __name__,
        {
            "_markers": "Doc data_key dump_only load_only model",
            "_faults": "called fault",
            "_hints": "peel",
            "_members": "ModelMember class_of members_of",
            "_missing": "MISSING Missing",
            "_partial": "Partial",
            "_schemas": "ModelSchema field_for schema_for schema_of",
            "_trust": "trust",
        },
    )
