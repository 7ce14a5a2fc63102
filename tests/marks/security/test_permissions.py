"""``loads`` and ``permission``: objects are found and looked at before the handler runs, and none is forgotten."""

from __future__ import annotations

import functools
import itertools

import pytest

from framework import (
    App,
    Bearer,
    Resource,
    Router,
    abort,
    anyone,
    arguments,
    current_user,
    fields,
    loads,
    permission,
    permissions_required,
    public,
    requires,
    response,
)
from framework.errors import Forbidden, NotFound, SetupError, UnprocessableEntity
from framework.marks.base import Mark, Phase, Step
from tests.answers import same_body

PETS = {1: {"id": 1, "owner": "ann"}, 2: {"id": 2, "owner": "bob"}}
bearer = Bearer(lambda name: name if name in ("ann", "bob") else None)
seen: list[str] = []


class PetMissing(NotFound):
    """No pet has this id."""


class NotYours(Forbidden):
    """It belongs to somebody else."""


def find_pet(pet_id):
    """The pet with that id."""
    seen.append("load")
    return PETS.get(pet_id)


def is_owner(user, pet):
    """Whether the pet is the user's."""
    seen.append("check")
    return user == pet["owner"]


def is_ann(user):
    """Whether it is Ann."""
    return user == "ann"


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
def app(request):
    """An application without routes, and nothing seen yet."""
    seen.clear()
    app = App(__name__)
    app.config.update(SECRET_KEY="for tests", FAST_PATH=request.param, TESTING=True)
    return app


def ask(app, path="/pets/1", name="ann", method="get", **kwargs):
    """Ask for something as somebody."""
    headers = {"Authorization": f"Bearer {name}"} if name else {}
    return getattr(app.test_client(), method)(path, headers=headers, **kwargs)


def show(pet):
    """A handler that gets the pet alone."""
    seen.append("handler")
    return pet


def add(app, *marks, rule="/pets/<int:pet_id>", handler=show, method="GET"):
    """Add an operation with marks."""

    @functools.wraps(handler)
    def view(*args, **kwargs):
        return handler(*args, **kwargs)

    for mark in reversed(marks):
        mark(view)
    app.add_url_rule(
        rule, f"{handler.__name__}_{len(list(app.url_map.iter_rules()))}", response(200)(view), methods=[method]
    )
    return app


# Loading


def test_an_object_is_loaded(app):
    """The handler gets the object in place of the value that the loader took; none is a 404."""
    add(app, loads(find_pet))

    assert ask(app).json == PETS[1]
    assert ask(app, "/pets/3").status_code == 404
    assert "404" in app.openapi["paths"]["/pets/{pet_id}"]["get"]["responses"]


def test_an_object_by_name(app):
    """With ``as_kwarg`` the handler gets it by that name, and values that it names itself as well."""

    def handler(pet_id, *, pet):
        return [pet_id, pet["id"]]

    add(app, loads(find_pet, as_kwarg="pet"), handler=handler)

    assert ask(app, "/pets/2").json == [2, 2]


def test_an_error_of_ones_own(app):
    """What is raised for nothing can be chosen, and stands in the document."""
    add(app, loads(find_pet, error=PetMissing))

    assert ask(app, "/pets/3").json["code"] == "pet_missing"
    assert "pet_missing" in str(app.openapi["paths"]["/pets/{pet_id}"]["get"]["responses"]["404"])


def test_a_loader_may_refuse_itself(app):
    """What a loader raises is the answer."""

    def find(pet_id):
        abort(PetMissing("Gone for good."))

    add(app, loads(find, error=PetMissing))

    assert ask(app).json["detail"] == "Gone for good."


def test_falsy_objects_are_objects(app):
    """Only ``None`` is nothing."""
    add(app, loads(lambda pet_id: []))

    assert ask(app).json == []


def test_loaders_may_be_asynchronous(app):
    """An ``async def`` loads and checks as well."""

    async def find(pet_id):
        return PETS.get(pet_id)

    async def check(user, pet):
        return user == pet["owner"]

    add(app, requires(bearer), loads(find), permission(check))

    assert ask(app).json == PETS[1]
    assert ask(app, name="bob").status_code == 403
    assert ask(app, "/pets/3").status_code == 404


def test_loaders_take_what_they_name(app):
    """A loader takes some of the values, or all of them; the handler gets the rest."""

    def find(shop, pet_id=0):
        return [shop, pet_id]

    def find_all(**values):
        return sorted(values)

    add(app, loads(find), loads(find_all), rule="/<shop>/<int:pet_id>/<side>", handler=lambda one, every: [one, every])
    add(app, loads(find), rule="/b/<shop>/<side>", handler=lambda found, side: [found, side])

    assert ask(app, "/a/1/left").json == [["a", 1], ["pet_id", "shop", "side"]]
    assert ask(app, "/b/a/left").json == [["a", 0], "left"]


def test_several_objects(app):
    """Those further out are loaded first; each handler gets all, and permissions look at the one they name."""

    def find_shop(shop):
        seen.append("shop")
        return {"shop": shop, "owner": "bob"}

    router = Router("r", url_prefix="/<shop>", marks=[requires(bearer), loads(find_shop, as_kwarg="store")])

    @router.route("/pets/<int:pet_id>")
    class Pet(Resource):
        @permission(is_owner)
        @loads(find_pet, as_kwarg="pet")
        @response(200)
        def get(self, store, pet):
            return [store["shop"], pet["id"]]

        @permission(is_owner, of="store")
        @loads(find_pet, as_kwarg="pet")
        @response(200)
        def put(self, store, pet):
            return None

    app.register_router(router)

    assert ask(app, "/a/pets/1").json == ["a", 1]
    assert seen == ["shop", "load", "check"]
    assert ask(app, "/a/pets/1", method="put").status_code == 403
    assert ask(app, "/a/pets/1", "bob", method="put").status_code == 200


def test_a_nearer_loader_counts(app):
    """Of two loaders of one name the nearer one counts."""
    router = Router("r", url_prefix="/r", marks=[loads(lambda pet_id: 1 / 0, as_kwarg="pet")])

    @router.get("/<int:pet_id>")
    @loads(find_pet, as_kwarg="pet")
    @response(200)
    def handler(pet):
        return pet

    app.register_router(router)

    assert ask(app, "/r/1").json == PETS[1]


# Permissions


def test_a_permission_for_an_object(app):
    """The check sees user and object before the handler runs; a 403 names what is missing."""
    add(app, requires(bearer), loads(find_pet), permission(is_owner))
    refused = ask(app, name="bob")

    assert seen == ["load", "check"]
    assert ask(app).json == PETS[1]
    assert seen == ["load", "check"] + ["load", "check", "handler"]
    assert (refused.status_code, refused.json["code"], refused.json["permission"]) == (
        403,
        "permission_denied",
        "is_owner",
    )
    assert refused.json["detail"] == "The permission 'is_owner' is required."
    assert ask(app, "/pets/3").status_code == 404
    assert ask(app, name=None).status_code == 401


def test_a_permission_for_a_method(app):
    """A check that takes the user alone needs no object."""
    add(app, requires(bearer), permission(is_ann, name="pets:list"), rule="/pets", handler=lambda: [1])

    assert ask(app, "/pets").status_code == 200
    assert ask(app, "/pets", "bob").json["permission"] == "pets:list"


def test_the_order_of_marks_does_not_matter(app):
    """Wherever the marks stand: authenticate, inputs, load, permission, handler."""
    marks = [
        requires(bearer),
        permission(is_owner),
        loads(find_pet, as_kwarg="pet"),
        arguments({"n": fields.Integer()}, location="query"),
    ]

    def handler(query, pet):
        seen.append("handler")
        return pet

    for number, order in enumerate(itertools.permutations(marks)):
        add(app, *order, rule=f"/x{number}/<int:pet_id>", handler=handler)
    for number in range(24):
        seen.clear()

        assert ask(app, f"/x{number}/1").json == PETS[1]
        assert ask(app, f"/x{number}/1?n=x", "nobody").status_code == 401
        assert ask(app, f"/x{number}/1?n=x", "bob").status_code == 422
        assert ask(app, f"/x{number}/1", "bob").status_code == 403
        assert seen == ["load", "check", "handler", "load", "check"]


def test_permissions_add_up(app):
    """All permissions of handler, class, router and application must allow."""
    app.marks = (requires(bearer),)
    router = Router("r", url_prefix="/r", marks=[permission(is_ann)])

    @router.route("/<int:pet_id>")
    class Pet(Resource):
        @loads(find_pet)
        @permission(is_owner)
        @response(200)
        def get(self, pet):
            return pet

    app.register_router(router)

    assert ask(app, "/r/1").status_code == 200
    assert ask(app, "/r/2").json["permission"] == "is_owner"
    assert ask(app, "/r/2", "bob").json["permission"] == "is_ann"


@pytest.mark.parametrize("answer", [None, False, 0, "", []])
def test_what_is_not_true_refuses(app, answer):
    """A check that forgets to return anything lets nobody pass."""
    add(app, requires(bearer), permission(lambda user: answer), rule="/x", handler=lambda: None)

    assert ask(app, "/x").status_code == 403


def test_an_error_raised_by_a_check(app):
    """What a check raises is the answer."""

    def check(user):
        raise NotYours("Not on Sundays.")

    add(app, requires(bearer), permission(check, error=NotYours), rule="/x", handler=lambda: None)

    assert ask(app, "/x").json["detail"] == "Not on Sundays."


def test_the_answer_can_be_chosen(app):
    """A 403 of one's own, or a 404 that hides the object."""
    add(app, requires(bearer), loads(find_pet), permission(is_owner, error=NotYours), rule="/a/<int:pet_id>")
    add(app, requires(bearer), loads(find_pet), permission(is_owner, error=NotFound), rule="/b/<int:pet_id>")
    hidden, missing = ask(app, "/b/1", "bob"), ask(app, "/b/3", "bob")

    assert ask(app, "/a/1", "bob").json["code"] == "not_yours"
    assert (hidden.status_code, same_body(hidden)) == (missing.status_code, same_body(missing))


def test_nobody_is_asked_to_log_in(app):
    """Where credentials are optional, nobody gets a 401 for what a user might do; a hidden object stays hidden."""
    marks = requires(bearer, optional=True), loads(find_pet)
    add(app, *marks, permission(lambda user, pet: user is not None or pet["id"] == 2))
    add(app, *marks, permission(is_owner, error=NotFound), rule="/b/<int:pet_id>")
    refused = ask(app, name=None)

    assert (refused.status_code, refused.json["code"]) == (401, "credentials_missing")
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="API"'
    assert ask(app, "/pets/2", None).status_code == 200
    assert ask(app, "/b/1", None).status_code == ask(app, "/b/3", None).status_code == 404
    documented = [app.openapi["paths"][path]["get"]["responses"] for path in ("/pets/{pet_id}", "/b/{pet_id}")]
    assert "credentials_missing" in str(documented[0]["401"])
    assert "credentials_missing" not in str(documented[1])


def test_an_override_inherits_permissions(app):
    """A method that overrides one with a permission needs it too; without the object that is an error."""

    class Base(Resource):
        @requires(bearer)
        @permission(is_ann)
        @response(200)
        def get(self):
            return None

        @requires(bearer)
        @loads(find_pet)
        @permission(is_owner)
        @response(200)
        def put(self, pet):
            return None

    @app.route("/x")
    class Derived(Base):
        def get(self):
            return "derived"

        def put(self):
            return "careless"

    @app.route("/y/<int:pet_id>")
    class Open(Base):
        @public
        @loads(find_pet)
        def get(self, pet):
            return "open"

        @loads(find_pet)
        def put(self, pet):
            return "careful"

    with pytest.raises(
        SetupError, match=r"permission\(is_owner\) of .*Derived.put looks at an object, and nothing loads"
    ):
        app.freeze()
    Derived.put = loads(lambda: PETS[1])(lambda self, pet: "found")

    assert ask(app, "/x").json == "derived"
    assert ask(app, "/x", "bob").status_code == 403
    assert ask(app, "/y/1", None).json == "open"
    assert ask(app, "/y/1", method="put").json == "careful"
    assert ask(app, "/y/1", "bob", method="put").status_code == 403


def test_other_marks_see_the_object(app):
    """The object stands in ``call.object`` for all that comes after."""

    class Look(Mark):
        def run(self, plan):
            yield Step(Phase.PRECONDITION, lambda ctx, call: seen.append(call.object["id"]))

    add(app, Look(), loads(find_pet))
    ask(app, "/pets/2")

    assert seen == ["load", 2, "handler"]


def test_a_user_of_the_test_client(app):
    """Permissions look at the user of the test client."""
    add(app, requires(bearer), loads(find_pet), permission(is_owner))

    assert app.test_client().as_user("bob").get("/pets/2").status_code == 200
    assert app.test_client().as_user("bob").get("/pets/1").status_code == 403


def test_loaders_know_the_user(app):
    """A loader may look for what the user may see."""
    add(app, requires(bearer), loads(lambda pet_id: PETS[pet_id] if PETS[pet_id]["owner"] == current_user else None))

    assert ask(app, "/pets/2", "bob").status_code == 200
    assert ask(app, "/pets/2").status_code == 404


# Never forgotten


@pytest.mark.parametrize("place", ["app", "router"])
def test_a_policy_finds_what_was_forgotten(app, place):
    """Below ``permissions_required`` an operation that loads an object says who may, or nothing starts."""
    router = Router(
        "r", url_prefix="/r", marks=[requires(bearer), *([permissions_required] if place == "router" else [])]
    )
    app.marks = (permissions_required,) if place == "app" else ()

    @router.route("/<int:pet_id>")
    class Pet(Resource):
        @loads(find_pet)
        @permission(is_owner)
        @response(200)
        def get(self, pet):
            return pet

        @loads(find_pet)
        @permission(anyone)
        @response(200)
        def put(self, pet):
            return pet

        @loads(find_pet)
        @public
        @response(200)
        def patch(self, pet):
            return pet

        @response(200)
        def post(self, pet_id):
            return None

        @loads(find_pet)
        @response(200)
        def delete(self, pet):
            return pet

    app.register_router(router)

    with pytest.raises(SetupError, match=r"Pet.delete \(DELETE /r/<int:pet_id>\) loads an object by loads\(find_pet\)"):
        app.freeze()
    del Pet.delete
    Pet.methods = {"GET", "PUT", "PATCH", "POST"}
    free = App(__name__)
    free.add_resource(Pet, "/<int:pet_id>")

    assert ask(free, "/1", name=None, method="patch").json == PETS[1]


def test_the_policy_reaches_routers_below_alone(app):
    """Beside the router with the policy nothing is asked."""
    add(app, loads(find_pet))
    app.register_router(Router("r", marks=[permissions_required]))

    assert ask(app).status_code == 200


# Mistakes


def test_a_loader_that_asks_for_too_much(app):
    """A loader takes variables of the path and nothing else."""
    for number, loader in enumerate((lambda id: 1, lambda pet_id, /: 1, lambda pet_id, *, more: 1)):
        other = App(__name__)
        add(other, loads(loader), rule=f"/{number}/<int:pet_id>")
        with pytest.raises(
            SetupError, match=r"asks for '\w+', and the path '/./<int:pet_id>' has the variables pet_id"
        ):
            other.freeze()


def test_an_object_with_the_name_of_a_variable(app):
    """The object and a variable of the path cannot have one name."""
    add(app, loads(find_pet, as_kwarg="pet_id"))
    with pytest.raises(SetupError, match="is passed on as 'pet_id', and the path"):
        app.freeze()


def test_two_objects_of_one_name(app):
    """One handler loads no two objects as one."""
    add(app, loads(find_pet, as_kwarg="pet"), loads(find_pet, as_kwarg="pet"))
    with pytest.raises(SetupError, match="loads two objects as 'pet'"):
        app.freeze()


@pytest.mark.parametrize(
    ("marks", "message"),
    [
        ([permission(is_owner)], r"looks at an object, and nothing loads it"),
        ([permission(is_owner, of="shop"), loads(find_pet, as_kwarg="pet")], "looks at 'shop', and nothing loads it"),
        ([permission(is_ann), public], "carries both .* and public"),
        ([permission(dict.get)], "looks at an object"),
    ],
)
def test_permissions_that_cannot_be(app, marks, message):
    """A permission without its object, or on what is public, is refused in any order."""
    for order in (marks, marks[::-1]):
        other = App(__name__)
        add(other, *order, handler=lambda **kwargs: None)
        with pytest.raises(SetupError, match=message):
            other.freeze()


def test_a_permission_below_public(app):
    """Below a public router a permission needs credentials of its own."""
    router = Router("r", marks=[public])
    router.add_url_rule("/x", "x", permission(is_ann)(lambda: None))
    app.register_router(router)
    with pytest.raises(SetupError, match="below a public mark, so that no user is known"):
        app.freeze()


def test_errors_that_cannot_be():
    """Only 403 and 404 answer a missing permission."""
    with pytest.raises(SetupError, match="is not an answer to a missing permission"):
        permission(is_ann, error=UnprocessableEntity)
    with pytest.raises(SetupError, match="cannot be declared"):
        loads(find_pet, error=ValueError)


def test_hooks_protect_nothing(app):
    """On a hook a permission would only stand in the document: that is refused."""
    add(app, loads(find_pet))
    app.before_request(permission(is_ann)(lambda: None))
    with pytest.raises(SetupError, match="is on a hook"):
        app.freeze()


def test_objects_go_to_those_who_take_them(app):
    """Of a mark for many handlers those get the object that name it; permissions see it in any case."""
    router = Router("r", url_prefix="/<int:pet_id>", marks=[requires(bearer), loads(find_pet, as_kwarg="pet")])
    router.add_url_rule("/one", "one", response(200)(lambda pet: pet["id"]))
    router.add_url_rule("/none", "none", permission(is_owner, of="pet")(response(200)(lambda: "none")))
    app.register_router(router)

    assert ask(app, "/1/one").json == 1
    assert ask(app, "/1/none").json == "none"
    assert ask(app, "/2/none").status_code == 403
    assert ask(app, "/3/none").status_code == 404


def test_a_permission_with_credentials_below_public(app):
    """Below a public router a handler that asks for credentials may ask for permissions too."""
    router = Router("r", marks=[public])
    router.add_url_rule("/x", "x", requires(bearer)(permission(is_ann)(lambda: "in")))
    app.register_router(router)

    assert ask(app, "/x").text == "in"
    assert ask(app, "/x", "bob").status_code == 403
