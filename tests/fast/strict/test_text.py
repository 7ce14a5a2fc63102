"""Texts from multi-dicts to what a schema loads."""

from __future__ import annotations

import io
import ipaddress

import marshmallow as ma
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from marshmallow import EXCLUDE, INCLUDE, RAISE
from werkzeug.datastructures import EnvironHeaders, FileStorage, Headers, ImmutableMultiDict, MultiDict

from framework import fields
from framework.fast.strict import from_multidict, parameter_name, strict
from framework.fast.strict._lexical import usual_ip
from framework.fast.strict._text import takes_many

TWICE = ["Given more than once."]


class Query(ma.Schema):
    page = fields.Integer()
    sort_by = fields.String(data_key="sortBy")
    tags = fields.List(fields.String())
    pair = fields.Tuple((fields.Integer(), fields.Integer()))
    ids = fields.DelimitedList(fields.Integer())
    shown = fields.String(dump_only=True)


def test_a_scalar_is_one_text_and_a_list_is_all_of_them():
    """List and Tuple take every value, a delimited list is one text."""
    multi = MultiDict([("page", "2"), ("tags", "a"), ("tags", "b"), ("pair", "1"), ("pair", "2"), ("ids", "1,2")])
    data, wrong = from_multidict(Query(), multi)

    assert data == {"page": "2", "tags": ["a", "b"], "pair": ["1", "2"], "ids": "1,2"}
    assert wrong == {}
    assert strict(Query(), "query").load(data) == {"page": 2, "tags": ["a", "b"], "pair": (1, 2), "ids": [1, 2]}


def test_a_list_of_one_is_a_list():
    """One value is enough; none leaves the list out."""
    assert from_multidict(Query(), MultiDict([("tags", "a")]))[0] == {"tags": ["a"]}
    assert from_multidict(Query(), MultiDict())[0] == {}


def test_a_scalar_given_twice_is_refused():
    """Nobody guesses which one was meant, not even when they are equal; a delimited list is a scalar here."""
    multi = ImmutableMultiDict(
        [("page", "1"), ("page", "1"), ("sortBy", "a"), ("sortBy", "b"), ("ids", "1"), ("ids", "2")]
    )

    assert from_multidict(Query(), multi) == ({}, {"page": TWICE, "sortBy": TWICE, "ids": TWICE})


def test_names_are_those_of_the_client():
    """``data_key`` counts, the name of the field does not; what is only dumped is not read."""
    multi = MultiDict([("sortBy", "a"), ("sort_by", "b"), ("shown", "c")])

    assert from_multidict(Query(), multi) == ({"sortBy": "a"}, {})


@pytest.mark.parametrize(("unknown", "rest"), [(RAISE, {}), (EXCLUDE, {}), (INCLUDE, {"x": "1", "y": ["2", "3"]})])
def test_undeclared_names_are_passed_on_where_they_are_kept(unknown, rest):
    """Only a schema that includes them gets them: one value as it is, several as a list."""
    multi = MultiDict([("page", "1"), ("page", "2"), ("x", "1"), ("y", "2"), ("y", "3")])

    assert from_multidict(Query(unknown=unknown), multi) == (rest, {"page": TWICE})


def test_a_pre_load_hook_sees_undeclared_names_that_are_dropped():
    """Where unknown names are excluded, a hook may still read them first."""

    class Renaming(ma.Schema):
        page = fields.String()

        @ma.pre_load
        def rename(self, data, **kwargs):
            return {"page": data.get("seite", "1")}

    multi = MultiDict([("seite", "7")])
    schema = strict(Renaming(unknown=EXCLUDE), "query")

    assert schema.load(from_multidict(schema, multi)[0]) == {"page": "7"}
    assert from_multidict(Renaming(unknown=RAISE), multi)[0] == {}


class Head(ma.Schema):
    token = fields.String(data_key="X-Token")
    x_count = fields.Integer()
    tags = fields.List(fields.String(), data_key="x-tags")


@pytest.mark.parametrize(
    "headers",
    [
        Headers([("x-TOKEN", "t"), ("X-Count", "3"), ("X-Tags", "a, b"), ("x-tags", ",c,"), ("Host", "h")]),
        EnvironHeaders({"HTTP_X_TOKEN": "t", "HTTP_X_COUNT": "3", "HTTP_X_TAGS": "a,\tb,c", "HTTP_HOST": "h"}),
    ],
)
def test_headers_are_found_in_any_case(headers):
    """Hyphens stand for the underscores of a field's name, and a list may stand in one header."""
    data, wrong = from_multidict(Head(), headers)

    assert data == {"X-Token": "t", "x_count": "3", "x-tags": ["a", "b", "c"]}
    assert wrong == {}
    assert strict(Head(), "headers").load(data) == {"token": "t", "x_count": 3, "tags": ["a", "b", "c"]}


def test_a_header_given_twice_is_refused():
    """As for any other scalar."""
    headers = Headers([("X-Token", "a"), ("x-token", "b")])

    assert from_multidict(Head(), headers) == ({}, {"X-Token": TWICE})


def test_included_headers_do_not_repeat_declared_ones():
    """A header that a field has read under another spelling is not an undeclared one."""
    headers = Headers([("X-TOKEN", "t"), ("X-Count", "3"), ("Other", "o")])

    assert from_multidict(Head(unknown=INCLUDE), headers)[0] == {"X-Token": "t", "x_count": "3", "Other": "o"}


def test_files_are_read_like_texts():
    """One upload for a File, all of them for a list."""

    class Upload(ma.Schema):
        photo = fields.File(required=True)
        more = fields.List(fields.File())

    one, two, three = (FileStorage(io.BytesIO(b"x"), filename=name) for name in "abc")
    data, wrong = from_multidict(Upload(), MultiDict([("photo", one), ("more", two), ("more", three)]))

    assert strict(Upload(), "files").load(data) == {"photo": one, "more": [two, three]}
    assert wrong == {}


def test_a_plain_mapping_is_given_once_each():
    """The values of a path are a dict; its lists count as lists."""
    assert from_multidict(Query(), {"page": "1", "tags": ["a"]}) == ({"page": "1", "tags": ["a"]}, {})


def test_a_schema_that_changed_is_looked_at_again():
    """What a schema wants is remembered for the fields and the policy it had."""
    schema, multi = Query(), MultiDict([("x", "1")])
    from_multidict(schema, multi)
    schema.unknown = INCLUDE

    assert from_multidict(schema, multi)[0] == {"x": "1"}


def test_the_name_in_the_document():
    """The document calls a parameter what the client has to write."""
    assert parameter_name("x_count", fields.Integer(), "headers") == "x-count"
    assert parameter_name("x_count", fields.Integer(), "query") == "x_count"
    assert parameter_name("token", fields.String(data_key="X-Token"), "headers") == "X-Token"


@pytest.mark.parametrize(
    ("field", "many"),
    [
        (fields.List(fields.Integer()), True),
        (fields.Tuple((fields.Integer(),)), True),
        (fields.Pluck(Query, "page", many=True), True),
        (fields.DelimitedList(fields.Integer()), False),
        (fields.DelimitedTuple((fields.Integer(),)), False),
        (fields.Pluck(Query, "page"), False),
        (fields.Integer(), False),
    ],
)
def test_which_fields_take_many(field, many):
    """Those of several values, unless they are written as one text."""
    assert takes_many(field) is many


@given(
    st.one_of(
        st.ip_addresses().map(str),
        st.text("0123456789abcdefF:.%/ \0\n٣", max_size=42),
        st.lists(
            st.sampled_from(["0", "1", "01", "255", "256", "ffff", "00001", "", ":", ".", "%", "lo"]), max_size=20
        ).flatmap(lambda pieces: st.sampled_from([":", ".", ""]).map(lambda between: between.join(pieces))),
    )
)
@example("01.1.1.1")
@example("1.1.1")
@example("::ffff:1.2.3.4")
@example("1:2:3:4:5:6:7::")
@example("fe80::1%lo")
@example("1.1.1.1\0")
def test_what_the_quick_reader_of_addresses_reads_is_what_the_standard_library_reads(text):
    """An IP address that the quick reader takes is the address that ``ipaddress`` finds in the same text."""
    try:
        found = usual_ip(text)
    except ValueError:
        return

    assert found == ipaddress.ip_address(text)
    assert type(found) is type(ipaddress.ip_address(text))


@given(st.ip_addresses())
def test_the_quick_reader_takes_the_usual_form(address):
    """The usual text of each address is read quickly."""
    assert usual_ip(str(address)) == address
