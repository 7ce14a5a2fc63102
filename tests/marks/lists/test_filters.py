"""``filters``, ``sorts`` and ``searches`` of sequences; how selects are narrowed is tested in ``test_selects``."""

from __future__ import annotations

import datetime as dt
import itertools
import time

import pytest

from framework import (
    App,
    CursorPage,
    Page,
    Resource,
    Router,
    Schema,
    fields,
    filters,
    paginate,
    response,
    searches,
    sorts,
    validate,
)
from framework.errors import SetupError
from framework.marks.lists import Filters, Search, Sorting


class OwnerSchema(Schema):
    name = fields.String()


class PetSchema(Schema):
    """A pet."""

    id = fields.Integer(dump_only=True)
    name = fields.String(required=True, data_key="petName", validate=validate.Length(min=3))
    colour = fields.String(validate=validate.OneOf(["black", "white"]))
    age = fields.Integer(allow_none=True)
    good = fields.Boolean()
    born = fields.DateTime()
    secret = fields.String(load_only=True)
    tags = fields.List(fields.String())
    owner = fields.Nested(OwnerSchema, allow_none=True)
    loud = fields.Function(lambda pet: pet["name"].upper())


PETS = [
    {
        "id": number,
        "name": ["Rex", "max", "Tom_"][number % 3],
        "colour": ["black", "white"][number % 2],
        "age": None if number % 4 == 0 else number % 5,
        "good": number % 2 == 0,
        "born": dt.datetime(2020, 1, 1 + number, tzinfo=dt.UTC if number % 2 else None),
        "owner": None if number == 3 else {"name": f"Ann {number % 2}"},
    }
    for number in range(12)
]


def serve(*marks, returned=PETS, **config):
    """A client of an application with a list."""
    app = App(__name__)
    app.config.update({"SECRET_KEY": "only for tests", "TESTING": True, **config})

    def pets():
        return returned

    for mark in marks:
        pets = mark(pets)
    app.get("/pets")(response(200, PetSchema(exclude=("tags",), many=True))(pets))
    return app.test_client()


def ids(reply):
    """The ids in an answer."""
    assert reply.status_code == 200, reply.text
    return [pet["id"] for pet in reply.json]


def which(test):
    """The ids of the pets that pass a test."""
    return [pet["id"] for pet in PETS if test(pet)]


OPERATORS = {
    "name": ["eq", "ne", "contains", "icontains", "startswith", "iendswith", "in", "not_in"],
    "age": ["eq", "lt", "gte", "isnull", "ne"],
    "born": ["lt", "gte"],
}
CASES = [
    ("petName=Rex", lambda pet: pet["name"] == "Rex"),
    ("petName__ne=Rex", lambda pet: pet["name"] != "Rex"),
    ("petName__contains=_", lambda pet: pet["name"] == "Tom_"),
    ("petName__contains=MAX", lambda pet: False),
    ("petName__icontains=MA", lambda pet: pet["name"] == "max"),
    ("petName__startswith=To", lambda pet: pet["name"] == "Tom_"),
    ("petName__iendswith=EX", lambda pet: pet["name"] == "Rex"),
    ("petName__in=Rex,max", lambda pet: pet["name"] != "Tom_"),
    ("petName__not_in=Rex,max", lambda pet: pet["name"] == "Tom_"),
    ("age=2", lambda pet: pet["age"] == 2),
    ("age__ne=2", lambda pet: pet["age"] not in (2, None)),
    ("age__lt=2&age__gte=1", lambda pet: pet["age"] == 1),
    ("age__isnull=true", lambda pet: pet["age"] is None),
    ("colour=black&good=true", lambda pet: pet["colour"] == "black"),
    ("born__lt=2020-01-03T00:00:00Z", lambda pet: pet["id"] < 2),
    ("owner.name=Ann%201", lambda pet: pet["owner"] == {"name": "Ann 1"}),
    ("", lambda pet: True),
]


@pytest.mark.parametrize(("query", "test"), CASES, ids=[query for query, _ in CASES])
def test_each_comparison(query, test, fast):
    """All conditions that are given must be met; nothing but isnull finds what is missing."""
    client = serve(filters(PetSchema, "colour", "good", owner__name="eq", **OPERATORS), FAST_PATH=fast)

    assert ids(client.get(f"/pets?{query}")) == which(test)


BAD = [
    ("petNam=Rex", "petNam", "Did you mean 'petName'?"),
    ("petName__contain=x", "petName__contain", "Did you mean 'petName__contains'?"),
    ("age=x", "age", "Not a valid integer."),
    ("age=1&age=2", "age", "Given more than once."),
    ("colour=red", "colour", "Must be one of: black, white."),
    ("age__isnull=perhaps", "age__isnull", "Not a valid boolean."),
    ("petName__in=" + "a," * 200, "petName__in", "Longer than maximum length 100."),
    ("petName__contains=" + "a" * 1001, "petName__contains", "Longer than maximum length 1000."),
]


@pytest.mark.parametrize(("query", "name", "words"), BAD, ids=[name for _, name, _ in BAD])
def test_bad_filters_are_422(query, name, words, fast):
    """What is not a filter, or no value of one, is refused by name, with a hint where one is near."""
    client = serve(filters(PetSchema, "colour", **OPERATORS), FAST_PATH=fast)
    reply = client.get(f"/pets?{query}")

    assert reply.status_code == 422
    assert words in str(reply.json["errors"]["query"][name])


def test_ten_thousand_filters_are_refused():
    """Very many parameters are one 422, found out in no time."""
    client = serve(filters(PetSchema, **OPERATORS), sorts(PetSchema, "name", "age"))
    query = "&".join([*(f"petName{number}=x" for number in range(5000)), *(["petName=x"] * 5000)])
    began = time.process_time()
    reply = client.get(f"/pets?{query}")
    many = client.get(f"/pets?sort={','.join(['nme'] * 5000)}")

    assert (reply.status_code, many.status_code) == (422, 422)
    assert many.json["errors"]["query"] == {"sort": ["Longer than maximum length 2."]}
    assert time.process_time() - began < 10


def test_filters_are_documented():
    """Each comparison is a parameter with its type and its words; rules for what is written are not repeated."""
    client = serve(filters(PetSchema, "colour", name=["eq", "in"], age=["gt"]))
    told = {each["name"]: each for each in client.application.openapi["paths"]["/pets"]["get"]["parameters"]}

    text = {"type": "string", "pattern": r"^[^\u0000]*$"}
    assert told["petName"]["schema"] == text
    assert told["petName__in"]["schema"] == {"type": "array", "items": text, "minItems": 1, "maxItems": 100}
    assert (told["petName__in"]["style"], told["petName__in"]["explode"]) == ("form", False)
    assert told["age__gt"]["schema"] == {"type": "integer"}
    assert told["age__gt"]["description"] == "Only items whose `age` is greater than this value."
    assert told["colour"]["schema"] == {"type": "string", "enum": ["black", "white"]}
    assert not any(each.get("required") for each in told.values())


def test_the_handler_may_apply_filters_itself(fast):
    """With ``apply=False`` the handler gets objects that it can read and apply, in the order of the marks."""
    app = App(__name__)
    app.config["FAST_PATH"] = fast
    got = []

    @app.get("/pets")
    @filters(PetSchema, age=["gt"], name="eq", apply=False)
    @sorts(PetSchema, "age", default="-age", apply=False)
    @searches(PetSchema, "name", apply=False)
    @response(200, {"ids": fields.List(fields.Integer())})
    def pets(asked, sorting, search):
        got[:] = [asked, sorting, search]
        return {"ids": [pet["id"] for pet in sorting.apply(search.apply(asked.apply(PETS)))]}

    client = app.test_client()
    reply = client.get("/pets?age__gt=1&q=rex")

    assert reply.json == {"ids": [9, 3]}
    asked, sorting, search = got
    assert isinstance(asked, Filters)
    assert (len(asked), asked.get("age", "gt"), asked.get("petName"), asked.get("x", default=5)) == (1, 1, None, 5)
    assert [(each.name, each.operator, each.value) for each in asked] == [("age", "gt", 1)]
    assert isinstance(sorting, Sorting)
    assert [(key.name, key.descending) for key in sorting] == [("age", True)]
    assert isinstance(search, Search)
    assert (bool(search), search.words) == (True, ("rex",))
    assert len(client.get("/pets").json["ids"]) == 12


# Orders


def test_sorting(fast):
    """Several keys, each up or down; what is equal keeps its order; None is the greatest."""
    client = serve(sorts(PetSchema, "age", "name", "born", "owner.name"), FAST_PATH=fast)
    by_age = sorted(PETS, key=lambda pet: (pet["age"] is None, pet["age"] or 0))

    assert ids(client.get("/pets?sort=age")) == [pet["id"] for pet in by_age]
    assert ids(client.get("/pets?sort=-petName,age")) == [10, 1, 7, 4, 5, 11, 2, 8, 6, 3, 9, 0]
    assert ids(client.get("/pets?sort=-petName,age,petName")) == ids(client.get("/pets?sort=-petName,age"))
    assert ids(client.get("/pets?sort=-born")) == list(range(11, -1, -1))
    assert ids(client.get("/pets?sort=owner.name"))[-1] == 3
    assert ids(client.get("/pets")) == list(range(12))


def test_a_default_order(fast):
    """The default is the order where the client asks for none, and documented."""
    client = serve(sorts(PetSchema, "name", "id", default="-name,id"), FAST_PATH=fast)
    [told] = client.application.openapi["paths"]["/pets"]["get"]["parameters"]

    assert ids(client.get("/pets")) == [1, 4, 7, 10, 2, 5, 8, 11, 0, 3, 6, 9]
    assert told["schema"]["items"]["enum"] == ["petName", "-petName", "id", "-id"]
    assert told["schema"]["default"] == ["-petName", "id"]


def test_no_default_order_is_documented_where_there_is_none(fast):
    """Without a default the parameter has none in the document: an empty list would not be valid."""
    client = serve(sorts(PetSchema, "name"), FAST_PATH=fast)
    [told] = client.application.openapi["paths"]["/pets"]["get"]["parameters"]

    assert "default" not in told["schema"]
    assert client.get("/pets").status_code == 200


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("sort=petNam", "Did you mean 'petName'?"),
        ("sort=--age", "Sorting by this field"),
        ("sort=", ""),
        ("srt=age", "'sort'"),
    ],
)
def test_bad_orders_are_422(query, words, fast):
    """What cannot be sorted by is refused, with a hint where something is near."""
    reply = serve(sorts(PetSchema, "name", "age", "id"), FAST_PATH=fast).get(f"/pets?{query}")

    assert reply.status_code == 422
    assert words in str(reply.json["errors"]["query"])


def test_sources_can_be_named():
    """``columns`` says where a value is when it is not where the schema has it."""
    client = serve(sorts(PetSchema, "name", columns={"name": "owner.name"}))

    assert ids(client.get("/pets?sort=petName"))[:3] == [0, 2, 4]


# Searches


def test_searching(fast):
    """Each word must be in one of the fields, in whatever case."""
    client = serve(searches(PetSchema, "name", "owner.name"), FAST_PATH=fast)

    assert ids(client.get("/pets?q=REX")) == which(lambda pet: pet["name"] == "Rex")
    assert ids(client.get("/pets?q=rex+ann+1")) == [9]
    assert ids(client.get("/pets?q=_")) == which(lambda pet: pet["name"] == "Tom_")
    assert len(ids(client.get("/pets?q=++"))) == 12
    assert client.get(f"/pets?q={'a' * 201}").status_code == 422


# Together


def test_the_order_of_marks_is_no_matter(fast):
    """Filters, a search, an order and parts give the same in whatever order they stand."""
    marks = [
        filters(PetSchema, "good"),
        searches(PetSchema, "name"),
        sorts(PetSchema, "id"),
        paginate(CursorPage, page_size=2),
    ]
    path = "/pets?good=true&q=m&sort=-id"
    replies = [serve(*order, FAST_PATH=fast).get(path) for order in itertools.permutations(marks)]

    assert all(ids(reply) == [10, 8] for reply in replies)
    assert len({reply.headers["Link"] for reply in replies}) == 1


def test_totals_count_what_is_left():
    """The total is that of the filtered list."""
    reply = serve(paginate(Page), filters(PetSchema, "name")).get("/pets?petName=Rex")

    assert '"total":4,' in reply.headers["X-Pagination"]


def test_a_router_may_filter_all_its_lists():
    """Given to a router a mark reaches its lists and passes by the rest; the nearest order counts."""
    router = Router("pets", marks=[sorts(PetSchema, "age"), searches(PetSchema, "name", hidden=True)])

    @router.route("/pets")
    class Pets(Resource):
        @sorts(PetSchema, "id")
        @response(200, PetSchema(only=("id",), many=True))
        def get(self):
            return PETS

        @response(201, PetSchema(only=("id",)))
        def post(self):
            return PETS[0]

    app = App(__name__)
    app.register_router(router)
    client = app.test_client()

    assert ids(client.get("/pets?sort=-id&q=rex")) == [9, 6, 3, 0]
    assert client.get("/pets?sort=age").status_code == 422
    assert client.post("/pets").json == {"id": 0}


# Mistakes


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        (lambda: filters(PetSchema, "nme"), "not a field of PetSchema"),
        (lambda: filters(PetSchema, "secret"), "never sent"),
        (lambda: filters(PetSchema, "tags"), "not a single stored value"),
        (lambda: filters(PetSchema, "owner"), "not a single stored value, but Nested. Name one of its members"),
        (lambda: filters(PetSchema, "loud"), "not a single stored value"),
        (lambda: filters(PetSchema, name=["like"]), "not a comparison"),
        (lambda: filters(PetSchema, age=["contains"]), "does not fit"),
        (lambda: filters(PetSchema, good=["lt"]), "does not fit"),
        (lambda: filters(PetSchema, "name", columns={"age": "x"}), "does not name"),
        (lambda: filters(PetSchema), "by nothing"),
        (lambda: filters(PetSchema, name__x="eq"), "not a nested object"),
        (lambda: sorts(PetSchema), "by nothing"),
        (lambda: sorts(PetSchema, "name", default="age"), "default 'age'"),
        (lambda: sorts(PetSchema, "secret"), "never sent"),
        (lambda: searches(PetSchema), "nothing"),
        (lambda: searches(PetSchema, "secret"), "never sent"),
    ],
)
def test_mistakes_are_refused_where_they_are_written(mark, words):
    """A field that is none, hidden or of another kind, and a comparison that does not fit."""
    with pytest.raises(SetupError, match=words):
        mark()


def test_a_mark_without_a_list_is_refused():
    """A filter on what is not a list says what to do."""
    app = App(__name__)
    app.get("/pet")(filters(PetSchema, "name")(response(200, PetSchema)(lambda: PETS[0])))

    with pytest.raises(SetupError, match="apply=False"):
        app.freeze()


class Hidden(PetSchema):
    """A pet that is kept with what nobody sees."""

    code = fields.String()
    age = fields.Integer(attribute="chip")
    owner = fields.Nested({"name": fields.String(), "phone": fields.String()}, allow_none=True)


@pytest.mark.parametrize(
    ("mark", "options"),
    [
        (filters, {"code": "eq"}),
        (filters, {"age": "lt"}),
        (filters, {"owner__phone": "startswith"}),
        (filters, {"code": "eq", "columns": {"code": "name"}}),
        (sorts, ["code"]),
        (sorts, ["owner.phone"]),
        (searches, ["code"]),
    ],
)
@pytest.mark.parametrize("apply", [True, False])
def test_what_is_never_sent_cannot_be_asked_for(mark, options, apply):
    """A field that no answer sends would be found out by asking; start-up refuses it, unless it is meant."""

    def served(**more):
        def pets(*given):
            return PETS

        given = {**options, **more} if isinstance(options, dict) else more
        names = [] if isinstance(options, dict) else options
        app = App(__name__)
        app.get("/pets")(
            mark(Hidden, *names, apply=apply, **given)(response(200, PetSchema(many=True, exclude=("tags",)))(pets))
        )
        app.freeze()

    with pytest.raises(SetupError, match=r"is never sent by PetSchema, .* hidden=True"):
        served()
    served(hidden=True)


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (Schema.from_dict({"petName": fields.String(attribute="name")}), "name"),
        (Schema.from_dict({"holder": fields.String(attribute="owner.name")}), "owner.name"),
        (Schema.from_dict({"owner": fields.Pluck(OwnerSchema, "name")}), "owner.name"),
        (Schema.from_dict({"age": fields.Function(lambda pet: 1)}), "age"),
    ],
)
def test_what_is_sent_in_another_shape_can_be_asked_for(answer, name):
    """A value that the answer sends under another name, from a nested object or by a function is sent."""
    app = App(__name__)
    app.get("/pets")(sorts(PetSchema, name)(response(200, answer(many=True))(lambda: PETS)))
    app.freeze()


def test_a_handler_that_applies_them_may_answer_anything():
    """Where the handler applies filters itself and answers no such objects, nobody knows what it shows."""
    app = App(__name__)
    counted = response(200, {"total": fields.Integer()})(lambda asked: {"total": len(asked.apply(PETS))})
    app.get("/pets")(filters(PetSchema, "age", apply=False)(counted))

    assert app.test_client().get("/pets?age=1").json == {"total": len(which(lambda pet: pet["age"] == 1))}


def test_a_field_called_hidden_is_a_field():
    """``hidden`` with a comparison is a field of that name."""
    schema = Schema.from_dict({"hidden": fields.String()})
    app = App(__name__)
    app.get("/")(filters(schema, hidden="eq")(response(200, schema(many=True))(lambda: [{"hidden": "a"}])))

    assert app.test_client().get("/?hidden=b").json == []
