"""The quick ways of a freeze: they find what the thorough ways find."""

from __future__ import annotations

import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework import App, Resource, arguments, fields, response
from framework._docstrings import published
from framework.errors import SetupError
from framework.marks.base import Doc, Outcome
from framework.resources import signatures
from framework.resources.assembly import find_handler
from framework.resources.operation import DocumentRecords

SIGNATURES = [
    "self, data, number",
    "self, number, data",
    "self, data",
    "self, data, number, more",
    "self, data, number, more=1",
    "self, data, *, number",
    "self, data, number, /",
    "self, *args, number",
    "self, data, **kwargs",
    "self, data, other",
    "self, number",
    "self",
    "number, data",
    "",
]


def outcome(signature):
    """Return the error of a freeze with a handler of this signature, or ``None``."""
    scope = {}
    exec(f"def put({signature}): return {{}}", scope)
    put = arguments({"a": fields.Integer()})(response(200, {"a": fields.Integer()})(scope["put"]))
    app = App("quick")
    app.route("/things/<int:number>")(type("Things", (Resource,), {"put": put}))
    try:
        app.freeze()
    except SetupError as error:
        return str(error)
    return None


@pytest.mark.parametrize("signature", SIGNATURES)
def test_the_quick_look_at_a_signature_lets_nothing_pass(signature, monkeypatch):
    """A handler is refused, and in the same words, whether the quick look comes first or not."""
    quick = outcome(signature)
    monkeypatch.setattr(signatures, "plainly_fits", lambda plan, view: False)

    assert quick == outcome(signature)


def test_the_quick_look_lets_usual_handlers_pass(monkeypatch):
    """A handler that takes what it is passed is not looked at by inspect."""
    monkeypatch.setattr(signatures.inspect, "signature", None)

    assert outcome("self, data, number") is None


@given(st.text(alphabet=" \tab-\x0c\u00e9\n\r:", max_size=12))
def test_one_line_of_a_docstring_is_read_as_inspect_reads_it(text):
    """The docstring of a function is published alike, with one line and with several."""

    def documented():
        pass

    documented.__doc__ = text

    assert published(documented) == published(types.SimpleNamespace(__doc__=text))


def test_a_method_is_found_where_it_is_defined():
    """A function of the class or of a base handles a method, and a static method is called without the instance."""

    class Base(Resource):
        def get(self):
            return {}

        @staticmethod
        def put():
            return {"static": True}

    class Things(Base):
        def post(self):
            return {}

    app = App("found")
    app.route("/")(Things)
    view = app.view_functions["Things"]

    assert find_handler(view, "POST") is Things.post
    assert find_handler(view, "GET") is Base.get
    assert find_handler(view, "PUT")(Things()) == {"static": True}
    assert find_handler(view, "PATCH") is None


def test_records_of_derived_classes_are_sorted_by_their_base():
    """A record of a class of one's own counts as that of its base; another object is left out."""

    class Mine(Outcome, frozen=True):
        pass

    records = DocumentRecords([Mine(200), Doc(summary="x"), object()])

    assert records.outcomes == (Mine(200),)
    assert records.say("summary", "") == "x"
