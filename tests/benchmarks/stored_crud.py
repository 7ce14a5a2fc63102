"""Resources of a table: ``crud`` against the means that others have, each with a file of SQLite of the same rows."""

from __future__ import annotations

import collections.abc as cabc
import json
import pathlib
import tempfile
import typing as t

from .calls import Answer, Call, LoopCall, Question, python_calls, wsgi_call
from .timing import Times, take_turns

OURS, DJANGO, LITESTAR = "framework", "Django REST framework", "Litestar + Advanced Alchemy"
NEW = {"name": "new", "amount": 7, "price": "2.50", "is_open": True}
QUESTIONS = {
    "list of 100": Question("/entries", query="page_size=100"),
    "show": Question("/entries/7"),
    "create": Question("/entries", "POST", body=json.dumps(NEW).encode()),
    "patch": Question("/entries/7", "PATCH", body=b'{"amount":8,"price":"3.25"}'),
}
STATUS = {"create": 201}


def run(say: cabc.Callable[[str], object], quick: bool = False) -> tuple[dict[str, Times], dict[str, dict[str, int]]]:
    """Time each request, and count the Python calls of one.

    :param quick: Whether few short rounds are enough.
    """
    with tempfile.TemporaryDirectory() as folder:
        apps = make_all(pathlib.Path(folder))
        found: dict[str, Times] = {}
        entered: dict[str, dict[str, int]] = {}
        for title, question in QUESTIONS.items():
            say(f"crud: {title}")
            calls = {name: call_of(name, app, question) for name, app in apps.items()}
            compare(title, {name: call() for name, call in calls.items()})
            found[title] = take_turns(calls, 2, 0.001) if quick else take_turns(calls)
            entered[title] = {name: python_calls(call) for name, call in calls.items()}
        return found, entered


def limits() -> cabc.Iterator[tuple[str, float]]:
    """Return each peer, and how much of its time ``crud`` may take."""
    yield from ((DJANGO, 0.5), (LITESTAR, 1.0))


def make_all(folder: pathlib.Path) -> dict[str, t.Any]:
    """Return the applications, each with a database in the folder."""
    from .contenders import crud_django, crud_litestar, crud_ours

    made: dict[str, t.Any] = {}
    for name, module in ((OURS, crud_ours), (DJANGO, crud_django), (LITESTAR, crud_litestar)):
        path = str(folder / f"{module.__name__.rpartition('.')[2]}.sqlite")
        crud_ours.fill(path)
        made[name] = module.make(path)
    return made


def call_of(name: str, app: t.Any, question: Question) -> Call:
    """Return what asks an application; that of Litestar runs in an event loop."""
    return LoopCall(app, question) if name == LITESTAR else wsgi_call(app, question)


def compare(title: str, answers: cabc.Mapping[str, Answer]) -> None:
    """Check that all answers are the same.

    :raises AssertionError: They are not.
    """
    values = {name: (each.code, json.loads(each.body), each.header("Location")) for name, each in answers.items()}
    first = values[OURS]
    if first[0] != STATUS.get(title, 200) or any(each != first for each in values.values()):
        raise AssertionError(f"The answers to {title!r} differ: {str(values)[:2000]}")
    if title == "list of 100" and len(first[1]) != 100:
        raise AssertionError(f"The list has {len(first[1])} entries.")
