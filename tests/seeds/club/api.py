"""JSON for programs: a version below a common prefix, with errors of its own kind."""

from flask import Blueprint, jsonify, request

from .store import get_db, query

bp = Blueprint("api", __name__, url_prefix="/api")
v1 = Blueprint("v1", __name__, url_prefix="/v1")


class InvalidUsage(Exception):
    def __init__(self, message, status_code=400, **payload):
        super().__init__(message)
        self.message, self.status_code, self.payload = message, status_code, payload


@bp.errorhandler(InvalidUsage)
def invalid_usage(error):
    return {**error.payload, "message": error.message}, error.status_code


@v1.errorhandler(404)
def missing(error):
    return {"message": "no such thing", "detail": error.description}, 404


@v1.before_request
def ask_for_key():
    if request.headers.get("X-Key") != "letmein":
        raise InvalidUsage("A key is needed.", 401, header="X-Key")


@v1.get("/notices")
def notices():
    return [dict(row) for row in query("select id, title, month from notice order by id")]


@v1.get("/notices/<int:number>")
def notice(number):
    row = query("select id, title, month from notice where id = ?", number, one=True)
    if row is None:
        from flask import abort

        abort(404, "Notice unknown.")
    return jsonify(dict(row))


@v1.patch("/notices/<int:number>")
def change(number):
    data = request.get_json()
    if "title" not in data:
        raise InvalidUsage("Nothing to change.", fields=["title"])
    get_db().execute("update notice set title = ? where id = ?", (data["title"], number))
    return "", 204, {"X-Changed": "title"}


bp.register_blueprint(v1)
