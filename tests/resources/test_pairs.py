"""Resources of two paths: a list and its items in one class."""

from __future__ import annotations

import pytest

from framework import (
    App,
    Bearer,
    Resource,
    Router,
    Schema,
    Versions,
    arguments,
    fields,
    requires,
    response,
    since,
    until,
    url_for,
)
from framework.errors import MarkLost, OperationIdConflict, RouteConflict, SetupError


class PetSchema(Schema):
    """A pet."""

    name = fields.String(required=True)


class Pets(Resource):
    """All six methods."""

    @response(200, PetSchema(many=True))
    def list(self):
        """List pets."""
        return [{"name": "Rex"}]

    @arguments(PetSchema)
    @response(201, PetSchema)
    def create(self, pet):
        """Add a pet."""
        return pet

    @response(200, PetSchema)
    def show(self, pet_id):
        """Show a pet."""
        return {"name": f"show {pet_id}"}

    @arguments(PetSchema)
    @response(200, PetSchema)
    def replace(self, pet, pet_id):
        """Replace a pet."""
        return {"name": f"{pet['name']} {pet_id}"}

    @arguments(PetSchema(partial=True))
    @response(200, PetSchema)
    def change(self, pet, pet_id):
        """Change a pet."""
        return {"name": f"change {pet_id}"}

    @response(204)
    def delete(self, pet_id):
        """Remove a pet."""


def make_app(**options):
    """An application with the pets at two paths."""
    app = App("pairs", root_path=".", static_folder=None)
    app.add_resource(Pets, "/pets", "/pets/<int:pet_id>", **options)
    return app


def ids(app):
    """The operationIds of the document."""
    return [each.operation_id for each in app.operations if each.documented]


@pytest.mark.parametrize(
    ("method", "path", "status", "name"),
    [
        ("GET", "/pets/3", 200, "show 3"),
        ("PUT", "/pets/3", 200, "Tom 3"),
        ("PATCH", "/pets/3", 200, "change 3"),
        ("POST", "/pets", 201, "Tom"),
    ],
)
def test_each_path_calls_the_methods_of_its_own(method, path, status, name):
    """The HTTP method and the path decide on the method of the class, with its marks."""
    body = None if method == "GET" else {"name": "Tom"}
    reply = make_app().test_client().open(path, method=method, json=body)

    assert (reply.status_code, reply.json) == (status, {"name": name})


def test_the_list_path_lists_and_the_item_path_deletes():
    """GET of the list path is ``list``, DELETE of the item path ``delete``."""
    client = make_app().test_client()

    assert client.get("/pets").json == [{"name": "Rex"}]
    assert client.delete("/pets/3").status_code == 204


def test_each_path_refuses_and_offers_what_is_its_own():
    """HEAD, OPTIONS and 405 know the methods of each path."""
    client = make_app().test_client()

    assert client.delete("/pets").headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert client.post("/pets/3").headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"
    assert client.options("/pets").headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert client.head("/pets/3").status_code == 200


def test_marks_hold_for_the_method_below_them():
    """A wrong body is refused where ``arguments`` stands."""
    assert make_app().test_client().post("/pets", json={}).status_code == 422


def test_operation_ids_are_the_method_and_the_class():
    """Without ``operation_id`` the class name follows the name of the method."""
    assert ids(make_app()) == ["listPets", "createPets", "showPets", "replacePets", "changePets", "deletePets"]


def test_a_pair_of_operation_ids_names_the_list_and_the_item():
    """The first of a pair is for ``list``, the second for all else; one name is for all."""
    assert ids(make_app(operation_id=("Pets", "Pet")))[:3] == ["listPets", "createPet", "showPet"]
    assert ids(make_app(operation_id="Animal"))[:3] == ["listAnimal", "createAnimal", "showAnimal"]
    with pytest.raises(SetupError, match="Give a name, or a pair"):
        make_app(operation_id=("Pets",))


def test_a_second_route_of_the_class_needs_ids_of_its_own():
    """No counter makes names unique."""
    app = make_app()
    app.add_resource(Pets, "/animals", "/animals/<int:pet_id>", endpoint="animals")

    with pytest.raises(OperationIdConflict):
        app.freeze()


def test_endpoints_are_the_class_and_the_class_with_item():
    """``url_for`` finds both paths, below a router too."""
    router = Router("shop", url_prefix="/shop")
    router.add_resource(Pets, "/pets", "/pets/<int:pet_id>", operation_id="ShopPet")
    app = make_app(endpoint="animals")
    app.register_router(router)

    with app.test_request_context():
        assert url_for("animals") == "/pets"
        assert url_for("animals-item", pet_id=3) == "/pets/3"
        assert url_for("shop.Pets") == "/shop/pets"
        assert url_for("shop.Pets-item", pet_id=3) == "/shop/pets/3"


def test_one_instance_can_serve_both_paths():
    """``init_every_request = False`` makes one instance for the list and its items."""
    app = App("pairs", root_path=".", static_folder=None)

    @app.route("/names", "/names/<name>")
    class Names(Resource):
        init_every_request = False

        def __init__(self):
            self.names = []

        def list(self):
            return self.names

        def replace(self, name):
            self.names.append(name)
            return name

    client = app.test_client(contract=False)
    client.put("/names/Rex")

    assert client.get("/names").json == ["Rex"]


def test_an_override_keeps_what_closes_the_method():
    """``requires`` on a method of a base closes the one that stands in its place."""

    class Closed(Pets):
        @requires(Bearer(lambda token: None))
        def list(self):
            return []

    class Open(Closed):
        @response(200, PetSchema(many=True))
        def list(self):
            return []

    app = App("pairs", root_path=".", static_folder=None)
    app.add_resource(Open, "/pets", "/pets/<int:pet_id>")
    client = app.test_client()

    assert client.get("/pets").status_code == 401
    assert client.get("/pets/3").status_code == 200


def test_marks_that_a_decorator_hides_are_lost():
    """A decorator without ``functools.wraps`` above a mark stops the start, on the list and on the item."""

    def hide(function):
        return lambda self, **values: function(self, **values)

    class HiddenList(Resource):
        @hide
        @response(200)
        def list(self):
            return []

        def show(self, pet_id):
            return None

    class HiddenShow(Resource):
        def list(self):
            return []

        @hide
        @response(200)
        def show(self, pet_id):
            return None

    for hidden, name in ((HiddenList, "list"), (HiddenShow, "show")):
        app = App("pairs", root_path=".", static_folder=None)
        app.add_resource(hidden, "/pets", "/pets/<int:pet_id>")
        with pytest.raises(MarkLost, match=f"{hidden.__name__}.{name} "):
            app.freeze()


def test_marks_on_another_method_are_lost():
    """A marked method that no path calls stops the start, in a class of one path and of two."""

    class Extra(Pets):
        @response(200)
        def other(self):
            return None

    class Single(Resource):
        def get(self):
            return None

        @response(200)
        def list(self):
            return None

    app = App("pairs", root_path=".", static_folder=None)
    app.add_resource(Extra, "/pets", "/pets/<int:pet_id>")
    with pytest.raises(MarkLost, match=r"Extra\.other"):
        app.freeze()
    app = App("pairs", root_path=".", static_folder=None)
    app.add_resource(Single, "/pets")
    with pytest.raises(MarkLost, match="give the route two paths"):
        app.freeze()


@pytest.mark.parametrize(
    ("names", "paths", "match"),
    [
        (["list", "create"], ("/a", "/a/<int:id>"), "no method for the item path"),
        (["show"], ("/a", "/a/<int:id>"), "no method for the list path"),
        (["list", "show", "get"], ("/a", "/a/<int:id>"), "'get', which belongs to a resource of one path"),
        (["list", "show"], ("/a",), "give the route two paths"),
    ],
)
def test_methods_that_do_not_fit_the_paths_stop_the_start(names, paths, match):
    """A class that cannot answer at one of its paths is refused when it is routed, with its place."""
    odd = type("Odd", (Resource,), {name: lambda self: None for name in names})

    with pytest.raises(SetupError, match=match) as caught:
        App("pairs").add_resource(odd, *paths)

    assert "Odd" in str(caught.value)


def test_two_paths_are_for_resources_and_name_no_methods():
    """A function, and ``methods=``, are refused."""
    app = App("pairs", root_path=".", static_folder=None)
    with pytest.raises(SetupError, match="two paths are for a Resource"):
        app.route("/a", "/a/<int:id>")(lambda: None)
    with pytest.raises(SetupError, match="Leave 'methods' out"):
        app.add_resource(Pets, "/a", "/a/<int:pet_id>", methods=["GET"])


def test_a_handler_without_the_variable_of_its_path_stops_the_start():
    """The signature of each method is checked against the path that calls it."""
    app = App("pairs", root_path=".", static_folder=None)

    @app.route("/a", "/a/<int:id>")
    class Odd(Resource):
        def list(self):
            return []

        def show(self):
            return None

    with pytest.raises(SetupError, match=r"Odd.show does not take 'id'"):
        app.freeze()


def test_the_same_path_twice_is_a_conflict():
    """List and items cannot share a path."""
    with pytest.raises(RouteConflict):
        App("pairs").add_resource(Pets, "/pets/<int:a>", "/pets/<int:pet_id>")


def test_versions_know_the_methods():
    """A method of a class with two paths may be there in some versions only."""

    class Spans(Resource):
        @until("v1")
        @response(200)
        def list(self):
            return "list"

        @response(201)
        def create(self):
            return "create"

        @since("v2")
        @response(200)
        def show(self, pet_id):
            return "show"

    app = App("pairs", root_path=".", static_folder=None)
    versions = Versions("v1", "v2")
    router = Router("pets")
    router.add_resource(Spans, "/pets", "/pets/<int:pet_id>")
    versions.mount(app, router)
    client = app.test_client(contract=False)

    assert [client.get(f"/{version}/pets").status_code for version in ("v1", "v2")] == [200, 405]
    assert [client.get(f"/{version}/pets/3").status_code for version in ("v1", "v2")] == [404, 200]


def test_the_document_has_both_paths():
    """The document lists each operation at its path."""
    paths = make_app().openapi["paths"]

    assert {path: sorted(set(item) & {"get", "post", "put", "patch", "delete"}) for path, item in paths.items()} == {
        "/pets": ["get", "post"],
        "/pets/{pet_id}": ["delete", "get", "patch", "put"],
    }
    assert paths["/pets"]["get"]["summary"] == "List pets."
