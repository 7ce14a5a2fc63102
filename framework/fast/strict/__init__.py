"""Strict schemas: each accepts what the document accepts, and nothing more."""

from __future__ import annotations

import typing as t

from ..._lazy import lazy

if t.TYPE_CHECKING:
    from . import _dates, _fields, _lexical, _published
    from ._codes import choices_of as choices_of
    from ._dates import ISO_FORMATS as ISO_FORMATS
    from ._dates import latest as latest
    from ._dates import longest as longest
    from ._fields import words as words
    from ._hints import described as described
    from ._hints import unknown_message as unknown_message
    from ._published import anchored as anchored
    from ._published import validator_keywords as validator_keywords
    from ._schema import ALL_RULES as ALL_RULES
    from ._schema import Nested as Nested
    from ._schema import Rules as Rules
    from ._schema import strict as strict
    from ._schema import twin as twin
    from ._schema import wrote_unknown as wrote_unknown
    from ._text import from_multidict as from_multidict
    from ._text import from_values as from_values
    from ._text import is_json_part as is_json_part
    from ._text import parameter_name as parameter_name
    from ._text import reader as reader

    dates = _dates
    fields = _fields
    lexical = _lexical
    published = _published
else:
    __getattr__ = lazy(
        __name__,
        {
            "_codes": "choices_of",
            "_dates": "ISO_FORMATS latest longest",
            "_fields": "words",
            "_hints": "described unknown_message",
            "_published": "anchored validator_keywords",
            "_schema": "ALL_RULES Nested Rules strict twin wrote_unknown",
            "_text": "from_multidict from_values is_json_part parameter_name reader",
        },
        "dates fields lexical published",
    )
