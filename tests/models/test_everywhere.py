"""Annotated classes in each place of the public interface that takes a schema."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from framework import (
    App,
    Page,
    Resource,
    Router,
    Versions,
    Webhook,
    alt_response,
    arguments,
    callback,
    check_etag,
    envelope,
    etag,
    events,
    merge_patch,
    paginate,
    response,
    searches,
    sorts,
    sparse,
    stream,
)
from framework.channels import Channel
from framework.errors import SetupError
from framework.models import Partial, schema_of
from tests.models import cases


@dataclasses.dataclass
class Pet:
    """A pet."""

    name: str
    lives: int = 9


class Point(t.NamedTuple):
    """A point."""

    x: int
    y: int = 0


class Meta(t.TypedDict):
    """What goes with a list."""

    source: str


@pytest.mark.parametrize(
    "make",
    [
        lambda: alt_response(404, Pet),
        lambda: stream(Pet),
        lambda: events(Pet),
        lambda: merge_patch(Pet),
        lambda: envelope("data", Meta, values=lambda *args: {"source": "x"}),
        lambda: sorts(Pet, "name"),
        lambda: searches(Pet, "name"),
        lambda: callback("changed", "{$request.body#/url}", Pet),
        lambda: Webhook("changed", Pet),
        lambda: Channel("pets", events={"added": Pet}),
        lambda: App("shop").render_error(Pet),
        lambda: Versions("v1", "v2").convert(Pet, to="v1"),
    ],
)
def test_what_takes_a_schema_takes_a_class(make: t.Callable[[], object]):
    """Whatever is given a schema can be given an annotated class."""
    assert make() is not None


def test_lists_of_classes_are_paged_sorted_and_narrowed():
    """Marks of lists do with instances what they do with objects of any class."""
    app = App(__name__)

    @app.get("/pets")
    @sparse()
    @sorts(Pet, "name")
    @response(200, list[Pet])
    @paginate(Page)
    def pets() -> list[Pet]:
        return [Pet("Tom"), Pet("Al", 3)]

    client = app.test_client()
    assert client.get("/pets?sort=name").json == [{"name": "Al", "lives": 3}, {"name": "Tom", "lives": 9}]
    assert client.get("/pets?fields=name&page_size=1").json == [{"name": "Tom"}]


def test_etags_are_those_of_the_answer():
    """The tag of an instance is that of its answer, trusted or not."""
    for trusted in (False, True):
        app = App(__name__)
        pet = Pet("Tom")

        @app.route("/pet")
        @etag
        class OnePet(Resource):
            @response(200, Pet, trusted=trusted)
            def get(self) -> Pet:
                return pet  # noqa: B023

            @arguments(Pet)
            @response(200, Pet)
            def put(self, given: Pet) -> Pet:
                check_etag(pet, Pet)  # noqa: B023
                return given

        client = app.test_client()
        tag = client.get("/pet").headers["ETag"]
        assert client.put("/pet", json={"name": "Al"}, headers={"If-Match": tag}).status_code == 200
        assert client.put("/pet", json={"name": "Al"}, headers={"If-Match": '"x"'}).status_code == 412


def test_named_tuples_are_answers():
    """A named tuple is data, not a value with its status; a list of them too."""
    app = App(__name__)

    @app.route("/points")
    class Points(Resource):
        @response(200, list[Point])
        def get(self) -> list[Point]:
            return [Point(1, 2)]

        @arguments(Point)
        @response(200, Point)
        def post(self, point: Point) -> Point:
            return point

    client = app.test_client()
    assert client.get("/points").json == [{"x": 1, "y": 2}]
    assert client.post("/points", json={"x": 404}).json == {"x": 404, "y": 0}


def test_older_versions_convert_classes():
    """A class has older shapes, which are schemas or classes; the handler gets instances of the newest."""
    api = Versions("v1", "v2", "v3")
    pets = Router("pets", url_prefix="/pets")

    @api.convert(Pet, to="v2")
    @dataclasses.dataclass
    class PetV2:
        """A pet, as it was in v2."""

        title: str
        lives: int = 9

        @staticmethod
        def up(data: dict[str, t.Any]) -> dict[str, t.Any]:
            return {"name": data["title"], "lives": data.get("lives", 9)}

        @staticmethod
        def down(data: dict[str, t.Any]) -> dict[str, t.Any]:
            return {"title": data["name"], "lives": data["lives"]}

    @api.convert(PetV2, to="v1")
    class PetV1(schema_of(PetV2)):  # type: ignore[misc]
        """A pet, as it was in v1: in capitals."""

        @staticmethod
        def up(data: dict[str, t.Any]) -> dict[str, t.Any]:
            return {**data, "title": data["title"].lower()}

        @staticmethod
        def down(data: dict[str, t.Any]) -> dict[str, t.Any]:
            return {**data, "title": data["title"].upper()}

    seen: list[Pet] = []

    @pets.route("")
    class Pets(Resource):
        @arguments(Pet)
        @response(200, Pet, trusted=True)
        def post(self, pet: Pet) -> Pet:
            seen.append(pet)
            return pet

    app = App(__name__)
    api.mount(app, pets)
    client = app.test_client()

    assert client.post("/v3/pets", json={"name": "tom"}).json == {"name": "tom", "lives": 9}
    assert client.post("/v2/pets", json={"title": "tom"}).json == {"title": "tom", "lives": 9}
    assert client.post("/v1/pets", json={"title": "TOM"}).json == {"title": "TOM", "lives": 9}
    assert seen == [Pet("tom")] * 3


def test_members_of_instances_are_not_keyword_arguments():
    """``as_kwargs`` needs a mapping: a ``TypedDict`` has one, an instance is refused."""
    app = App(__name__)
    arguments(Meta, as_kwargs=True)
    arguments(schema_of(Pet)(partial=True), as_kwargs=True)
    for given in (Pet, Partial[Pet], cases.PetStruct):
        with pytest.raises(SetupError, match=r"as_kwargs=True of arguments.* passes the members of a mapping"):
            arguments(given, as_kwargs=True)

    @app.get("/sources")
    @arguments(Meta, location="query", as_kwargs=True)
    def sources(source: str) -> t.Any:
        return {"source": source}

    assert app.test_client().get("/sources?source=x").json == {"source": "x"}
