"""The match alone, for maps of ten to ten thousand rules: how flat it is."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import typing as t

from werkzeug.exceptions import HTTPException

from framework.fast.routing import Matcher

from .match import SIZES, make_map, questions
from .timing import Times, take_turns

KINDS = ("static", "<int:x>", "<int:x>/parts/<y>", "404")


def run(say: cabc.Callable[[str], object]) -> dict[str, Times]:
    """Time one match of each kind in maps of each size, beside werkzeug's.

    :return: The times by kind; in them by ``"<size>"`` and ``"werkzeug <size>"``.
    """
    functions: dict[str, dict[str, cabc.Callable[[], object]]] = {kind: {} for kind in KINDS}
    for size in SIZES:
        url_map = make_map(size)
        matcher, adapter = Matcher(url_map), url_map.bind("localhost")
        asked = questions(size)
        for kind in KINDS:
            path, method = asked[kind]

            def ours(matcher: Matcher = matcher, path: str = path, method: str = method) -> object:
                return matcher.match(None, path, method)

            def theirs(adapter: t.Any = adapter, path: str = path, method: str = method) -> object:
                with contextlib.suppress(HTTPException):
                    return adapter.match(path, method, return_rule=True)
                return None

            functions[kind][str(size)] = ours
            functions[kind][f"werkzeug {size}"] = theirs
    times = {}
    for kind in KINDS:
        say(f"match {kind}")
        times[kind] = take_turns(functions[kind], rounds=11, seconds=0.005)
    return times
