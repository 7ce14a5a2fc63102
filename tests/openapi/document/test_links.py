"""Links: declared at an answer, checked when the application freezes, written into the document."""

from __future__ import annotations

import typing as t

import pytest

from framework import App, Link, Resource, Router, Schema, alt_response, arguments, errors, fields, raises, response
from framework.errors import SetupError
from framework.openapi.document import build


class ToySchema(Schema):
    """A toy."""

    id = fields.Integer(dump_only=True)
    name = fields.String(required=True)


class ToyHeaders(Schema):
    x_shop = fields.String()


class Paging(Schema):
    page = fields.Integer()
    toy_id = fields.Integer()


def make_app(links: t.Any, *, name: str | None = None, variable: str = "toy_id") -> App:
    """An application with links from the answer of POST /toys."""
    app = App("toys")
    toys = Router("toys", url_prefix="/toys")

    @toys.route("")
    class Toys(Resource):
        """All toys."""

        @arguments(Paging, location="query")
        @response(200, ToySchema(many=True))
        def get(self, query):
            """List toys."""

        @arguments(ToySchema)
        @response(201, ToySchema, links=links)
        def post(self, toy):
            """Add a toy."""

    @toys.route(f"/<int:{variable}>")
    class Toy(Resource):
        """One toy."""

        @arguments(ToyHeaders, location="headers")
        @arguments(Paging, location="query")
        @response(200, ToySchema)
        def get(self, headers, query, **values):
            """Show a toy."""

        @response(204)
        def delete(self, **values):
            """Drop a toy."""

    @app.get("/shops/<shop>")
    @response(200, ToySchema)
    def show_shop(shop):
        """Show a shop."""

    app.register_router(toys, **({} if name is None else {"name": name}))
    return app


def links_of(app: App, version: str = "3.1.0", path: str = "/toys", status: str = "201") -> t.Any:
    return build(app, version)["paths"][path]["post"]["responses"][status].get("links")


@pytest.mark.parametrize("version", ["3.2.1", "3.1.0", "3.0.3"])
@pytest.mark.parametrize("target", ["getToy", ".Toy", "toys.Toy"])
def test_a_link_leads_to_an_operation(target: str, version: str) -> None:
    """An operationId, and an endpoint of the same router or in full, are written as the operationId."""
    app = make_app({"toy": Link(target, {"path.toy_id": "$response.body#/id"}, description="The new one.")})

    assert links_of(app, version) == {
        "toy": {
            "operationId": "getToy",
            "parameters": {"path.toy_id": "$response.body#/id"},
            "description": "The new one.",
        }
    }


def test_a_link_may_name_a_class() -> None:
    """A class is found on the router of the answer; the method is GET unless said."""
    app = App("shops")

    class Toy(Resource):
        @response(200, ToySchema)
        def get(self, toy_id):
            """Show."""

        @response(204)
        def delete(self, toy_id):
            """Drop."""

    for name in ("red", "blue"):
        router = Router(name, url_prefix=f"/{name}")
        router.add_resource(Toy, "/<int:toy_id>")

        @router.post("")
        @response(201, ToySchema, links={"toy": Link(Toy, {"toy_id": 1}), "drop": Link(Toy, method="delete")})
        def add():
            """Add."""

        app.register_router(router, name=name)
    links = links_of(app, path="/blue")

    assert links == {
        "toy": {"operationId": "blueGetToy", "parameters": {"toy_id": 1}},
        "drop": {"operationId": "blueDeleteToy"},
    }


def test_a_mere_target_is_a_link() -> None:
    """Where nothing is to be filled in the target is enough; a body may be given too."""
    app = make_app({"all": "getToys", "again": Link("postToys", body="$request.body")})

    assert links_of(app) == {
        "all": {"operationId": "getToys"},
        "again": {"operationId": "postToys", "requestBody": "$request.body"},
    }


def test_a_function_is_linked_by_its_endpoint() -> None:
    """An endpoint of the application has no router in front."""
    app = make_app({"shop": Link("show_shop", {"shop": "main"})})

    assert links_of(app) == {"shop": {"operationId": "showShop", "parameters": {"shop": "main"}}}


def test_parameters_bear_the_names_of_the_document() -> None:
    """A variable that stands under another name in the document has that in links; headers are found in any case."""
    app = make_app({"toy": Link("getOther", {"other": 1, "X-SHOP": "a"})})

    class Other(Resource):
        @arguments(ToyHeaders, location="headers")
        @response(200, ToySchema)
        def get(self, headers, kind, other):
            """Show another."""

    app.add_resource(Other, "/<any(things):kind>/<int:other>")
    app2 = make_app({"toy": Link("putOther", {"other": 1, "header.X-SHOP": "a"})})

    class Put(Resource):
        @arguments(ToyHeaders, location="headers")
        @response(200, ToySchema)
        def put(self, headers, other):
            """Change another."""

    app2.add_resource(Put, "/toys/<int:other>", operation_id="Other")

    with pytest.raises(SetupError, match="X-SHOP"):
        make_app({"toy": Link("deleteToy", {"X-SHOP": "a"})}).freeze()
    assert links_of(app2)["toy"]["parameters"] == {"toy_id": 1, "x-shop": "a"}
    assert links_of(app)["toy"]["parameters"] == {"other": 1, "x-shop": "a"}


@pytest.mark.parametrize(
    ("link", "words"),
    [
        (Link("getTooy"), ["'getTooy'", "Did you mean 'getToy'?", "POST /toys", "test_links.py:"]),
        (Link(".Tooy"), ["'.Tooy'", "the method GET"]),
        (Link(".Toys", method="DELETE"), ["'.Toys'", "the method DELETE"]),
        (Link(Resource), ["leads to Resource"]),
        (Link("getToy", {"id": 1}), ["a parameter 'id'", "GET /toys/<int:toy_id>", "'toy_id'"]),
        (Link("getToy", {"header.page": 1}), ["a parameter 'header.page'"]),
        (Link("postToys", {"page": 1}), ["It has no parameters."]),
    ],
)
def test_a_link_that_leads_nowhere_is_refused(link: Link, words: list[str]) -> None:
    """An unknown operation or parameter is an error at freeze, which says where the link stands."""
    app = make_app({"next": link})
    with pytest.raises(SetupError) as caught:
        app.freeze()

    assert "The link 'next' of POST /toys" in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_a_link_to_one_of_several_is_refused() -> None:
    """A class with two routes that fit alike needs an operationId."""
    app = App("toys")

    class Toy(Resource):
        @response(200, ToySchema)
        def get(self, toy_id):
            """Show."""

    app.add_resource(Toy, "/a/<int:toy_id>", endpoint="a", operation_id="One")
    app.add_resource(Toy, "/b/<int:toy_id>", endpoint="b", operation_id="Two")

    @app.post("/toys")
    @response(201, ToySchema, links={"toy": Toy})
    def add():
        """Add."""

    with pytest.raises(SetupError, match=r"'getOne', 'getTwo'\. Give the operationId that is meant"):
        app.freeze()


@pytest.mark.parametrize(
    "value",
    [
        *("$response.id", "$body", "$", "$request.header.", "$request.body/id", "$response.body#id", "$request.path."),
        *("$request.body#/a~2", "toy {id}", "{$response.body#/id", "$response.body#/id}", "$statuscode"),
    ],
)
def test_what_is_no_expression_is_refused(value: str) -> None:
    """An expression that OpenAPI does not know is an error where the link is made."""
    with pytest.raises(SetupError, match="is not a runtime expression"):
        Link("getToy", {"toy_id": value})
    with pytest.raises(SetupError, match="is not a runtime expression"):
        Link("getToy", body=value)


@pytest.mark.parametrize(
    "value",
    [
        *("$url", "$method", "$statusCode", "$request.body", "$response.body#/a/0/~0b~1c", "$request.header.X-A"),
        *("$request.query.page", "$request.path.toy_id", "a-{$response.body#/id}-{$url}", "", "text", 1, None, ["{"]),
    ],
)
def test_expressions_and_constants_are_taken(value: t.Any) -> None:
    """Runtime expressions, texts with such in braces, and constants go into the document as they are."""
    app = make_app({"toy": Link("getToy", {"path.toy_id": value})})

    assert links_of(app)["toy"]["parameters"] == {"path.toy_id": value}


def test_errors_may_have_links() -> None:
    """An error of the framework that has a link stands with the operation, not among the shared answers."""
    app = App("toys")

    @app.post("/toys")
    @response(201)
    @alt_response(409, errors.Conflict, links={"first": "postToys"})
    @raises(errors.Conflict)
    def toys():
        """Add."""

    app2 = App("toys")

    @app2.post("/toys", operation_id="postToys")
    @response(201)
    @alt_response(409, errors.Conflict, links={"first": "postToys"})
    def toys_too():
        """Add."""

    with pytest.raises(SetupError, match="'postToys'"):
        app.freeze()
    assert links_of(app2, status="409") == {"first": {"operationId": "postToys"}}


def test_a_link_to_what_a_document_lacks_is_left_out() -> None:
    """A hidden target, or one of another document, is nothing that a reader could follow."""
    app = make_app({"toy": Link("getToy", {"path.toy_id": 1}), "all": "getToys"})
    app.add_document("lists", include=lambda operation: operation.endpoint.endswith("Toys"))

    assert set(links_of(app)) == {"toy", "all"}
    assert set(app.document("lists")["paths"]["/toys"]["post"]["responses"]["201"]["links"]) == {"all"}


def test_links_are_on_the_page() -> None:
    """Each leads to the place of its operation there, with what it fills in."""
    app = make_app({"toy": Link("getToy", {"path.toy_id": "$response.body#/id"}, body={"a": 1}, description="It.")})
    page = app.test_client().get("/docs").text

    assert '<p class="label">Links</p>' in page
    assert '<a href="#operation-getToy"><code>getToy</code></a>' in page
    assert "<code>path.toy_id = $response.body#/id</code>, <code>body = {&#34;a&#34;: 1}</code>" in page


def test_links_do_not_touch_the_answer() -> None:
    """An operation with links answers as before, and its contract holds."""
    app = App("toys")

    @app.post("/toys", operation_id="addToy")
    @arguments(ToySchema)
    @response(201, ToySchema, links={"again": "addToy"})
    def add(toy):
        """Add."""
        return {"id": 1, **toy}

    assert app.test_client().post("/toys", json={"name": "ball"}).json == {"id": 1, "name": "ball"}


def test_a_link_leads_to_a_path_with_signs_in_its_converter():
    """The variables of a path are read in one place, for links, the document and explanations."""
    app = App("signs")

    @app.get("/pets/<any('<5', '>=5'):age>")
    @response(200, ToySchema)
    def pets_of(age):
        """Show the pets of an age."""

    @app.get("/toy")
    @response(200, ToySchema, links={"pets": Link("pets_of", {"age": "<5"})})
    def toy():
        """Show a toy."""

    document = app.openapi

    assert "/pets/{age}" in document["paths"]
    assert document["paths"]["/pets/{age}"]["get"]["parameters"][0]["schema"]["enum"] == ["<5", ">=5"]
