"""The operations of the application that uses everything which ask who sends the request."""

from __future__ import annotations

import typing as t

from framework import (
    APIKey,
    Basic,
    Bearer,
    Grant,
    OAuth2,
    OpenIDConnect,
    Resource,
    Router,
    Schema,
    SessionAuth,
    anyone,
    arguments,
    current_app,
    errors,
    fields,
    loads,
    permission,
    permissions_required,
    public,
    requires,
    response,
    validate,
)

TOKEN = "let-me-in"
SCOPES = {"boxes:read": "Look into boxes.", "boxes:write": "Fill boxes."}


class BoxMissing(errors.NotFound):
    """There is no such box."""


class BoxLocked(errors.Forbidden):
    """Only its keeper may open it."""


class BoxSchema(Schema):
    """A box of the vault."""

    id = fields.Integer(dump_only=True, metadata={"example": 1})
    label = fields.String(required=True, validate=validate.Length(1, 20), metadata={"example": "Letters"})


def grant(*credentials: str) -> Grant | None:
    """Whoever knows the word, or that it is the password, may do everything."""
    return Grant("keeper", frozenset(SCOPES)) if credentials[-1] == TOKEN else None


def find_box(box_id: int) -> dict[str, t.Any] | None:
    """The box with that number, if nobody has dropped it."""
    return {"id": box_id, "label": "Letters"} if box_id < 8 and box_id not in dropped() else None


def dropped() -> set[int]:
    """The boxes that are gone."""
    found: set[int] = current_app.extensions.setdefault("dropped", set())
    return found


def is_keeper(user: t.Any, box: dict[str, t.Any]) -> bool:
    """Whether the user may open the box."""
    return user == "keeper" and box["id"] != 7


flows = {
    "authorizationCode": {
        "authorizationUrl": "https://id.shop.invalid/authorize",
        "tokenUrl": "https://id.shop.invalid/token",
        "scopes": SCOPES,
    },
    "clientCredentials": {"tokenUrl": "https://id.shop.invalid/token", "scopes": SCOPES},
}
oauth2 = OAuth2(grant, flows)
basic = Basic(grant)
openid = OpenIDConnect(grant, "https://id.shop.invalid/.well-known/openid-configuration")
api_key = APIKey(grant, "X-Vault-Key", name="vaultKey")
query_key = APIKey(grant, "vault_key", location="query", name="vaultQueryKey")
cookie_key = APIKey(grant, "vault", location="cookie", name="vaultCookie")
word = Bearer(grant, word="Vault", name="vaultWord", description="The word `Vault`, and the token.")
session = SessionAuth(grant, description="Who has logged in.")

vault = Router(
    "vault",
    url_prefix="/vault",
    description="What only some may see.",
    marks=[requires(oauth2 | basic | api_key | cookie_key, scopes=["boxes:read"]), permissions_required],
)


@vault.route("/boxes")
class Boxes(Resource):
    """All boxes."""

    @response(200, BoxSchema(many=True))
    def get(self) -> t.Any:
        """List the boxes."""
        return [box for box in map(find_box, range(1, 9)) if box is not None]

    @requires(scopes=["boxes:write"], as_kwarg="user")
    @permission(lambda user: user == "keeper", name="boxes:add")
    @arguments(BoxSchema)
    @response(201, BoxSchema)
    def post(self, box: t.Any, user: str) -> t.Any:
        """Add a box."""
        return {"id": 7, **box}


@vault.route("/boxes/<int(min=1, max=9):box_id>")
@loads(find_box, as_kwarg="box", error=BoxMissing)
class Box(Resource):
    """One box."""

    @permission(anyone)
    @response(200, BoxSchema)
    def get(self, box: t.Any) -> t.Any:
        """Show a box."""
        return box

    @permission(is_keeper, error=BoxLocked)
    @arguments(BoxSchema)
    @response(200, BoxSchema)
    def put(self, data: t.Any, box: t.Any) -> t.Any:
        """Change a box."""
        return {**box, **data}

    @permission(is_keeper)
    @requires(oauth2 | session | openid, optional=True)
    @response(204)
    def delete(self, box: t.Any) -> None:
        """Drop a box."""
        dropped().add(box["id"])

    @public
    @response(200, BoxSchema(only=("id",)))
    def patch(self, box: t.Any) -> t.Any:
        """Shake a box, which everybody may."""
        return box


@vault.route("/bell")
class Bell(Resource):
    """The bell at the door."""

    @requires(query_key | oauth2)
    @arguments({"times": fields.Integer(validate=validate.Range(1, 9), load_default=1)}, location="query")
    @response(200, {"rung": fields.Integer(required=True)})
    def get(self, query: t.Any) -> t.Any:
        """Tell how often it has rung."""
        return {"rung": query["times"]}

    @requires(word | basic, csrf=False)
    @response(204)
    def post(self) -> None:
        """Ring it."""
