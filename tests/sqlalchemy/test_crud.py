"""``crud``: the operations of a model, over five kinds of models, on PostgreSQL and SQLite."""

from __future__ import annotations

import importlib.util
import sys

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy import orm
from sqlalchemy.dialects.postgresql import JSONB

from framework import App
from framework.errors import SetupError
from framework.sqlalchemy import Database, crud, eject
from tests.sqlalchemy import cruds
from tests.sqlalchemy.cruds import LogEntry, Owner, make_app


@pytest.fixture(scope="module", params=["crud-postgresql", "crud-sqlite", "ejected-postgresql", "ejected-sqlite"])
def served(request, tmp_path_factory):
    """All five models, on each database: with ``crud``, and with what ``framework eject`` prints of it."""
    road, _, database = request.param.partition("-")
    routers = {name: getattr(cruds, name) for name in cruds.ROUTERS}
    if road == "ejected":
        routers = {name: imported(eject(each), tmp_path_factory.mktemp(name)) for name, each in routers.items()}
    app = make_app(request.getfixturevalue("postgres_url") if database == "postgresql" else "sqlite://", routers)
    yield app
    app.shutdown()


@pytest.fixture
def app(served):
    """The same, with empty tables."""
    with served.provide(served.db.engine) as engine:
        cruds.Base.metadata.drop_all(engine)
        cruds.Base.metadata.create_all(engine)
    return served


def imported(text, folder):
    """Return the router of printed code, from a module in a folder."""
    file = folder / "printed.py"
    file.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(f"printed_{folder.name}", file)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.router


@pytest.fixture
def client(app):
    """A client that holds each answer to the document."""
    return app.test_client()


def tag_of(client, path):
    """The headers that name the current version."""
    return {"If-Match": client.get(path).headers["ETag"]}


def test_the_life_of_a_row(client):
    """A row is added, shown, listed, changed, replaced and deleted."""
    made = client.post("/animals", json={"name": "Rex", "kind": "DOG", "price": "12.50"})
    path = made.headers["Location"]

    assert (made.status_code, path) == (201, "/animals/1")
    assert made.json == {"id": 1, "name": "Rex", "kind": "DOG", "price": "12.50", "owner_id": None}
    assert client.get(path).json == made.json
    assert client.get("/animals").json == [made.json]
    changed = client.patch(path, json={"name": "Max"}, headers=tag_of(client, path))
    assert changed.json == {**made.json, "name": "Max"}
    whole = {"name": "Tom", "kind": "CAT", "price": None, "owner_id": None}
    assert client.put(path, json=whole, headers=tag_of(client, path)).json == {"id": 1, **whole}
    assert client.delete(path, headers=tag_of(client, path)).status_code == 204
    assert client.get(path).status_code == 404


def test_updates_are_not_lost(client):
    """A write names the version that it means: without it 428, with another one 412."""
    path = client.post("/owners", json={"name": "Ann"}).headers["Location"]
    tag = tag_of(client, path)

    assert client.patch(path, json={"name": "Bea"}).status_code == 428
    first = client.patch(path, json={"name": "Bea"}, headers=tag)
    assert first.status_code == 200
    assert client.patch(path, json={"name": "Eve"}, headers=tag).status_code == 412
    assert client.put(path, json={"name": "Eve"}, headers=tag).status_code == 412
    assert client.delete(path, headers=tag).status_code == 412
    assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert client.get(path).json["name"] == "Bea"


def test_a_write_that_is_overtaken_is_a_412(app, client):
    """A row that changes between the comparison and the write is a 412 too."""
    path = client.post("/owners", json={"name": "Ann"}).headers["Location"]
    tag = tag_of(client, path)
    change = sa.update(Owner).values(version=Owner.version + 1)

    def overtake(session, *_):
        if session.get_bind().dialect.name == "postgresql":
            with app.provide(app.db.engine) as engine, engine.begin() as other:
                other.execute(change)
        else:
            session.connection().execute(change)

    sa.event.listen(app.db.make_session, "before_flush", overtake)
    try:
        answers = [client.patch(path, json={"name": "Bea"}, headers=tag), client.delete(path, headers=tag)]
    finally:
        sa.event.remove(app.db.make_session, "before_flush", overtake)

    assert [each.status_code for each in answers] == [412, 412]
    assert answers[0].json["detail"] == "The resource has changed since that version. Fetch it again."


def test_an_unversioned_row_that_is_removed_meanwhile_is_a_404(app, client):
    """Without a version an update overwrites, and only a row that another request has removed is not found."""
    path = client.post("/log-entries", json={"text": "a"}).headers["Location"]

    def overtake(session, *_):
        session.connection().execute(sa.delete(LogEntry))

    sa.event.listen(app.db.make_session, "before_flush", overtake)
    try:
        answer = client.patch(path, json={"text": "b"})
    finally:
        sa.event.remove(app.db.make_session, "before_flush", overtake)

    assert answer.status_code == 404


def test_the_list_is_narrowed(client):
    """Pages, filters, orders, searches and members of the list, each where it was declared."""
    for name, kind in (("Rex", "DOG"), ("Tom", "CAT"), ("Max", "DOG")):
        client.post("/animals", json={"name": name, "kind": kind})

    def names(query):
        return [each["name"] for each in client.get(f"/animals?{query}").json]

    assert names("kind=DOG&sort=name") == ["Max", "Rex"]
    assert names("name__contains=x&sort=-name") == ["Rex", "Max"]
    assert names("q=tom") == ["Tom"]
    assert names("page=2&page_size=2") == ["Max"]
    assert client.get("/animals?fields=name").json[0] == {"name": "Rex"}
    assert client.get("/animals/1?fields=kind").json == {"kind": "DOG"}
    assert client.get("/owners?name=x", headers={}).status_code == 422


def test_a_composite_key(client):
    """The columns of a key are parts of the path, are written once, and must be unique."""
    made = client.post("/stocks", json={"place": "attic", "number": 7})

    assert (made.headers["Location"], made.json["amount"]) == ("/stocks/attic/7", 0)
    assert client.post("/stocks", json={"place": "attic", "number": 7}).json["code"] == "already_exists"
    headers = tag_of(client, "/stocks/attic/7")
    assert client.patch("/stocks/attic/7", json={"number": 8}, headers=headers).status_code == 422
    assert client.patch("/stocks/attic/7", json={"amount": 3}, headers=headers).json["amount"] == 3
    assert client.get("/stocks/attic/8").status_code == 404
    assert client.get("/stocks/a-very-long-place/8").status_code == 404
    assert client.get("/stocks/attic/99999999999").status_code == 404


def test_constraints_and_ranges(client):
    """A pair that exists and a reference to nothing are 409s that name the member; what no column holds is a 422."""
    client.post("/seats", json={"row": 1, "place": 2})

    assert client.post("/seats", json={"row": 1, "place": 2}).json["errors"] == {
        "json": {"place": ["This seat exists."]}
    }
    assert client.post("/seats", json={"row": 2**31, "place": 2}).status_code == 422
    animal = {"name": "Rex", "kind": "DOG"}
    assert client.post("/animals", json={**animal, "owner_id": 9}).json["code"] == "reference_violated"
    assert client.post("/animals", json={**animal, "kind": "COW"}).status_code == 422
    assert client.post("/animals", json={**animal, "price": "10000.00"}).status_code == 422
    assert client.post("/animals", json={**animal, "name": "x" * 21}).status_code == 422
    client.post("/owners", json={"name": "Ann"})
    client.post("/animals", json={**animal, "owner_id": 1})
    assert client.delete("/owners/1", headers=tag_of(client, "/owners/1")).json["code"] == "reference_violated"


@pytest.mark.parametrize(
    "path",
    ["/stocks/a%00b/1", "/stocks/%F0%9F%98%80/1", "/stocks/%ff/1", "/animals?q=%00", "/animals?name=%00", "/seats/0"],
)
def test_no_path_is_an_error_of_the_database(client, path):
    """What no database has is not found, or refused: never a 500."""
    assert client.get(path).status_code in (200, 400, 404, 422)


@pytest.mark.parametrize("place", ["", "a/b", ".", "..", "a\x00b", "x" * 11])
def test_a_key_is_a_part_of_a_path(client, place):
    """A text that no path has is refused as a key: its row could not be reached."""
    assert client.post("/stocks", json={"place": place, "number": 1}).status_code == 422


def test_moments_that_no_zone_has_are_refused(postgres):
    """A moment that has no date in some time zone would make the row unreadable, and all lists with it."""
    metadata = sa.MetaData()

    class Moment(orm.declarative_base(metadata=metadata)):
        __tablename__ = "moment"

        id = orm.mapped_column(sa.Integer, primary_key=True)
        at = orm.mapped_column(sa.DateTime(timezone=True), nullable=False)
        number = orm.mapped_column(sa.SmallInteger)
        data = orm.mapped_column(sa.JSON().with_variant(JSONB, "postgresql"))

    app = App("moments")
    db = Database(postgres, metadata=metadata)
    names = ["at", "number", "data"]
    app.register_router(crud(Moment, db, shown=names, writable=names, versioned=False, filter_by={"number": "eq"}))
    with app.provide(db.engine) as engine:
        metadata.create_all(engine)
    client = app.test_client()
    good = "2020-01-01T00:00:00+00:00"

    for at in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        assert client.post("/moments", json={"at": at}).status_code == 422
    assert client.post("/moments", json={"at": good, "data": {"a": "\x00"}}).json["code"] == "rule_violated"
    assert client.post("/moments", json={"at": good, "number": 2**15}).status_code == 422
    assert client.post("/moments", json={"at": good, "data": {"a": 1}}).status_code == 201
    assert client.get("/moments?number=99999").json == []
    assert len(client.get("/moments").json) == 1
    app.shutdown()


def test_only_what_is_listed_is_written(client, app):
    """A column that is not writable, the version included, is refused and never shown."""
    for name in ("secret", "version", "id"):
        assert client.post("/owners", json={"name": "Ann", name: "1"}).status_code == 422
    assert client.post("/owners", json={"name": "Ann"}).json == {"id": 1, "name": "Ann"}


def test_without_a_version(client):
    """A model without a version column says so, and its updates need no condition."""
    client.post("/log-entries", json={"text": "a"})

    assert client.patch("/log-entries/1", json={"text": "b"}).json == {"id": 1, "text": "b"}
    assert client.put("/log-entries/1", json={"text": None}).json == {"id": 1, "text": None}
    assert client.put("/log-entries/1", json={}).status_code == 422
    assert client.delete("/log-entries/1").status_code == 204


def test_the_document_has_no_fault(app):
    """The linter of the framework, with advice counted, finds nothing."""
    from framework.cli import FrameworkGroup

    group = FrameworkGroup(create_app=lambda: app)
    ran = CliRunner().invoke(group, ["openapi", "check", "--strict"])

    assert (ran.exit_code, ran.output) == (0, "Nothing to mend.\n")


def test_parts_marks_and_operations(client):
    """Each part has a method, each operation its marks, and operations may be left out."""
    assert client.post("/other", json={"text": "a"}).json == {"id": 1, "text": "A"}
    client.post("/other", json={"text": "hidden"})
    assert [each["text"] for each in client.get("/other").json] == ["A"]
    assert client.get("/other/2").status_code == 404
    assert client.post("/other", json={"text": "bad"}, headers={}).status_code == 403
    assert client.delete("/other/1").status_code == 401
    headers = {"Authorization": "Bearer good"}
    assert client.delete("/other/2", headers=headers).status_code == 404
    assert client.delete("/other/1", headers=headers).status_code == 204
    assert client.patch("/other/1", json={"text": "b"}).status_code == 405


@pytest.mark.parametrize(
    "options,text",
    [
        ({"shown": ["id"]}, "no version column"),
        ({"versioned": False}, "does not say what its answers show"),
        ({"versioned": False, "shown": ["ids"]}, "'ids', which is not a column. Columns: id, text"),
        ({"versioned": False, "shown": ["id"], "operations": ["lists"]}, "unknown operation 'lists'"),
    ],
)
def test_mistakes_are_named(options, text):
    """What crud cannot know is asked for."""
    with pytest.raises(SetupError, match=text):
        crud(LogEntry, Database("sqlite://"), writable=["text"], **options)


def test_what_is_not_a_model_is_refused():
    """A class that is not mapped is named."""
    with pytest.raises(SetupError, match="not a mapped class"):
        crud(App, Database("sqlite://"), writable=[], shown=[])
