"""The rules of an application as a trie: the quick way from a path to its rule."""

from __future__ import annotations

import typing as t

from ..._lazy import lazy

if t.TYPE_CHECKING:
    from ._converters import describe as describe
    from ._matcher import Matcher as Matcher
    from ._matcher import Miss as Miss
    from ._patterns import VARIABLE as VARIABLE
    from ._patterns import OrderedMap as OrderedMap
    from ._patterns import Unreadable as Unreadable
    from ._patterns import names_in as names_in
    from ._patterns import parse as parse
else:
    __getattr__ = lazy(
        __name__,
        {
            "_converters": "describe",
            "_matcher": "Matcher Miss",
            "_patterns": "OrderedMap Unreadable VARIABLE names_in parse",
        },
    )
