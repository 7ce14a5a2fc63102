"""Hooks, error handlers and options of routes that do not fit."""

from framework import App, Response, Router
from framework.errors import NotFound

app = App(__name__)
pets = Router("pets")


class Money(ArithmeticError):
    amount = 1


@app.route("/", method="GET")  # error: call-arg | CallIssue UntypedFunctionDecorator
def wrong_option() -> str:
    return ""


@app.get("/", methods="GET,POST", endpoint=1)  # error: arg-type | ArgumentType
def wrong_values() -> str:
    return ""


@app.before_request  # error: type-var | ArgumentType UntypedFunctionDecorator
def with_parameter(request: str) -> None: ...


@app.before_request  # error: type-var | ArgumentType UntypedFunctionDecorator
def with_number() -> int:
    return 1


@app.after_request  # error: arg-type | ArgumentType
def without_response() -> Response:
    return Response()


@app.after_request  # error: type-var | ArgumentType
def returns_nothing(response: Response) -> None: ...


@pets.after_app_request  # error: type-var | ArgumentType
def takes_number(response: int) -> Response:
    return Response()


@app.teardown_request  # error: type-var | ArgumentType UntypedFunctionDecorator
def without_error() -> None: ...


@pets.teardown_app_request  # error: type-var | ArgumentType UntypedFunctionDecorator
def with_response(response: Response) -> None: ...


@app.url_value_preprocessor  # error: type-var | ArgumentType UntypedFunctionDecorator
def one_value(endpoint: str | None) -> None: ...


@app.url_defaults  # error: type-var | ArgumentType UntypedFunctionDecorator
def number_defaults(endpoint: int, values: dict[str, object]) -> None: ...


@app.context_processor  # error: type-var | ArgumentType UntypedFunctionDecorator
def list_of_names() -> list[str]:
    return []


@app.on_startup  # error: type-var | ArgumentType UntypedFunctionDecorator
def start(app: App) -> None: ...


@app.errorhandler(NotFound)  # error: arg-type | ArgumentType
def wrong_error(error: Money) -> str:
    return ""


@app.errorhandler(Money)  # error: arg-type | ArgumentType
def no_error() -> str:
    return ""


@app.errorhandler(Money)  # error: type-var | ArgumentType
def wrong_answer(error: Money) -> int:
    return 1


@pets.app_errorhandler(404)  # error: type-var | ArgumentType
def wrong_kind(error: str) -> str:
    return ""


def of_money(error: Money) -> str:
    return ""


app.errorhandler("404")  # error: call-overload | CallIssue ArgumentType
app.register_error_handler(NotFound, of_money)  # error: arg-type | ArgumentType CallIssue
app.register_router(pets, url_prefx="/pets")  # error: call-arg | CallIssue
app.register_router(pets, url_prefix=1)  # error: arg-type | ArgumentType
