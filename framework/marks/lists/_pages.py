"""Pages: what a client wants of a list, how that part is taken, and the metadata of the whole.

Three ways to ask: by the number of the page, by the number of the first item, by a cursor. Each has a class for what
the client wants, which the handler gets where there is no pager; the pagers give the part of a collection.
Not here: the mark (``marks.lists._pagination``), collections (``marks.lists._sequences``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from ...errors import ValidationFailed
from ...issues import issue
from ._cursors import BadCursor, Cursor, Cursors
from ._sequences import as_sequence, count, is_select, ordered, part, take_slice
from ._terms import SortKey

Query: t.TypeAlias = dict[str, int | str | None]
"""Parameters of a query string that lead to another part; ``None`` as a value takes one away."""


class CollectionTerms(t.NamedTuple):
    """The terms for a collection: conditions, order and slice, from the request and its mark.

    :ivar session: A session of SQLAlchemy, or a function that gives one.
    :ivar total: Whether all items are counted.
    :ivar keys: The order that was asked for, or that of the mark.
    :ivar unique: The names of what sets any two items apart.
    :ivar cursors: Makes and reads cursors.
    """

    session: object = None
    total: bool = True
    keys: tuple[SortKey, ...] = ()
    unique: tuple[str, ...] = ()
    cursors: Cursors | None = None


class PageRequest:
    """The page that a client requests, and the facts of the list once it was taken."""

    def __init__(self, source: CollectionTerms | None = None) -> None:
        self.source = source or CollectionTerms()
        self.item_count: int | None = None
        """The number of all items; a handler without a pager sets it."""
        self.more: bool | None = None
        """True if there are items after this part, where the total is not known."""

    def take(self, collection: object, session: object = None) -> list[t.Any]:
        """The wanted part of a collection.

        :param collection: A sequence, or a select of SQLAlchemy, of which only that part is fetched.
        :param session: For a select. Default: that of the mark.
        """
        raise NotImplementedError

    def metadata(self) -> dict[str, t.Any] | None:
        """Return the metadata of the list; ``None`` while nothing is known of it."""
        raise NotImplementedError

    def links(self) -> cabc.Iterator[tuple[str, Query]]:
        """Other parts by their relation (RFC 8288): what of the query string to change."""
        raise NotImplementedError

    def _numbered(self, collection: object, session: object, offset: int, limit: int) -> list[object]:
        """The items from a number on, noting how many there are."""
        if type(collection) is list and not self.source.keys and self.source.total:
            self.item_count = len(collection)  # PERF: what the functions below do, 2 us
            return collection[offset : offset + limit]
        session, unique = self.source.session if session is None else session, self.source.unique
        rows = collection if is_select(collection) else as_sequence(collection)
        if self.source.keys:
            rows = ordered(rows, self.source.keys)
        if self.source.total:
            self.item_count = count(rows, session)
            return take_slice(rows, offset, limit, session, unique) if offset < self.item_count else []
        items = take_slice(rows, offset, limit + 1, session, unique)
        self.more = len(items) > limit
        return items[:limit]


class PaginationParameters(PageRequest):
    """A page, by its number.

    :param page: The number, from 1.
    :param page_size: How many items are on a page.
    """

    def __init__(self, page: int, page_size: int, source: CollectionTerms | None = None) -> None:
        super().__init__(source)
        self.page = page
        self.page_size = page_size

    def __repr__(self) -> str:
        return f"PaginationParameters(page={self.page}, page_size={self.page_size})"

    @property
    def first_item(self) -> int:
        """The number of the first item, from 0."""
        return (self.page - 1) * self.page_size

    @property
    def last_item(self) -> int:
        """The number of the last item, if the page is full."""
        return self.first_item + self.page_size - 1

    def take(self, collection: object, session: object = None) -> list[t.Any]:
        return self._numbered(collection, session, self.first_item, self.page_size)

    def metadata(self) -> dict[str, t.Any] | None:
        made: dict[str, t.Any] = {}
        page, total = self.page, self.item_count
        if total is None:
            if self.more is None:
                return None
            last = page + 1 if self.more else page
        else:
            last = -(-total // self.page_size)
            made = {"total": total, "total_pages": last}
            if last:
                made |= {"first_page": 1, "last_page": last}
        if page <= last:
            made["page"] = page
            if page > 1:
                made["previous_page"] = page - 1
            if page < last:
                made["next_page"] = page + 1
        return made

    def links(self) -> cabc.Iterator[tuple[str, Query]]:
        told = self.metadata() or {}
        pages = {
            "first": 1 if told else None,
            "prev": told.get("previous_page"),
            "next": told.get("next_page"),
            "last": told.get("last_page"),
        }
        # PERF: a list, for a generator is resumed for each of its parts.
        size = self.page_size
        return iter([(name, {"page": page, "page_size": size}) for name, page in pages.items() if page is not None])


class OffsetParameters(PageRequest):
    """A part, by the number of its first item.

    :param offset: How many items to leave out.
    :param limit: How many items to give.
    """

    def __init__(self, offset: int, limit: int, source: CollectionTerms | None = None) -> None:
        super().__init__(source)
        self.offset = offset
        self.limit = limit

    def __repr__(self) -> str:
        return f"OffsetParameters(offset={self.offset}, limit={self.limit})"

    @property
    def first_item(self) -> int:
        """The number of the first item, from 0."""
        return self.offset

    @property
    def last_item(self) -> int:
        """The number of the last item, if there are as many."""
        return self.offset + self.limit - 1

    def take(self, collection: object, session: object = None) -> list[t.Any]:
        return self._numbered(collection, session, self.offset, self.limit)

    def metadata(self) -> dict[str, t.Any] | None:
        if self.item_count is None and self.more is None:
            return None
        made = {"offset": self.offset, "limit": self.limit}
        if self.item_count is not None:
            made = {"total": self.item_count, **made}
        if self.offset and (self.item_count is None or self.offset < self.item_count + self.limit):
            made["previous_offset"] = max(0, self.offset - self.limit)
        following = self.offset + self.limit
        if self.more or (self.item_count is not None and following < self.item_count):
            made["next_offset"] = following
        return made

    def links(self) -> cabc.Iterator[tuple[str, Query]]:
        told = self.metadata()
        if told is None:
            return
        offsets = {"first": 0, "prev": told.get("previous_offset"), "next": told.get("next_offset")}
        if self.item_count:
            rest = self.offset % self.limit  # the parts lie one after the other, and this one is among them
            offsets["last"] = max(0, (self.item_count - 1 - rest) // self.limit * self.limit + rest)
        for relation, offset in offsets.items():
            if offset is not None:
                yield relation, {"offset": offset, "limit": self.limit}


class CursorParameters(PageRequest):
    """A part, by the item that it follows or precedes.

    :param cursor: Where to go on; ``None`` for the beginning.
    :param page_size: How many items to give.
    """

    def __init__(self, cursor: Cursor | None, page_size: int, source: CollectionTerms | None = None) -> None:
        super().__init__(source)
        self.cursor = cursor
        self.page_size = page_size
        self.next_cursor: str | None = None
        """The cursor to the items after this part."""
        self.previous_cursor: str | None = None
        """The cursor to the items before this part."""
        self.last_cursor: str | None = None
        self._taken = False

    def __repr__(self) -> str:
        return f"CursorParameters(cursor={self.cursor!r}, page_size={self.page_size})"

    def take(self, collection: object, session: object = None) -> list[t.Any]:
        """As in the base; the items come in the order of the keys, whatever order they had.

        :raises ValidationFailed: The cursor does not fit the keys.
        """
        session = self.source.session if session is None else session
        rows = collection if is_select(collection) else as_sequence(collection)
        keys = self._keys(rows)
        position, backward = self.cursor or Cursor(None)
        if position is not None and len(position) != len(keys):
            cursors = self.source.cursors
            raise bad_cursor(BadCursor(issue("invalid_cursor")), "query" if cursors is None else cursors.location)
        if self.source.total:
            self.item_count = count(rows, session)
        found = part(rows, keys, position, self.page_size, backward=backward, session=session)
        self._note(found.first, found.last, found.more)
        return found.items

    def _note(self, first: tuple[object, ...], last: tuple[object, ...], more: bool) -> None:
        """Make the cursors to the other parts."""
        write = t.cast(Cursors, self.source.cursors).write
        self._taken = True
        began = self.cursor is None
        backward = self.cursor is not None and self.cursor.backward
        at_end = backward and t.cast(Cursor, self.cursor).position is None
        self.last_cursor = write(Cursor(None, backward=True))
        if first:
            if more if not backward else not at_end:
                self.next_cursor = write(Cursor(last))
            if more if backward else not began:
                self.previous_cursor = write(Cursor(first, backward=True))
        elif not began and not backward:  # what is left lies before
            self.previous_cursor = self.last_cursor

    def _keys(self, collection: object) -> list[SortKey]:
        """The order, with what sets any two items apart at its end."""
        keys = list(self.source.keys)
        unique = self.source.unique
        if is_select(collection):
            from . import _selects as selects

            return selects.whole_order(collection, keys, unique)
        descending = bool(keys) and keys[-1].descending
        known = {key.source for key in keys if isinstance(key.source, str)}
        keys += [SortKey(name, name, descending) for name in unique or ("id",) if name not in known]
        return keys

    def metadata(self) -> dict[str, t.Any] | None:
        if not self._taken:
            return None
        made: dict[str, t.Any] = {}
        if self.item_count is not None:
            made["total"] = self.item_count
        if self.previous_cursor is not None:
            made["previous_cursor"] = self.previous_cursor
        if self.next_cursor is not None:
            made["next_cursor"] = self.next_cursor
        return made

    def links(self) -> cabc.Iterator[tuple[str, Query]]:
        if not self._taken:
            return
        yield "first", {"page_size": self.page_size, "cursor": None}
        cursors = {"prev": self.previous_cursor, "next": self.next_cursor, "last": self.last_cursor}
        for relation, cursor in cursors.items():
            if cursor is not None:
                yield relation, {"page_size": self.page_size, "cursor": cursor}


def bad_cursor(error: BadCursor, location: str) -> ValidationFailed:
    """Return the refusal of a text that is not a cursor."""
    return ValidationFailed({location: {"cursor": [error.args[0]]}})


# Pagers


class Page:
    """Gives the wanted page of a collection. Derive from it for other collections.

    :param collection: What the handler returned.
    :param page_params: What the client wants.
    """

    def __init__(self, collection: t.Any, page_params: t.Any) -> None:
        self.collection = collection
        self.page_params = page_params
        self.page_params.item_count = self.item_count

    def __repr__(self) -> str:
        return f"{type(self).__name__}(collection={self.collection!r}, page_params={self.page_params!r})"

    @property
    def items(self) -> t.Any:
        """The items of the page."""
        wanted = self.page_params
        if is_select(self.collection):
            size = wanted.last_item - wanted.first_item + 1
            source = wanted.source
            return take_slice(self.collection, wanted.first_item, size, source.session, source.unique)
        return list(self.collection[wanted.first_item : wanted.last_item + 1])

    @property
    def item_count(self) -> int:
        """Return how many items there are in all."""
        return count(self.collection, self.page_params.source.session)


class OffsetPage(Page):
    """Gives the wanted part of a collection, by the number of its first item: ``?limit=10&offset=20``."""


class CursorPage:
    """Gives the wanted part of a collection, by a cursor: ``?cursor=...&page_size=10``.

    Unlike the others it neither skips nor repeats items when some come or go between two requests.
    """
