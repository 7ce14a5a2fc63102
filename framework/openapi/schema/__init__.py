"""JSON Schema: its words, patterns and formats, and the validation of values."""

from __future__ import annotations

import typing as t

from ..._lazy import lazy

if t.TYPE_CHECKING:
    from . import _decimals, _regexes
    from ._backtracking import is_explosive as is_explosive
    from ._faults import TYPES as TYPES
    from ._faults import Fault as Fault
    from ._faults import Path as Path
    from ._faults import equal as equal
    from ._faults import has_repetition as has_repetition
    from ._faults import lookup as lookup
    from ._faults import shown as shown
    from ._faults import written_path as written_path
    from ._validation import Validator as Validator
    from ._words import ANNOTATIONS as ANNOTATIONS
    from ._words import DELIMITERS as DELIMITERS
    from ._words import LISTS_OF_SCHEMAS as LISTS_OF_SCHEMAS
    from ._words import MAPS_OF_SCHEMAS as MAPS_OF_SCHEMAS
    from ._words import SCHEMA_COMPONENTS as SCHEMA_COMPONENTS
    from ._words import SCHEMAS as SCHEMAS
    from ._words import WORDS as WORDS
    from ._words import JSONSchema as JSONSchema
    from ._words import both as both
    from ._words import downgrade as downgrade
    from ._words import in_order as in_order
    from ._words import not_null as not_null
    from ._words import nullable as nullable
    from ._words import plain as plain
    from ._words import type_of as type_of
    from ._words import unique as unique
    from ._words import without_misfits as without_misfits

    decimals = _decimals
    regexes = _regexes
else:
    __getattr__ = lazy(
        __name__,
        {
            "_backtracking": "is_explosive",
            "_faults": "Fault Path TYPES equal has_repetition lookup shown written_path",
            "_validation": "Validator",
            "_words": (
                "ANNOTATIONS DELIMITERS JSONSchema LISTS_OF_SCHEMAS MAPS_OF_SCHEMAS SCHEMAS SCHEMA_COMPONENTS WORDS "
                "both downgrade in_order not_null nullable plain type_of unique without_misfits"
            ),
        },
        "decimals regexes",
    )
