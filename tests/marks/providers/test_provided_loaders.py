"""Loaders that are providers: ``loads`` with a function that has ``provides`` above it."""

import asyncio
import collections

import pytest

from framework import (
    App,
    Resource,
    Router,
    Schema,
    arguments,
    etag,
    fields,
    loads,
    permission,
    provider,
    provides,
    response,
    stream,
)
from framework.errors import Gone, SetupError
from framework.marks.providers import path_variable


class PetSchema(Schema):
    id = fields.Integer()
    owner = fields.String()


PETS = {1: {"id": 1, "owner": "ann", "version": 3}, 2: {"id": 2, "owner": "bob", "version": 1}}
seen = collections.deque(maxlen=20)


@pytest.fixture(autouse=True)
def fresh():
    seen.clear()


def open_session():
    seen.append("opened")
    try:
        yield PETS
    except BaseException:
        seen.append("rolled back")
        raise
    seen.append("committed")


@provides(open_session)
def find_pet(session, pet_id: int) -> dict[str, object] | None:
    return session.get(pet_id)


def make_app(handler, path="/pets/<int:pet_id>", **more):
    app = App("pets")
    app.add_url_rule(path, "pet", handler, **more)
    return app


def test_a_loader_takes_values_of_providers():
    """A loader gets the session and the variable of the path, and the handler the object."""

    @loads(find_pet)
    @response(200, PetSchema)
    def show(pet: dict[str, object]):
        seen.append("handler")
        return {"id": pet["id"], "owner": pet["owner"]}

    client = make_app(show).test_client()
    assert client.get("/pets/2").json == {"id": 2, "owner": "bob"}
    assert list(seen) == ["opened", "handler", "committed"]


def test_a_handler_shares_the_session_of_the_loader():
    """The loader and the handler have the same value of a request, opened once."""

    @provides(open_session)
    @loads(find_pet)
    @response(200)
    def show(session, pet):
        return {"same": session[pet["id"]] is pet}

    assert make_app(show).test_client().get("/pets/1").json == {"same": True}
    assert list(seen) == ["opened", "committed"]


def test_nothing_found_is_the_error_of_the_mark():
    """``None`` from a loader with values is a 404, or what ``error=`` says, and the session is rolled back."""

    @loads(find_pet, error=Gone)
    @response(200)
    def show(pet):
        raise AssertionError("called without an object")

    assert make_app(show).test_client().get("/pets/9").status_code == 410
    assert list(seen) == ["opened", "rolled back"]


def test_permissions_and_versions_look_at_the_object():
    """A permission, and ``etag`` by a version, get the object before the handler is called."""
    router = Router("pets", url_prefix="/pets/<int:pet_id>", marks=[loads(find_pet, as_kwarg="pet")])

    @router.route("")
    class Pet(Resource):
        @permission(lambda user, pet: pet["owner"] == "ann")
        @etag(version=lambda pet: pet["version"])
        @response(200, PetSchema)
        def get(self, pet):
            return {"id": pet["id"], "owner": pet["owner"]}

        @permission(lambda user, pet: pet["owner"] == "ann")
        @response(204)
        def delete(self):
            seen.append("deleted")

    app = App("pets")
    app.register_router(router)
    client = app.test_client()
    tag = client.get("/pets/1").headers["ETag"]
    assert client.get("/pets/1", headers={"If-None-Match": tag}).status_code == 304
    assert client.get("/pets/2").status_code == 403
    seen.clear()
    assert client.delete("/pets/2").status_code == 403
    assert client.delete("/pets/1").status_code == 204
    assert list(seen) == ["opened", "rolled back", "opened", "deleted", "committed"]


def test_inputs_are_checked_before_anything_is_opened():
    """A request that is refused for its body opens no session for the loader."""

    @arguments(PetSchema)
    @loads(find_pet)
    @response(200)
    def change(data, pet):
        return {"id": pet["id"], "data": data}

    client = make_app(change, methods=["PUT"]).test_client()
    assert client.put("/pets/1", json={"id": "one"}).status_code == 422
    assert list(seen) == []
    assert client.put("/pets/1", json={"id": 5}).json == {"id": 1, "data": {"id": 5}}


def test_a_whole_provider_is_a_loader():
    """A provider that names its variable of the path by itself can be given to ``loads`` as it is."""

    @provides(open_session)
    @provides(path_variable("pet_id", int))
    def find(session, pet_id):
        return session.get(pet_id)

    @loads(find)
    @response(200)
    def show(pet):
        return {"id": pet["id"]}

    client = make_app(show).test_client()
    assert (client.get("/pets/1").json, client.get("/pets/7").status_code) == ({"id": 1}, 404)


def test_an_override_takes_the_place_of_a_loader():
    """Tests replace the loader, or what it takes, as any provider."""

    @loads(find_pet)
    @response(200)
    def show(pet):
        return {"id": pet["id"]}

    app = make_app(show)
    with app.override(open_session, lambda: {4: {"id": 4}}):
        assert app.test_client().get("/pets/4").json == {"id": 4}
    with app.override(find_pet, lambda: {"id": 8}):
        assert app.test_client().get("/pets/1").json == {"id": 8}
    assert app.test_client().get("/pets/4").status_code == 404


def test_asynchronous_loaders():
    """``async def`` loaders and sessions work in handlers of both colours, under both protocols."""

    async def open_async():
        seen.append("opened")
        await asyncio.sleep(0)
        yield PETS
        seen.append("committed")

    @provides(open_async)
    async def find(session, pet_id: int):
        await asyncio.sleep(0)
        return session.get(pet_id)

    @loads(find)
    @response(200)
    async def show(pet):
        return {"id": pet["id"]}

    app = make_app(show)

    async def ask():
        async with app.async_test_client() as client:
            return [(await client.get(f"/pets/{number}")).status_code for number in (1, 9)]

    assert app.test_client().get("/pets/2").json == {"id": 2}
    assert asyncio.run(ask()) == [200, 404]
    assert list(seen)[:4] == ["opened", "committed", "opened", "committed"]


def test_a_stream_has_an_object_of_its_time():
    """A generator gets an object of the session that is open while its parts are sent."""

    @loads(find_pet)
    @stream()
    def show(pet):
        seen.append("part")
        yield {"id": pet["id"]}

    with make_app(show).test_client().get("/pets/1") as reply:
        assert reply.text.strip() == '{"id":1}'
    assert list(seen) == ["opened", "committed", "opened", "part", "committed"]


def test_a_variable_that_the_path_has_not_is_refused():
    """A parameter that is neither provided nor a variable of the path is found when the application freezes."""

    @loads(find_pet)
    @response(200)
    def show(pet):
        return pet

    with pytest.raises(SetupError, match="pet_id"):
        make_app(show, path="/pet").freeze()


def test_loaders_of_the_process_scope():
    """A loader may take a value that lives as long as the process."""

    @provider(scope="application")
    def table():
        return PETS

    @provides(table)
    def find(pets, pet_id: int):
        return pets.get(pet_id)

    @loads(find, as_kwarg="pet")
    @response(200)
    def show(pet_id, pet):
        return {"id": pet_id, "owner": pet["owner"]}

    client = make_app(show).test_client()
    assert client.get("/pets/1").json == {"id": 1, "owner": "ann"}
    assert client.get("/pets/5").status_code == 404


def test_a_handler_of_another_type_is_refused():
    """A handler that takes another class than the loader finds is refused at start; ``None`` never reaches it."""

    @loads(find_pet)
    @response(200)
    def show(pet: int):
        return pet

    with pytest.raises(SetupError, match="takes 'pet' as int"):
        make_app(show).freeze()
