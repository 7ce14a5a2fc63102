"""The marks that read what a request brings: parameters, bodies, forms and patches."""

from __future__ import annotations

import typing as t

from ..._lazy import lazy

if t.TYPE_CHECKING:
    from ._arguments import ArgumentsMark as ArgumentsMark
    from ._arguments import KeepInput as KeepInput
    from ._arguments import arguments as arguments
    from ._bodies import ask_request as ask_request
    from ._bodies import body_text as body_text
    from ._bodies import not_valid as not_valid
    from ._bodies import too_large as too_large
    from ._bodies import too_many as too_many
    from ._multipart import content_types as content_types
    from ._parts import LocatedSchema as LocatedSchema
    from ._parts import parameter_steps as parameter_steps
    from ._parts import query_of as query_of
    from ._patches import JSONPatch as JSONPatch
    from ._patches import PatchMark as PatchMark
    from ._patches import json_patch as json_patch
    from ._patches import merge_patch as merge_patch
    from ._queries import ACCEPT_QUERY as ACCEPT_QUERY
    from ._queries import accept_query as accept_query
    from ._queries import accept_query_headers as accept_query_headers
    from ._queries import accept_query_steps as accept_query_steps
    from ._queries import in_body as in_body
    from ._queries import query_key as query_key
else:
    __getattr__ = lazy(
        __name__,
        {
            "_arguments": "ArgumentsMark KeepInput arguments",
            "_bodies": "ask_request body_text not_valid too_large too_many",
            "_multipart": "content_types",
            "_parts": "LocatedSchema parameter_steps query_of",
            "_patches": "JSONPatch PatchMark json_patch merge_patch",
            "_queries": "ACCEPT_QUERY accept_query accept_query_headers accept_query_steps in_body query_key",
        },
    )
