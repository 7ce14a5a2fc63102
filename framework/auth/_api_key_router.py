"""Operations on API keys: their owner makes, lists, replaces and ends them.

Not here: the keys (``auth._api_keys``), the command (``cli.keys``). Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import typing as t

from marshmallow import Schema, fields, validate

from .. import context
from ..fields import AnyField, DateTime
from ..marks.conditional import cache_control
from ..marks.doc import doc
from ..marks.inputs import arguments
from ..marks.raises import raises
from ..marks.responses import response
from ..marks.security import RequiresMark, Scheme, requires
from ..resources.resource import Resource
from ..resources.router import Router
from ..texts import message
from ._api_keys import APIKeyInactive, APIKeyNotFound, ManagedAPIKey, TooManyAPIKeys
from ._errors import AuthenticationUnavailable, setup_error
from ._jwt import texts

if t.TYPE_CHECKING:
    from ._api_keys import APIKeyRecord, APIKeys, CreatedAPIKey

MAX_KEYS_OF_OWNER: t.Final = 50
MAX_DAYS: t.Final = 3660
MAX_OVERLAP_HOURS: t.Final = 24 * 30


def _said(key: str) -> dict[str, str]:
    return {"description": message(key)}


class APIKeySchema(Schema):
    """An API key, without its secret."""

    id = fields.String(required=True, metadata=_said("schemas.api_key.id"))
    name = fields.String(required=True, metadata=_said("schemas.api_key.name"))
    scopes = fields.List(fields.String(), required=True, metadata=_said("schemas.api_key.scopes"))
    created_at = DateTime(required=True, metadata=_said("schemas.api_key.created_at"))
    expires_at = DateTime(required=True, allow_none=True, metadata=_said("schemas.api_key.expires_at"))
    revoked_at = DateTime(required=True, allow_none=True, metadata=_said("schemas.api_key.revoked_at"))
    replaced_by = fields.String(required=True, allow_none=True, metadata=_said("schemas.api_key.replaced_by"))
    last_used_at = DateTime(required=True, allow_none=True, metadata=_said("schemas.api_key.last_used_at"))


_SHOWN = tuple(APIKeySchema().fields)


class CreatedAPIKeySchema(APIKeySchema):
    """A new API key."""

    key = fields.String(required=True, metadata=_said("schemas.api_key.key"))


class RotationSchema(Schema):
    """The replacement of an API key."""

    overlap_hours = fields.Float(
        load_default=24.0,
        validate=validate.Range(min=0, max=MAX_OVERLAP_HOURS),
        metadata=_said("schemas.api_key.overlap_hours"),
    )


def new_key_schema(scopes: cabc.Iterable[str]) -> Schema:
    """Return the schema of a key that is asked for.

    :param scopes: The scopes that it may have.
    """
    made: dict[str, AnyField] = {
        "name": fields.String(
            required=True, validate=validate.Length(min=1, max=200), metadata=_said("schemas.api_key.name")
        ),
        "scopes": fields.List(
            fields.String(validate=validate.OneOf(sorted(scopes))),
            load_default=list,
            metadata=_said("schemas.api_key.scopes"),
        ),
        "expires_in_days": fields.Integer(
            strict=True,
            load_default=None,
            validate=validate.Range(min=1, max=MAX_DAYS),
            metadata=_said("schemas.api_key.expires_in_days"),
        ),
    }
    return Schema.from_dict(made, name="NewAPIKey")()


def api_key_router(
    keys: APIKeys,
    access: Scheme | RequiresMark,
    *,
    owner: cabc.Callable[[t.Any], str],
    scopes: cabc.Iterable[str],
    name: str = "keys",
    url_prefix: str = "/keys",
    max_keys: int = MAX_KEYS_OF_OWNER,
) -> Router:
    """Return a router by which users manage their keys.

    :param keys: The keys.
    :param access: How users are authenticated: a scheme, or ``requires(scheme, scopes=[...])``. Not by these keys: a
        stolen one could then make others that outlive it.
    :param owner: Called with the user; returns the id that keys are kept under.
    :param scopes: The scopes that keys may be given.
    :param name: The name of the router.
    :param url_prefix: The path in front of all.
    :param max_keys: The greatest number of good keys of an owner.
    :raises SetupError: ``access`` is not a scheme, or takes these keys, or there are no scopes.
    """
    mark = requires(access) if isinstance(access, Scheme) else access
    if not isinstance(mark, RequiresMark) or not mark.schemes:
        raise setup_error("api_key_router needs to know who its users are. Give it a scheme, or requires(scheme).")
    if any(isinstance(scheme, ManagedAPIKey) for scheme in mark.schemes):
        raise setup_error(
            "api_key_router would take API keys: a stolen one could make others that outlive it. Give it the scheme"
            " that users log in by."
        )
    router = Router(name, __name__, url_prefix=url_prefix, marks=[mark], description=message("routers.api_keys"))
    wanted = new_key_schema(texts("scopes", scopes, "the scopes that keys may have"))

    def mine(key_id: str) -> APIKeyRecord:
        record = keys.get(key_id)
        if record.owner != owner(context.current().user):
            raise APIKeyNotFound()
        return record

    @router.route("")
    class APIKeyList(Resource):
        @doc(summary=message("operations.list_api_keys"))
        @response(200, APIKeySchema(many=True))
        @raises(AuthenticationUnavailable)
        def get(self) -> cabc.Sequence[APIKeyRecord]:
            return keys.list(owner(context.current().user))

        @doc(summary=message("operations.create_api_key"), description=message("operations.create_api_key.more"))
        @cache_control(no_store=True)
        @arguments(wanted)
        @response(201, CreatedAPIKeySchema)
        @raises(TooManyAPIKeys, AuthenticationUnavailable)
        def post(self, data: dict[str, t.Any]) -> dict[str, object]:
            who, days = owner(context.current().user), data["expires_in_days"]
            now = dt.datetime.now(dt.UTC)
            if sum(record.is_active(now) for record in keys.list(who)) >= max_keys:
                raise TooManyAPIKeys()
            lifetime = None if days is None else dt.timedelta(days=days)
            return shown(keys.create(data["name"], who, scopes=data["scopes"], expires_in=lifetime))

    @router.route("/<key_id>")
    class APIKeyItem(Resource):
        @doc(summary=message("operations.revoke_api_key"))
        @response(204)
        @raises(APIKeyNotFound, AuthenticationUnavailable)
        def delete(self, key_id: str) -> None:
            keys.revoke(mine(key_id).id)

    @router.route("/<key_id>/rotate")
    class APIKeyRotation(Resource):
        @doc(summary=message("operations.rotate_api_key"), description=message("operations.rotate_api_key.more"))
        @cache_control(no_store=True)
        @arguments(RotationSchema)
        @response(201, CreatedAPIKeySchema)
        @raises(APIKeyNotFound, APIKeyInactive, AuthenticationUnavailable)
        def post(self, data: dict[str, float], key_id: str) -> dict[str, object]:
            overlap = dt.timedelta(hours=data["overlap_hours"])
            return shown(keys.rotate(mine(key_id).id, overlap=overlap))

    return router


def shown(made: CreatedAPIKey) -> dict[str, object]:
    """Return a new key with its record, for the one time that it is shown."""
    return {**{name: getattr(made.record, name) for name in _SHOWN}, "key": made.key}
