"""Registered classes and functions keep their types; hooks and error handlers have right signatures."""

import collections.abc as cabc
from typing import Any, assert_type

from werkzeug.exceptions import HTTPException

from framework import App, Resource, Response, Router, jsonify
from framework.errors import APIError, NotFound
from framework.typing import ResponseReturnValue

app = App(__name__)
pets = Router("pets")


class Money(ArithmeticError):
    amount = 1


class OwnResponse(Response):
    own = 1


# Routes


@pets.route("/pets", endpoint="pets", methods=["GET"])
class Pets(Resource):
    size = 1

    def get(self) -> list[str]:
        return []


@app.route("/hello/<name>", defaults={"loud": False}, strict_slashes=False, operation_id="hello")
def hello(name: str, *, loud: bool) -> str:
    return name


@app.post("/hello", endpoint="create_hello")
async def create(name: str = "") -> tuple[dict[str, str], int]:
    return {"name": name}, 201


@pets.get("/things")
@pets.put("/things")
@pets.delete("/things")
@pets.patch("/things")
def things() -> dict[str, int]:
    return {}


# Hooks


@app.before_request
def check() -> ResponseReturnValue | None:
    return None


@app.before_request
def nothing() -> None: ...


@pets.before_app_request
async def check_soon() -> tuple[dict[str, str], int] | None:
    return None


@app.after_request
def mark(response: Response) -> Response:
    return response


@app.after_request
async def mark_soon(response: OwnResponse) -> OwnResponse:
    return response


@pets.after_app_request
def replace(response: Response) -> OwnResponse:
    return OwnResponse(response.data)


@app.teardown_request
@app.teardown_appcontext
@pets.teardown_app_request
def end(error: BaseException | None = None) -> None: ...


@app.url_value_preprocessor
@pets.app_url_value_preprocessor
def values(endpoint: str | None, values: dict[str, Any] | None) -> None: ...


@app.url_defaults
@pets.app_url_defaults
def defaults(endpoint: str, values: dict[str, Any]) -> None: ...


@app.context_processor
@app.shell_context_processor
@pets.app_context_processor
def names() -> dict[str, object]:
    return {}


@app.on_startup
def start() -> cabc.Iterator[None]:
    yield


@pets.on_shutdown
async def stop() -> None: ...


@app.report_error
def report(error: BaseException) -> None: ...


# Error handlers


@app.errorhandler(NotFound)
def not_found(error: NotFound) -> tuple[dict[str, str], int]:
    return {"error": error.name}, 404


@app.errorhandler(NotFound)
def http_error(error: HTTPException) -> Response:
    return jsonify(error.code)


@pets.app_errorhandler(Money)
async def money(error: Money) -> dict[str, int]:
    return {"amount": error.amount}


@app.errorhandler(418)
def teapot(error: HTTPException) -> str:
    return ""


@app.errorhandler(409)
def conflict(error: APIError) -> HTTPException:
    return error


app.register_error_handler(Money, money)
app.register_error_handler(404, not_found)


@app.template_filter
def loud(text: str) -> str:
    return text.upper()


@app.template_filter("quiet")
def lower(text: str) -> str:
    return text.lower()


app.register_router(pets, url_prefix="/shop", name="shop", tag="Shop", url_defaults={"lang": "en"})


def types(one: Pets) -> None:
    assert_type(Pets, type[Pets])
    assert_type(one.size, int)
    assert_type(one.get(), list[str])
    assert_type(hello("Rex", loud=True), str)
    assert_type(things(), dict[str, int])
    assert_type(check(), ResponseReturnValue | None)
    assert_type(mark(Response()), Response)
    assert_type(not_found(NotFound()), tuple[dict[str, str], int])
    assert_type(loud(""), str)
    assert_type(lower(""), str)
    assert_type(end(), None)
