"""Several documents of one application: what stands in each, where each is served, and what does not mix."""

from __future__ import annotations

import json
import logging
import typing as t

import pytest
import yaml
from click.testing import CliRunner

from framework import App, Resource, Router, Schema, abort, arguments, doc, errors, fields, raises, response
from framework.cli import FrameworkGroup
from framework.errors import ContractViolation, OperationIdConflict, SetupError
from framework.openapi.document import build, built
from framework.openapi.lint import check


class PetSchema(Schema):
    """A pet."""

    name = fields.String(required=True)


class UserSchema(Schema):
    """Who may log in."""

    login = fields.String(required=True)


class UserMissing(errors.NotFound):
    """No user has this id."""


def make_app(**config: t.Any) -> App:
    """An application with pets for all, and users for the staff."""
    app = App("shop")
    app.config.update(API_TITLE="Shop", **config)
    pets = Router("pets", url_prefix="/pets", description="All about pets.")
    users = Router("users", url_prefix="/users", description="All about users.")

    @pets.route("")
    class Pets(Resource):
        """All pets."""

        @response(200, PetSchema(many=True))
        def get(self):
            """List pets."""
            return [{"name": "Rex"}]

    @users.route("/<int:user_id>")
    class User(Resource):
        """One user."""

        @response(200, UserSchema)
        @raises(UserMissing)
        def get(self, user_id):
            """Show a user."""
            return {"login": "ann"} if user_id < 5 else abort(UserMissing("None."))

        @arguments(UserSchema)
        @response(200, UserSchema)
        def put(self, user, user_id):
            """Change a user."""
            return {"login": "ann", "more": 1} if user_id < 5 else (user, 201)

    @app.get("/health")
    @doc(hidden=True)
    @response(204)
    def health():
        """Tell."""

    users.webhook("userGone", UserSchema)
    pets.webhook("petSold", PetSchema)
    app.register_router(pets)
    app.register_router(users)
    return app


def paths(document: t.Any) -> list[str]:
    return list(document["paths"])


@pytest.fixture
def app() -> App:
    app = make_app()
    app.add_document("default", routers=["pets"], webhooks=["petSold"])
    app.add_document(
        "staff",
        routers=["users"],
        settings={"API_TITLE": "Shop, for the staff", "API_VERSION": "7.0.0", "OPENAPI_VERSION": "3.0.3"},
    )
    return app


def test_documents_hold_what_they_choose(app: App) -> None:
    """Routers choose operations, tags, components, webhooks; settings of its own win over the application's."""
    public, staff = app.openapi, app.document("staff")

    assert (paths(public), paths(staff)) == (["/pets"], ["/users/{user_id}"])
    assert (public["info"]["title"], staff["info"]["title"]) == ("Shop", "Shop, for the staff")
    assert (public["info"]["version"], staff["info"]["version"]) == ("1.0.0", "7.0.0")
    assert (public["openapi"], staff["openapi"]) == ("3.1.0", "3.0.3")
    assert [tag["name"] for tag in staff["tags"]] == ["users"]
    assert "User" in staff["components"]["schemas"]
    assert "User" not in public["components"]["schemas"]
    assert (list(public["webhooks"]), list(staff["x-webhooks"])) == (["petSold"], ["userGone"])


def test_each_document_is_served(app: App) -> None:
    """JSON, YAML, pages and their files are below the document's path, and speak of it alone."""
    client = app.test_client()
    page = client.get("/staff/docs")

    assert client.get("/staff/openapi.json").json == app.document("staff")
    assert yaml.safe_load(client.get("/staff/openapi.yaml").data) == app.document("staff")
    assert client.get("/openapi.json").json == app.openapi
    assert "<title>Shop, for the staff</title>" in page.text
    assert 'data-url="/staff/openapi.json"' in client.get("/staff/docs/swagger").text
    for line in page.text.split('"'):
        if line.startswith("/") and "static" in line:
            assert line.startswith("/staff/docs/static/")
            with client.get(line) as file:
                assert file.status_code == 200
    assert "List pets" not in page.text
    assert "Show a user" in page.text
    assert "user_missing" in client.get("/staff/docs/errors/").text
    assert "user_missing" not in client.get("/docs/errors/").text
    assert '<a href="/staff/docs#operation-getUser">' in client.get("/staff/docs/errors/user_missing").text


def test_examples_show_the_type_that_is_sent(app: App) -> None:
    """The type of a problem is the application's, in whichever document it stands."""
    reply = app.test_client().get("/users/9").json
    content = app.document("staff")["paths"]["/users/{user_id}"]["get"]["responses"]["404"]["content"]
    examples = content["application/problem+json"]["examples"]

    assert reply["type"] == examples["user_missing"]["value"]["type"] == "/docs/errors/user_missing"


def test_the_contract_holds_for_each(app: App) -> None:
    """What stands in another document, in several or in none is checked like all else."""
    client = app.test_client()

    assert client.get("/users/1").json == {"login": "ann"}
    assert client.get("/health").status_code == 204
    with pytest.raises(ContractViolation, match="more"):
        client.put("/users/1", json={"login": "ann"})
    with pytest.raises(ContractViolation, match="201"):
        client.put("/users/9", json={"login": "ann"})


def test_a_function_chooses_operations() -> None:
    """An operation may stand in several documents or in none; a hidden one is in no document."""
    app = make_app()
    app.add_document("reads", include=lambda operation: operation.method == "GET")
    app.add_document("none", include=lambda operation: False)
    app.add_document("both", include=lambda operation: operation.method == "GET", routers=[app.routers["users"]])

    assert paths(app.openapi) == ["/pets", "/users/{user_id}"]
    assert paths(app.document("reads")) == ["/pets", "/users/{user_id}"]
    assert list(app.document("reads")["paths"]["/users/{user_id}"]) == ["get", "summary"]
    assert paths(app.document("none")) == []
    assert paths(app.document("both")) == ["/users/{user_id}"]
    assert "webhooks" not in app.document("reads")
    assert list(app.document("both")["webhooks"]) == ["userGone"]


def test_versions_may_share_a_path_and_an_id() -> None:
    """Two operations that only a host tells apart stand in two documents, with one operationId."""
    app = App("shop", host_matching=True, static_folder=None)
    for name in ("v1", "v2"):

        @app.get("/pets", host=f"{name}.shop.invalid", endpoint=f"pets_{name}", operation_id="listPets")
        @response(200, PetSchema(many=True), description=name)
        def pets():
            """List pets."""
            return []

    with pytest.raises(OperationIdConflict):
        app.freeze()
    app.add_document("default", include=lambda operation: operation.endpoint != "pets_v1")
    app.add_document("v1", include=lambda operation: operation.endpoint == "pets_v1")
    found = [each["paths"]["/pets"]["get"] for each in (app.openapi, app.document("v1"))]

    assert [each["operationId"] for each in found] == ["listPets", "listPets"]
    assert [each["responses"]["200"]["description"] for each in found] == ["v2", "v1"]


def test_paths_follow_the_application() -> None:
    """What the application does not serve no document serves; a document may have paths and prefixes of its own."""
    app = make_app(OPENAPI_YAML_PATH=None, DOCS_PATH="/api/docs")
    app.add_document("staff", path="/internal/")
    app.add_document("more", settings={"OPENAPI_JSON_PATH": "/more.json", "DOCS_PATH": None})
    client = app.test_client()
    status = {
        path: client.get(path).status_code
        for path in (
            *("/internal/openapi.json", "/internal/openapi.yaml", "/internal/api/docs", "/staff/docs"),
            *("/more.json", "/more/api/docs", "/api/docs"),
        )
    }

    assert [path for path, code in status.items() if code == 200] == [
        *("/internal/openapi.json", "/internal/api/docs", "/more.json", "/api/docs")
    ]


def test_documents_are_kept_until_a_setting_changes(app: App) -> None:
    """Each is built once; a setting of the application makes them anew."""
    first = built(app, app.documents["staff"])
    again = built(app, app.documents["staff"])
    app.config["API_DESCRIPTION"] = "Else."

    assert first is again
    assert app.document("staff")["info"]["description"] == "Else."


@pytest.mark.parametrize(
    ("add", "words"),
    [
        (lambda app: (app.add_document("a"), app.add_document("a")), "There is a document 'a' already"),
        (
            lambda app: (app.add_document("default", routers=["pets"]), app.add_document("default")),
            "There is a document 'default' already",
        ),
        (lambda app: app.add_document("a b"), "Invalid document name: 'a b'"),
        (lambda app: app.add_document("a", settings={"DEBUG": True}), "cannot have its own setting 'DEBUG'"),
        (lambda app: (app.add_document("a", webhooks=["x"]), app.freeze()), "names a webhook 'x'.* petSold, userGone"),
        (
            lambda app: (app.add_document("a", path="/docs"), app.add_document("b", path="/docs"), app.freeze()),
            "'/docs",
        ),
        (lambda app: (app.add_document("a", path=""), app.freeze()), "'/openapi.json' answers there"),
    ],
)
def test_what_cannot_be_is_refused(add: t.Any, words: str) -> None:
    """Names, settings and places that are taken or are none are errors before the first answer."""
    with pytest.raises(SetupError, match=words):
        add(make_app())


def test_a_document_closes_with_the_structure() -> None:
    """After the first request none can be added."""
    app = make_app()
    app.freeze()

    with pytest.raises(errors.SetupFinished):
        app.add_document("late")


# Commands


@pytest.fixture
def invoke(app: App) -> t.Any:
    group = FrameworkGroup(create_app=lambda: app)
    return lambda *args: CliRunner().invoke(group, ["openapi", *args])


def test_commands_take_a_document(invoke: t.Any, app: App, tmp_path: t.Any) -> None:
    """write, check and diff are about the named one."""
    written = invoke("write", "--document", "staff")
    old = json.loads(written.stdout)
    old["paths"]["/users/{user_id}"]["delete"] = {"responses": {}}
    (tmp_path / "old.json").write_text(json.dumps(old))
    compared = invoke("diff", str(tmp_path / "old.json"), "-d", "staff")

    assert json.loads(written.stdout) == app.document("staff")
    assert json.loads(invoke("write", "-d", "staff", "--version", "3.1").stdout)["openapi"] == "3.1.0"
    assert compared.exit_code == 1
    assert "DELETE /users/{user_id}" in compared.stdout
    assert "path-removed" not in compared.stdout
    assert invoke("check", "-d", "staff").stdout.count("info-description") == 1
    assert {each.at[1] for each in check(app, name="staff") if each.at[0] == "paths"} == set()


@pytest.mark.parametrize("args", [("write",), ("check",), ("diff", "x.json")])
def test_an_unknown_document_is_told(
    invoke: t.Any, app: App, args: tuple[str, ...], monkeypatch: t.Any, tmp_path: t.Any
) -> None:
    """A name that is none ends with the names that are."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.json").write_text(json.dumps(build(app)))
    result = invoke(*args, "--document", "stuff")

    assert result.exit_code == 2
    assert "There is no document 'stuff'. There are: default, staff." in result.stderr


# What keeps the documentation away


def test_a_rule_for_all_paths_is_told(caplog: t.Any) -> None:
    """A rule with variables that answers where the documentation would be is named in the log and by ``routes``."""
    app = make_app()

    @app.get("/<path:rest>")
    def page(rest):
        return rest

    app.add_document("staff", routers=["users"])
    with caplog.at_level(logging.WARNING):
        app.freeze()
    client = app.test_client()
    listed = CliRunner().invoke(FrameworkGroup(create_app=lambda: app), ["routes", "--all"]).output

    (message,) = caplog.messages
    assert message == (
        "The documentation is not served at /openapi.json, /openapi.yaml, /docs, because the rule '/<path:rest>'"
        " answers there. Set OPENAPI_JSON_PATH, OPENAPI_YAML_PATH, DOCS_PATH to None, or to paths that no rule answers."
    )
    assert client.get("/docs").text == "docs"
    assert client.get("/staff/openapi.json").json == app.document("staff")
    assert "/docs is not served: /<path:rest> answers there." in listed


def test_a_rule_of_its_own_is_meant(caplog: t.Any) -> None:
    """A rule for the very path is taken without a word."""
    app = make_app()
    app.add_url_rule("/docs", "mine", lambda: "mine")
    with caplog.at_level(logging.WARNING):
        app.freeze()

    assert caplog.messages == []
    assert app.test_client().get("/docs").text == "mine"
    assert app.test_client().get("/openapi.json").status_code == 200


def test_a_router_cannot_share_the_scope_of_the_docs() -> None:
    """A router named 'openapi' is an error with a remedy where documentation is served, and none where it is not."""
    app = make_app()
    app.register_router(Router("openapi"))
    other = make_app(OPENAPI_JSON_PATH=None, OPENAPI_YAML_PATH=None, DOCS_PATH=None)
    other.register_router(Router("openapi"))
    third = make_app()
    third.register_router(Router("openapi"), name="mine")

    with pytest.raises(SetupError, match="Mount it with another name"):
        app.freeze()
    assert other.test_client().get("/pets").status_code == 200
    assert third.test_client().get("/docs").status_code == 200


# Hosts


def test_rules_of_hosts_have_servers() -> None:
    """A path of one host has its servers; methods of several each have their own; a variable is one of the server."""
    app = App("shop", host_matching=True, static_folder=None)
    app.config["API_SERVERS"] = [{"url": "https://shop.invalid/v1"}]

    @app.get("/pets", host="pets.shop.invalid")
    @response(200)
    def list_pets():
        """List."""

    @app.post("/pets", host="<tenant>.shop.invalid:8443")
    @response(201)
    def add_pet(tenant):
        """Add."""

    class Toy(Resource):
        """A toy, on two hosts."""

        @response(200)
        def get(self):
            """Show."""

    app.add_resource(Toy, "/toy", host="a.shop.invalid", endpoint="a")
    app.add_resource(Toy, "/toy", host="b.shop.invalid", endpoint="b", operation_id="ToyB")
    made = app.openapi["paths"]
    page = app.test_client().get("/docs", base_url="http://a.shop.invalid").text

    assert "servers" not in made["/pets"]
    assert made["/pets"]["get"]["servers"] == [{"url": "https://pets.shop.invalid/v1"}]
    assert made["/pets"]["post"]["servers"] == [
        {"url": "https://{tenant}.shop.invalid:8443/v1", "variables": {"tenant": {"default": "tenant"}}}
    ]
    assert made["/toy"]["servers"] == [{"url": "https://a.shop.invalid/v1"}, {"url": "https://b.shop.invalid/v1"}]
    assert "curl https://pets.shop.invalid/v1/pets" in page
    assert "curl -X POST https://tenant.shop.invalid:8443/v1/pets" in page


def test_rules_of_subdomains_have_servers() -> None:
    """The subdomain stands before SERVER_NAME; without one, or without matching, nothing is said."""
    app = App("shop", subdomain_matching=True, static_folder=None)
    app.config.update(SERVER_NAME="shop.invalid", PREFERRED_URL_SCHEME="https")

    @app.get("/pets", subdomain="api")
    @response(200)
    def list_pets():
        """List."""

    @app.get("/toys")
    @response(200)
    def list_toys():
        """List."""

    made = app.openapi["paths"]
    policy = app.test_client().get("/docs", base_url="https://shop.invalid").headers["Content-Security-Policy"]

    assert made["/pets"]["servers"] == [{"url": "https://api.shop.invalid"}]
    assert "servers" not in made["/toys"]
    assert "connect-src 'self' https://api.shop.invalid;" in policy
    assert "servers" not in build(make_app())["paths"]["/pets"]
