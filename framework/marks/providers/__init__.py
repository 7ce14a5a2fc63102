"""Providers: values for handlers, commands and other providers, with clean-up."""

from __future__ import annotations

import typing as t

from ..._lazy import lazy

if t.TYPE_CHECKING:
    from ._blocks import Override as Override
    from ._blocks import Provide as Provide
    from ._blocks import Provided as Provided
    from ._explain import ExplainedProvider as ExplainedProvider
    from ._explain import explained as explained
    from ._loaders import LoadedMark as LoadedMark
    from ._loaders import loaded as loaded
    from ._marks import ProvidesMark as ProvidesMark
    from ._marks import ProvidesValueMark as ProvidesValueMark
    from ._marks import provides as provides
    from ._sources import BuiltIn as BuiltIn
    from ._sources import ProviderScope as ProviderScope
    from ._sources import current_context as current_context
    from ._sources import current_request as current_request
    from ._sources import current_user_as as current_user_as
    from ._sources import operation_context as operation_context
    from ._sources import path_variable as path_variable
    from ._sources import provider as provider
else:
    __getattr__ = lazy(
        __name__,
        {
            "_blocks": "Override Provide Provided",
            "_explain": "ExplainedProvider explained",
            "_loaders": "LoadedMark loaded",
            "_marks": "ProvidesMark ProvidesValueMark provides",
            "_sources": "BuiltIn ProviderScope current_context current_request current_user_as operation_context"
            " path_variable provider",
        },
    )
