"""Tools by the official client: what is listed, what calls give, who may call."""

from __future__ import annotations

import json

import pytest
from mcp import MCPError

from tests.browsers import served
from tests.mcp.shop import ask, make_app, served_by_uvicorn


@pytest.fixture(scope="module", params=[served, served_by_uvicorn], ids=["wsgi", "asgi"])
def url(request):
    """The address of the application, by a WSGI server in threads and by an ASGI server."""
    with request.param(make_app()) as address:
        yield address


def listed(url, token="ann"):
    """Return the tools of a client by name."""

    async def work(client):
        return {each.name: each for each in (await client.list_tools()).tools}

    return ask(url, work, token)


def called(url, name, arguments=None, token="ann", **headers):
    """Call a tool; its result."""

    async def work(client):
        try:
            return await client.call_tool(name, arguments or {})
        except MCPError as error:
            return error

    return ask(url, work, token, **headers)


def test_only_marked_operations_are_tools(url):
    """The list has the operations with the mark, and no other."""
    assert sorted(listed(url)) == ["delete_pet", "get_pet", "get_pets", "post_pets", "scarce", "waiting"]


def test_a_tool_is_described_by_the_document(url):
    """Name, title, description and both schemas are those of the operation, and need no document around them."""
    made = listed(url)["post_pets"]
    assert (made.title, made.description) == ("Add a pet.", "Add a pet.\n\nIts name need not be unique.")
    schema = made.input_schema
    assert set(schema["properties"]) == {"idempotency_key", "name", "note", "born"}
    assert schema["required"] == ["name"]
    assert schema["additionalProperties"] is False
    text = json.dumps([schema, made.output_schema])
    assert "#/components" not in text
    assert made.output_schema["$ref"].removeprefix("#/$defs/") in made.output_schema["$defs"]


def test_hints_follow_method_and_marks(url):
    """A GET only reads, a DELETE destroys and may be repeated, a POST may be repeated where it is idempotent."""
    tools = listed(url)
    hints = {name: tools[name].annotations for name in ("get_pet", "delete_pet", "post_pets")}
    assert {
        name: (each.read_only_hint, each.destructive_hint, each.idempotent_hint) for name, each in hints.items()
    } == {
        "get_pet": (True, False, True),
        "delete_pet": (False, True, True),
        "post_pets": (False, False, True),
    }


def test_a_call_gives_the_answer_as_text_and_as_a_value(url):
    """The result has the body of the answer, twice, and the tag of its version."""
    result = called(url, "get_pet", {"pet_id": 3})
    assert not result.is_error
    assert result.structured_content["name"] == "pet 3"
    assert json.loads(result.content[0].text) == result.structured_content
    assert result.content[1].text.startswith('ETag: "')


def test_an_asynchronous_operation_is_called_too(url):
    """An ``async def`` handler is a tool like another, and knows the caller."""
    assert called(url, "waiting", token="bob").structured_content == {"user": "bob"}


def test_errors_of_the_api_are_results(url):
    """A 404, a 422 and an unknown argument are results that say so, as the problem object."""
    for name, arguments, status in (
        ("get_pet", {"pet_id": 99}, 404),
        ("post_pets", {"name": 7}, 422),
        ("get_pet", {"pet_id": 1, "x": 2}, 400),
        ("get_pet", {}, 400),
        ("get_pet", {"pet_id": "1/../2"}, 404),
    ):
        result = called(url, name, arguments)
        assert (result.is_error, result.structured_content["status"]) == (True, status), (name, arguments)


def test_a_path_value_leads_to_no_other_operation():
    """A value that is the path of an operation without the mark is not found."""
    from framework import App, fields, public, response
    from framework.mcp import tool

    app = App(__name__)
    app.config["MCP_PATH"] = "/mcp"

    @app.get("/pages/<name>")
    @tool(name="page")
    @public
    @response(200, {"of": fields.String()})
    def page(name):
        return {"of": name}

    @app.get("/pages/secret")
    @public
    @response(200, {"of": fields.String()})
    def secret():
        return {"of": "never"}

    with served(app) as address:
        assert called(address, "page", {"name": "a b?#ü%2F"}).structured_content == {"of": "a b?#ü%2F"}
        assert called(address, "page", {"name": "secret"}).is_error


def test_variables_of_the_path_have_their_own_names():
    """Two operations on one path whose rules name its variable differently are two tools, each with its argument."""
    from framework import App, fields, public, response
    from framework.mcp import tool

    app = App(__name__)
    app.config["MCP_PATH"] = "/mcp"

    @app.get("/pets/<int:id>")
    @tool(name="show")
    @public
    @response(200, {"of": fields.Integer()})
    def show(id):
        return {"of": id}

    @app.put("/pets/<int:pet_id>")
    @tool(name="change")
    @public
    @response(200, {"of": fields.Integer()})
    def change(pet_id):
        return {"of": -pet_id}

    with served(app) as address:
        names = {name: list(each.input_schema["properties"]) for name, each in listed(address).items()}
        assert names == {"show": ["id"], "change": ["pet_id"]}
        assert called(address, "show", {"id": 7}).structured_content == {"of": 7}
        assert called(address, "change", {"pet_id": 7}).structured_content == {"of": -7}


def test_the_list_has_what_the_caller_may_call(url):
    """Tools whose scopes the credentials lack are left out; without credentials the public ones remain."""
    assert sorted(listed(url, "bob")) == ["get_pet", "get_pets", "scarce", "waiting"]
    assert sorted(listed(url, None)) == ["get_pet"]


def test_a_call_without_the_scope_is_a_403_of_http(url):
    """The challenge of the operation reaches the client, which can then ask for more scopes."""
    for token, status in (("bob", 403), (None, 401)):
        refused = called(url, "delete_pet", {"pet_id": 2}, token)
        assert isinstance(refused, MCPError)
        assert refused.error.data["status"] == status


def test_a_limit_counts_calls(url):
    """The limit of the operation holds, and the result says when to try again."""
    results = [called(url, "scarce") for _ in range(3)]
    assert [each.is_error for each in results] == [False, False, True]
    assert results[2].structured_content["status"] == 429
    assert results[2].content[1].text.startswith("Retry-After: ")


def test_an_idempotency_key_is_an_argument(url):
    """A call that is repeated with the same key is performed once."""
    arguments = {"name": "Rex", "idempotency_key": '"8e03978e"'}
    first, second = called(url, "post_pets", arguments), called(url, "post_pets", arguments)
    assert first.structured_content == second.structured_content
    assert not first.is_error
    assert called(url, "post_pets", {"name": "Rex"}).structured_content["id"] == first.structured_content["id"] + 1


def test_answers_are_kept_small(url):
    """The mark chooses members, and the most items of a page."""
    result = called(url, "get_pets")
    assert [sorted(each) for each in result.structured_content] == [["id", "name"]] * 5
    assert len(called(url, "get_pets", {"page_size": 2, "page": 2}).structured_content) == 2
    assert called(url, "get_pets", {"page_size": 6}).is_error


def test_a_long_answer_is_an_error():
    """An answer of more bytes than the setting allows is not sent, and the text says what to do."""
    with served(make_app(MCP_MAX_RESULT=100)) as address:
        result = called(address, "get_pets")
    assert result.is_error
    assert "more than 100 bytes" in result.structured_content["detail"]


def test_the_list_has_pages(monkeypatch):
    """A long list is given in pages, by a cursor that goes on after the last name."""
    from framework.mcp import _server

    monkeypatch.setattr(_server, "PAGE", 2)

    async def work(client):
        names, cursor = [], None
        while True:
            page = await client.list_tools(cursor=cursor)
            names.append([each.name for each in page.tools])
            cursor = page.next_cursor
            if cursor is None:
                return names

    with served(make_app()) as address:
        assert ask(address, work) == [["delete_pet", "get_pet"], ["get_pets", "post_pets"], ["scarce", "waiting"]]
