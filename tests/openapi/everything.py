"""An application that uses every field, validator and mark, for the tests of its document."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import ipaddress
import typing as t
import uuid

import marshmallow as ma
from marshmallow import EXCLUDE, INCLUDE

from framework import (
    CORS,
    App,
    Event,
    Link,
    Resource,
    Router,
    Schema,
    alt_response,
    arguments,
    callback,
    consumes,
    current_app,
    errors,
    events,
    fields,
    json_patch,
    merge_patch,
    produces,
    raises,
    response,
    retired,
    stream,
    validate,
)
from framework.http.media import CSV, MessagePack
from framework.marks.base import Header, Mark, Outcome, Parameter, Phase, ReplyStep, Security, Step
from tests.openapi.files import files
from tests.openapi.guarded import TOKEN, vault
from tests.openapi.lists import lists
from tests.openapi.orders import orders
from tests.openapi.versioned import cards


class Species(enum.Enum):
    """What an animal is."""

    DOG = "dog"
    CAT = "cat"


class Size(enum.IntEnum):
    """How large it is."""

    SMALL = 1
    LARGE = 2


class OwnerSchema(Schema):
    """Who a pet belongs to.

    Owners are never deleted.
    """

    id = fields.UUID(dump_only=True, metadata={"example": "0c3d2b9e-6c4e-4a43-8d5f-0e5f0a3b1a11"})
    name = fields.String(required=True, validate=validate.Length(1, 80), metadata={"examples": ["Ann Lee"]})
    email = fields.Email(required=True, metadata={"description": "Where to write to.", "example": "ann@example.org"})
    website = fields.URL(allow_none=True, load_default=None)
    password = fields.String(load_only=True, validate=validate.Length(min=8))


class NameSchema(Schema):
    """What an owner is called."""

    name = fields.String(required=True, validate=validate.Length(1, 80), metadata={"examples": ["Ann Lee"]})
    nick = fields.String(validate=validate.Length(1, 20))


class NotesSchema(Schema):
    """Notes on an owner: whatever an object can hold."""

    class Meta:
        unknown = INCLUDE

    text = fields.Raw(allow_none=True)


class PetSchema(Schema):
    """A pet of the shop."""

    id = fields.Integer(dump_only=True, metadata={"description": "Given by the server.", "example": 1})
    name = fields.String(
        required=True,
        validate=[validate.Length(1, 50), validate.Regexp(r"[A-Z]\w*(?: [A-Z]\w*)?$")],
        data_key="petName",
    )
    species = fields.Enum(Species, by_value=True, required=True)
    size = fields.Enum(Size, load_default=Size.SMALL)
    nickname = fields.String(allow_none=True, metadata={"deprecated": True})
    age = fields.Integer(strict=True, validate=validate.Range(0, 100), load_default=0)
    weight = fields.Float(validate=validate.Range(min=0, min_inclusive=False), allow_none=True)
    price = fields.Decimal(as_string=True, places=2)
    rating = fields.Decimal(validate=validate.Range(decimal.Decimal("0.5"), decimal.Decimal(5)))
    vaccinated = fields.Boolean(load_default=False)
    born = fields.Date(validate=validate.Range(min=dt.date(2000, 1, 1)))
    wakes = fields.Time()
    seen = fields.DateTime(dump_only=True)
    fed = fields.AwareDateTime()
    local = fields.NaiveDateTime()
    stamp = fields.DateTime(format="timestamp")
    year = fields.DateTime(format="%Y")
    walk = fields.TimeDelta(precision="minutes", validate=validate.Range(max=dt.timedelta(hours=2)))
    address = fields.IP()
    network = fields.IPv4Interface()
    gateway = fields.IPv6()
    chip = fields.String(validate=validate.And(validate.Length(equal=8), validate.Regexp("[A-Z]{2}[0-9]{6}")))
    colour = fields.String(validate=validate.OneOf(["black", "white"]))
    kind = fields.Constant("pet")
    forbidden = fields.String(validate=validate.NoneOf(["x"]))
    home = fields.String(validate=validate.URL(relative=True))
    tags = fields.List(
        fields.String(), validate=[validate.Length(max=5), validate.ContainsOnly(["a", "b", "c"])], load_default=list
    )
    place = fields.Tuple((fields.Float(), fields.Float()))
    mixed = fields.Tuple((fields.Integer(), fields.String()))
    notes = fields.Dict(keys=fields.String(validate=validate.Length(max=10)), values=fields.Integer())
    free = fields.Dict(allow_none=True, validate=validate.Length(max=3))
    anything = fields.Raw()
    perhaps = fields.Raw(allow_none=True, metadata={"optional": True})
    owner = fields.Nested(OwnerSchema, allow_none=True)
    keeper = fields.Nested(OwnerSchema, only=("id", "name"))
    # A few members each: whole pets within pets would be thousands of values in each request that is made up.
    friends = fields.List(fields.Nested(lambda: PetSchema(only=("id", "name", "species", "parents"))))
    parents = fields.Nested(lambda: PetSchema(only=("id", "name", "born", "friends")), many=True)
    owner_names = fields.Pluck(OwnerSchema, "name", many=True)
    initial = fields.Function(lambda pet: pet["name"][0])
    label = fields.Method("get_label")
    extra = fields.String(metadata={"x_colour": "red", "unknown_word": 1, "contentMediaType": "text/markdown"})

    def get_label(self, pet: t.Any) -> str:
        return f"{pet['name']}!"


class BallSchema(Schema):
    """A ball."""

    kind = fields.String(required=True, validate=validate.Equal("ball"))
    size = fields.Integer(validate=validate.Range(1, 30), metadata={"optional": True})


class BoneSchema(Schema):
    """A bone."""

    kind = fields.String(required=True, validate=validate.Equal("bone"))
    of = fields.String(required=True, validate=validate.Length(1, 20))


class ToyHolderSchema(Schema):
    """A toy, and others."""

    toy = fields.OneOf("kind", {"ball": BallSchema, "bone": BoneSchema}, required=True)
    others = fields.List(fields.OneOf("kind", {"ball": BallSchema, "bone": BoneSchema}), load_default=list)
    perhaps = fields.OneOf("kind", {"ball": BallSchema}, allow_none=True, load_default=None)


class RecordSchema(Schema):
    """Values of every form."""

    class Meta:
        unknown = EXCLUDE

    plain_decimal = ma.fields.Decimal(metadata={"optional": True})
    places = ma.fields.Decimal(places=2, metadata={"optional": True})
    text_decimal = ma.fields.Decimal(as_string=True, metadata={"optional": True})
    text_integer = ma.fields.Integer(as_string=True, metadata={"optional": True})
    text_float = ma.fields.Float(as_string=True, metadata={"optional": True})
    plain_moment = ma.fields.DateTime(metadata={"optional": True})
    milliseconds = fields.DateTime(format="timestamp_ms", metadata={"optional": True})
    moment = fields.DateTime(format="%d.%m.%Y %H:%M:%S", metadata={"optional": True})
    day = fields.Date(format="%d/%m/%y", metadata={"optional": True})
    clock = fields.Time(format="%H:%M", metadata={"optional": True})
    duration = fields.TimeDelta(metadata={"optional": True})
    subnet = fields.IPv6Interface(metadata={"optional": True})
    interface = fields.IPInterface(metadata={"optional": True})


class QuerySchema(Schema):
    page = fields.Integer(load_default=1, validate=validate.Range(1, 1000), metadata={"description": "From 1."})
    species = fields.Enum(Species, by_value=True)
    tags = fields.List(fields.String(), metadata={"description": "All of these."})
    ids = fields.DelimitedList(fields.Integer())
    words = fields.DelimitedList(fields.String(), delimiter="|")
    range = fields.DelimitedTuple((fields.Integer(), fields.Integer()))
    since = fields.Date(allow_none=True)
    full = fields.Boolean(load_default=False, metadata={"deprecated": True})
    yes = fields.Boolean(truthy={"yes"}, falsy={"no"})


class HeadersSchema(Schema):
    x_request_id = fields.UUID(metadata={"description": "Comes back in the answer."})
    x_languages = fields.List(fields.String())


class CookieSchema(Schema):
    theme = fields.String(validate=validate.OneOf(["dark", "light"]))


class PhotoSchema(Schema):
    """A photo, and what is on it."""

    photo = fields.File(required=True, metadata={"description": "The file."})
    others = fields.List(fields.File())
    # Starts with a letter: whoever sends another type in a form sends a text all the same, like "[]" or "null".
    caption = fields.String(validate=validate.Regexp("[A-Z][a-z ]*$"))


class PetMissing(errors.NotFound):
    """No pet has this id."""


class OwnerMissing(errors.NotFound):
    """No owner has this id."""


class TakenSchema(Schema):
    owner_id = fields.Integer(required=True, metadata={"description": "Whose it is.", "example": 7})


class PetTaken(errors.Conflict):
    """The pet belongs to somebody else."""

    schema = TakenSchema


class Guarded(Mark):
    """A mark of the application's own: a bearer token, a header and a parameter."""

    def run(self, plan: t.Any) -> t.Iterable[Step]:
        yield Step(Phase.AUTHENTICATE, self.check_token)
        yield Step(Phase.INPUTS, self.check_tenant)
        yield ReplyStep(Phase.HEADERS, self.tell_tenant)

    def check_token(self, ctx: t.Any, call: t.Any) -> None:
        if ctx.request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise errors.Unauthorized(headers={"WWW-Authenticate": "Bearer"})

    def check_tenant(self, ctx: t.Any, call: t.Any) -> None:
        if not ctx.request.headers.get("X-Tenant"):
            raise errors.ValidationFailed({"headers": {"X-Tenant": ["Say whose it is."]}})

    def tell_tenant(self, ctx: t.Any, call: t.Any, reply: t.Any) -> None:
        reply.headers["X-Tenant"] = ctx.request.headers["X-Tenant"]

    def document(self, plan: t.Any) -> t.Iterable[t.Any]:
        yield Security("bearer", {"type": "http", "scheme": "bearer", "description": "A token."})
        yield Parameter(
            "X-Tenant", "header", fields.String(required=True, validate=validate.Length(min=1)), "Whose.", checked=True
        )
        yield Header("X-Tenant", fields.String(), "The same.", required=True)
        yield Outcome(401, error=errors.Unauthorized)


OWNER: t.Final = {
    "id": uuid.UUID("0c3d2b9e-6c4e-4a43-8d5f-0e5f0a3b1a11"),
    "name": "Ann Lee",
    "email": "ann@example.org",
    "website": "https://example.org/ann",
}


def a_pet() -> dict[str, t.Any]:
    """A pet with every member, without the pets that belong to it."""
    return {
        "id": 1,
        "name": "Rex",
        "species": Species.DOG,
        "size": Size.SMALL,
        "nickname": None,
        "age": 3,
        "weight": 4.5,
        "price": decimal.Decimal("12.50"),
        "rating": decimal.Decimal("4.5"),
        "vaccinated": True,
        "born": dt.date(2020, 2, 29),
        "wakes": dt.time(7, 30),
        "seen": dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
        "fed": dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
        "local": dt.datetime(2026, 1, 2, 3, 4, 5),
        "stamp": dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
        "year": dt.datetime(2026, 1, 1),
        "walk": dt.timedelta(minutes=30),
        "address": ipaddress.ip_address("192.0.2.1"),
        "network": ipaddress.ip_interface("192.0.2.1/24"),
        "gateway": ipaddress.ip_address("2001:db8::1"),
        "chip": "AB123456",
        "colour": "black",
        "forbidden": "y",
        "home": "https://example.org/home",
        "tags": ["a", "b"],
        "place": (1.5, 2.5),
        "mixed": (1, "a"),
        "notes": {"k": 1},
        "free": {"k": 1},
        "anything": {"k": [1]},
        "perhaps": None,
        "owner": OWNER,
        "keeper": OWNER,
        "friends": [],
        "parents": [],
        "owner_names": [OWNER],
        "extra": "text",
    }


def family() -> dict[str, t.Any]:
    """A pet with a friend and a parent."""
    return {**a_pet(), "friends": [a_pet()], "parents": [a_pet()]}


def find(pet_id: int) -> None:
    """Every pet is there that nobody has deleted."""
    if pet_id in current_app.extensions["deleted"]:
        raise PetMissing


pets = Router("pets", url_prefix="/pets", description="All about pets.")
pet_sold = callback(
    "petSold", "{$request.body#/home}/sold", OwnerSchema, summary="The pet was sold.", responses={204: "Noted."}
)
pet_adopted = pets.webhook(
    "petAdopted",
    PetSchema,
    summary="A pet was adopted.",
    description="Sent once for each pet.",
    headers={"X-Shop": fields.String(required=True, metadata={"description": "Which shop."})},
    responses={200: {"seen": fields.Boolean(required=True)}, 410: "Send no more of these."},
    signed=True,
)
owners = Router("owners", url_prefix="/owners", marks=[CORS(["https://app.example.com"])])


@pets.route("")
class Pets(Resource):
    """All pets of the shop.

    Sold ones included.
    """

    @arguments(QuerySchema, location="query")
    @arguments(HeadersSchema, location="headers")
    @arguments(CookieSchema, location="cookies")
    @response(200, PetSchema(many=True), headers={"X-Total": fields.Integer(validate=validate.Range(min=0))})
    def get(self, query: t.Any, headers: t.Any, cookies: t.Any) -> t.Any:
        """List pets, newest first."""
        return [family()]

    @Guarded()
    @pet_sold
    @arguments(PetSchema, description="The new pet.")
    @response(
        201,
        PetSchema,
        headers={"Location": fields.URL(relative=True)},
        links={
            "pet": Link(".Pet", {"pet_id": "$response.body#/id"}, description="The new pet."),
            "replaced": Link("putPet", {"path.pet_id": "$response.body#/id"}, body="$request.body"),
            "all": "getPets",
        },
    )
    @raises(PetTaken, OwnerMissing)
    def post(self, pet: t.Any) -> t.Any:
        """Add a pet.

        Its id is given by the server.
        """
        current_app.extensions["deleted"].discard(1)
        return family(), {"Location": "/pets/1"}


@pets.route("/<int(min=1, max=9999):pet_id>")
class Pet(Resource):
    """One pet."""

    @response(200, PetSchema)
    @alt_response(200, content_type="text/plain", description="As text.")
    @raises(PetMissing)
    def get(self, pet_id: int) -> t.Any:
        """Show a pet."""
        find(pet_id)
        return family()

    @arguments(PetSchema)
    @response(200, PetSchema)
    @response(201, PetSchema)
    @raises(PetMissing, OwnerMissing)
    def put(self, pet: t.Any, pet_id: int) -> t.Any:
        """Replace a pet."""
        find(pet_id)
        return family(), 201 if pet_id == 1 else 200

    @arguments(PetSchema(partial=True))
    @response(200, PetSchema)
    @raises(PetMissing)
    def patch(self, pet: t.Any, pet_id: int) -> t.Any:
        """Change a pet."""
        find(pet_id)
        return family()

    @retired(until="2199-01-01", replaced_by="/pets", gone=True)
    @response(204)
    @raises(PetMissing)
    def delete(self, pet_id: int) -> None:
        """Delete a pet."""
        find(pet_id)
        current_app.extensions["deleted"].add(pet_id)


@pets.route("/<int(min=1, max=9999):pet_id>/toy")
class Toy(Resource):
    """What a pet plays with."""

    @arguments(ToyHolderSchema)
    @response(200, ToyHolderSchema)
    def put(self, holder: t.Any, pet_id: int) -> t.Any:
        """Give a toy."""
        return holder


@pets.route("/records")
class Records(Resource):
    """Values of every form, which come back as they were sent."""

    @arguments(RecordSchema)
    @response(201, RecordSchema)
    def post(self, record: t.Any) -> t.Any:
        """Add a record."""
        return record


@pets.route("/<int:pet_id>/photos/<any(front, back):side>/<uuid:key>")
class Photos(Resource):
    """The photos of a pet."""

    @arguments(PhotoSchema(only=("caption",)), location="form")
    @arguments(PhotoSchema(only=("photo", "others")), location="files")
    @response(201, {"size": fields.Integer(required=True)})
    def post(self, form: t.Any, files: t.Any, pet_id: int, side: str, key: t.Any) -> t.Any:
        """Upload a photo."""
        return {"size": 1}


@owners.route("")
class Owners(Resource):
    """The owners."""

    @arguments(OwnerSchema, location="json_or_form", unknown=EXCLUDE)
    @response(201, OwnerSchema(only=("id", "name")))
    def post(self, owner: t.Any) -> t.Any:
        """Add an owner."""
        return OWNER

    @arguments({"name": fields.String(required=True)})
    @arguments({"email": fields.Email()}, unknown=INCLUDE)
    @response(200, OwnerSchema)
    def put(self, name: t.Any, email: t.Any) -> t.Any:
        """Rename an owner."""
        return OWNER


@owners.route("/merged")
class MergedOwner(Resource):
    """An owner who is changed by merge patches."""

    @merge_patch(NameSchema)
    @response(200, OwnerSchema(only=("id", "name")))
    def patch(self, changes: t.Any) -> t.Any:
        """Merge changes into an owner."""
        return OWNER


@owners.route("/operated")
class OperatedOwner(Resource):
    """An owner who is changed by operations."""

    @json_patch(NotesSchema)
    @response(200, OwnerSchema(only=("id", "name")))
    def patch(self, patch: t.Any) -> t.Any:
        """Apply operations to the notes on an owner."""
        patch.apply({"text": "Pays late.", "more": ["a", {"b": 1}]})
        return OWNER


@owners.route("/table")
@produces(CSV(), MessagePack())
class OwnerTable(Resource):
    """The owners in several media types."""

    @response(200, OwnerSchema(only=("id", "name"), many=True))
    def get(self) -> t.Any:
        """Show the owners as a table."""
        return [OWNER]

    @consumes(MessagePack())
    @arguments(OwnerSchema(only=("name",), many=True))
    @response(200, OwnerSchema(only=("id", "name"), many=True))
    def put(self, owners: t.Any) -> t.Any:
        """Replace the owners by a table."""
        return [OWNER]


@owners.route("/export")
class Export(Resource):
    """The owners, one by one."""

    @stream(OwnerSchema(only=("id", "name")))
    def get(self) -> t.Any:
        """Export all owners."""
        return [OWNER, OWNER]


@owners.route("/news")
class OwnerNews(Resource):
    """What happens to owners."""

    @events(OwnerSchema(only=("id", "name")), retry=1000)
    def get(self) -> t.Any:
        """Tell of new owners."""
        return [Event(OWNER, id=1)]


@owners.get("/<string(length=2):country>/<path:rest>")
@response(200)
def by_country(country: str, rest: str) -> t.Any:
    """Find owners."""
    return {}


def make_app(**config: t.Any) -> App:
    """The application, with all that a document wants to know."""
    app = App(__name__)
    app.config.update(
        API_TITLE="Pet shop",
        API_VERSION="2.0.0",
        API_DESCRIPTION="Pets and their owners.",
        API_CONTACT={"name": "The shop", "url": "https://shop.invalid", "email": "shop@shop.invalid"},
        API_LICENSE={"name": "MIT", "identifier": "MIT"},
        API_SERVERS=[{"url": "https://api.shop.invalid", "description": "Production."}],
        SECRET_KEY="only for tests",
        **config,
    )
    app.extensions["deleted"] = set()
    app.register_router(pets)
    app.register_router(owners)
    app.register_router(cards)
    app.register_router(lists)
    app.register_router(orders)
    app.register_router(files)
    app.register_router(vault)
    app.add_document("owners", routers=[owners], settings={"API_TITLE": "Owners", "OPENAPI_VERSION": "3.0.3"})

    @app.get("/health")
    @response(200, ma.Schema.from_dict({"ok": fields.Boolean()}))
    def health() -> t.Any:
        """Tell whether all is well."""
        return {"ok": True}

    return app
