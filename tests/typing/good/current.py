"""The current request, user and application, and the replies of a client."""

from dataclasses import dataclass
from typing import Any, assert_type, cast

import framework
from framework import App, Resource, Response, jsonify, request, session
from framework.testing import AppClient, AppTestResponse


@dataclass
class User:
    name: str


class Globals:
    """The values that this application keeps in ``g``."""

    user_agent: str


class PetApp(App):
    shop = "Rex & Co"


current_user: User = framework.current_user
g = cast(Globals, framework.g)
current_app = cast(PetApp, framework.current_app)

app = PetApp(__name__)


@app.before_request
def note() -> None:
    g.user_agent = request.headers.get("User-Agent", "")


@app.route("/me")
class Me(Resource):
    def get(self) -> Response:
        assert_type(g.user_agent, str)
        assert_type(current_app.shop, str)
        return jsonify(shop=current_app.shop, agent=g.user_agent, user=bool(current_user))

    def put(self) -> str:
        assert_type(session["visits"], Any)
        return current_user.name

    def post(self) -> str:
        assert_type(request.json, Any)
        name: str = request.get_json()["name"]
        return name


def reply(client: AppClient) -> AppTestResponse:
    found = client.get("/me", headers={"User-Agent": "test"})
    assert_type(found, AppTestResponse)
    assert_type(found.json, Any)
    assert_type(found.status_code, int)
    assert_type(client.post("/me", json={"name": "Rex"}).json, Any)
    assert_type(client.open("/me", method="GET").text, str)
    return found


body: dict[str, object] = reply(app.test_client(contract=False)).json
assert body == {"shop": "Rex & Co", "agent": "test", "user": False}
