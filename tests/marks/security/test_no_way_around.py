"""No way around the marks: whatever is overridden, called by hand or asked in an odd way, who may call is asked."""

from __future__ import annotations

import pytest

from framework import (
    App,
    Bearer,
    Resource,
    Router,
    Schema,
    arguments,
    current_user,
    etag,
    fields,
    loads,
    request,
    requires,
    response,
)
from framework.views import MethodView

USERS = Bearer({"token-of-ann": "ann"}.get)
ANN = {"Authorization": "Bearer token-of-ann"}


class ByHand(App):
    """An application that calls view functions itself."""

    def dispatch_request(self):
        return self.view_functions[request.url_rule.endpoint](**request.view_args)


@pytest.mark.parametrize("where", ["application", "router", "outer router"])
def test_marks_around_functions_that_are_called_by_hand(where):
    """An overridden ``dispatch_request`` does not pass by the marks of the application and of the routers."""
    marks = [requires(USERS)]
    app = ByHand("by_hand", root_path=".", marks=marks if where == "application" else [])
    outer = Router("outer", marks=marks if where == "outer router" else [])
    inner = Router("inner", marks=marks if where == "router" else [])

    @inner.get("/box/<int:number>")
    def box(number):
        return f"box {number}"

    outer.register_router(inner)
    app.register_router(outer)
    client = app.test_client()

    assert client.get("/box/1").status_code == 401
    assert client.get("/box/1", headers=ANN).text == "box 1"


@pytest.mark.parametrize("base", [MethodView, Resource])
@pytest.mark.parametrize("on", ["application", "method"])
def test_a_class_that_answers_by_itself_does_not_pass_by_its_marks(base, on):
    """An overridden ``dispatch_request`` of a class whose marks have not run answers nothing."""
    app = App("classes", root_path=".", marks=[requires(USERS)] if on == "application" else [])
    app.config["PROPAGATE_EXCEPTIONS"] = False
    mark = requires(USERS) if on == "method" else lambda method: method

    class Alone(base):
        def dispatch_request(self, **values):
            return getattr(self, request.method.lower())(**values)

        @mark
        @response(200)
        def get(self):
            return "secret"

    class Asking(Alone):
        def dispatch_request(self, **values):
            return super(Alone, self).dispatch_request(**values)

    app.add_url_rule("/alone", view_func=Alone.as_view("alone"))
    app.add_url_rule("/asking", view_func=Asking.as_view("asking"))
    client = app.test_client(contract=False)

    for headers in ({}, ANN):
        reply = client.get("/alone", headers=headers)
        assert (reply.status_code, "secret" in reply.text) == (500, False)
    assert client.get("/asking").status_code == 401
    assert client.get("/asking", headers=ANN).json == "secret"


def test_a_class_without_marks_may_answer_by_itself():
    """Where no mark looks at requests, ``dispatch_request`` is overridden as anywhere."""
    app = App("classes", root_path=".")

    class Alone(MethodView):
        def dispatch_request(self, **values):
            return "all of them"

        def get(self):
            return "never"

    app.add_url_rule("/alone", view_func=Alone.as_view("alone"))

    assert app.test_client().get("/alone").text == "all of them"


@pytest.mark.parametrize("method", ["get", "Get", "head", "HEAD", "post", "pOsT", "GET"])
def test_the_case_of_a_method_is_no_way_around(method):
    """A method in small letters runs the marks of the one in capitals."""
    app = App("methods", root_path=".", marks=[requires(USERS)])

    @app.route("/box")
    class Box(Resource):
        @response(200)
        def get(self):
            return "secret"

        post = get

    app.add_url_rule("/function", "function", lambda: "secret", methods=["GET", "POST"])
    client = app.test_client(contract=False)

    for path in ("/box", "/function"):
        reply = client.get(path, environ_overrides={"REQUEST_METHOD": method})
        assert (reply.status_code, "secret" in reply.text) == (401, False)


class ProfileSchema(Schema):
    """What a user keeps."""

    version = fields.Integer(dump_only=True)
    secret = fields.String()


@pytest.mark.parametrize("loaded", [True, False])
def test_a_tag_of_one_user_is_none_of_another(loaded):
    """Two users at one address, whose objects have the same version, are told apart; writes compare the version."""
    app = App("profiles", root_path=".")
    kept = {name: {"version": 1, "secret": f"that of {name}"} for name in ("ann", "bob")}

    @app.route("/me")
    @requires(Bearer({"a": "ann", "b": "bob"}.get))
    class Me(Resource):
        if loaded:

            @loads(lambda: kept[str(current_user)])
            @etag(version="version")
            @response(200, ProfileSchema)
            def get(self, profile):
                return profile
        else:

            @etag(version="version")
            @response(200, ProfileSchema)
            def get(self):
                return kept[str(current_user)]

        @loads(lambda: kept[str(current_user)])
        @etag(version="version")
        @arguments(ProfileSchema)
        @response(200, ProfileSchema)
        def put(self, profile, data):
            return profile

    client = app.test_client()
    ann, bob = {"Authorization": "Bearer a"}, {"Authorization": "Bearer b"}
    tag = client.get("/me", headers=ann).headers["ETag"]

    assert client.get("/me", headers={**ann, "If-None-Match": tag}).status_code == 304
    reply = client.get("/me", headers={**bob, "If-None-Match": tag})
    assert (reply.status_code, reply.json["secret"]) == (200, "that of bob")
    assert client.put("/me", json={"secret": "x"}, headers={**ann, "If-Match": tag}).status_code == 200
