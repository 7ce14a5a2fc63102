"""The OpenAPI document, built from the operations of an application."""

from __future__ import annotations

import typing as t

from ..._lazy import lazy

if t.TYPE_CHECKING:
    from . import _paths
    from ._answers import STREAMS as STREAMS
    from ._answers import Answers as Answers
    from ._answers import phrase as phrase
    from ._answers import text_of as text_of
    from ._build import Built as Built
    from ._build import build as build
    from ._build import built as built
    from ._build import by_path as by_path
    from ._build import document_of as document_of
    from ._build import error_types as error_types
    from ._build import listed as listed
    from ._build import make as make
    from ._build import title as title
    from ._build import to_json as to_json
    from ._components import Components as Components
    from ._examples import Composer as Composer
    from ._examples import compose as compose
    from ._fields import READS as READS
    from ._fields import WRITES as WRITES
    from ._fields import own_method as own_method
    from ._fields import written_name as written_name
    from ._operations import operation_object as operation_object
    from ._outgoing import judge_of as judge_of
    from ._overlay import OverlayError as OverlayError
    from ._overlay import apply_overlay as apply_overlay
    from ._paths import PATH_ITEM_METHODS as PATH_ITEM_METHODS
    from ._paths import address as address
    from ._paths import operation_of as operation_of
    from ._paths import operations_in as operations_in
    from ._validators import flat as flat
    from ._yaml import from_text as from_text
    from ._yaml import to_yaml as to_yaml

    paths = _paths
else:
    __getattr__ = lazy(
        __name__,
        {
            "_answers": "Answers STREAMS phrase text_of",
            "_build": "Built build built by_path document_of error_types listed make title to_json",
            "_components": "Components",
            "_examples": "Composer compose",
            "_fields": "READS WRITES own_method written_name",
            "_operations": "operation_object",
            "_outgoing": "judge_of",
            "_overlay": "OverlayError apply_overlay",
            "_paths": "PATH_ITEM_METHODS address operation_of operations_in",
            "_validators": "flat",
            "_yaml": "from_text to_yaml",
        },
        "paths",
    )
