"""The marks of collections: pages, filters, sorts, searches and sparse fieldsets."""

from __future__ import annotations

import typing as t

from ..._lazy import lazy

if t.TYPE_CHECKING:
    from ._base import ListMark as ListMark
    from ._envelope import envelope as envelope
    from ._filters import Filters as Filters
    from ._filters import filters as filters
    from ._pages import CursorPage as CursorPage
    from ._pages import CursorParameters as CursorParameters
    from ._pages import OffsetPage as OffsetPage
    from ._pages import OffsetParameters as OffsetParameters
    from ._pages import Page as Page
    from ._pages import PaginationParameters as PaginationParameters
    from ._pagination import PageOptions as PageOptions
    from ._pagination import paginate as paginate
    from ._sorts import Search as Search
    from ._sorts import Sorting as Sorting
    from ._sorts import searches as searches
    from ._sorts import sorts as sorts
    from ._sparse import SparseMark as SparseMark
    from ._sparse import narrows as narrows
    from ._sparse import sparse as sparse
else:
    __getattr__ = lazy(
        __name__,
        {
            "_base": "ListMark",
            "_envelope": "envelope",
            "_filters": "Filters filters",
            "_pages": "CursorPage CursorParameters OffsetPage OffsetParameters Page PaginationParameters",
            "_pagination": "PageOptions paginate",
            "_sorts": "Search Sorting searches sorts",
            "_sparse": "SparseMark narrows sparse",
        },
    )
