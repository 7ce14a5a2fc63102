"""API keys: their form, what is kept, scopes, expiry, rotation and use, in memory, SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import concurrent.futures
import datetime as dt
import hashlib
import re
import subprocess
import sys
import threading
import time
import zlib

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy import orm

from framework import App, Bearer, current_user, requires, response
from framework.auth import (
    APIKeys,
    APIKeyStore,
    MemoryAPIKeyStore,
    SQLAlchemyAPIKeyStore,
    api_key_router,
    api_key_table,
)
from framework.cli import ScriptInfo, cli
from framework.errors import SetupError
from framework.tokens import TokenExpired, TokenRevoked
from tests.servers import free_port, postgres_server

DAY = 86_400


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.now = time.time()

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    """A clock."""
    return Clock()


@pytest.fixture(scope="module")
def postgres():
    """A real PostgreSQL."""
    with postgres_server() as url:
        yield url.replace("postgresql:", "postgresql+psycopg:")


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def key_store(request, tmp_path):
    """An empty store of each kind."""
    if request.param == "memory":
        yield MemoryAPIKeyStore()
        return
    url = f"sqlite:///{tmp_path}/keys.db" if request.param == "sqlite" else request.getfixturevalue("postgres")
    engine, metadata = sa.create_engine(url), sa.MetaData()
    table = api_key_table(metadata)
    metadata.drop_all(engine)
    metadata.create_all(engine)
    yield SQLAlchemyAPIKeyStore(orm.sessionmaker(engine), table)
    engine.dispose()


@pytest.fixture
def keys(key_store, clock):
    """Keys in each kind of store."""
    return APIKeys(key_store, prefix="shop_live", clock=clock)


def served(keys, scopes=(), load=lambda record: record.owner):
    """An application with one operation for keys."""
    app = App(__name__)

    @app.get("/me")
    @requires(keys.scheme(load), scopes=scopes)
    @response(200)
    def me():
        """Who am I?"""
        return current_user._get_current_object()

    return app


def ask(app, key):
    """Send a key."""
    return app.test_client().get("/me", headers={"X-API-Key": key})


def base62(number, length=6):
    """A number in base 62, by hand."""
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    text = ""
    for _ in range(length):
        text = letters[number % 62] + text
        number //= 62
    return text


# Form


def test_the_form_of_a_key(keys):
    """A key has a prefix, an id, a secret of 256 bits, and a checksum that others can compute; a hash is kept."""
    made = keys.create("CI", "ann", scopes=["read"])
    prefix, key_id, secret = re.fullmatch(r"(shop_live)_([0-9A-Za-z]{16})_([0-9A-Za-z]{49})", made.key).groups()

    assert made.key[-6:] == base62(zlib.crc32(made.key[:-6].encode()))
    assert 62**43 > 2**256
    assert (made.record.id, made.record.scopes) == (key_id, ("read",))
    kept = keys.store.get(key_id)
    assert kept.hash == hashlib.sha256(made.key.encode()).hexdigest()
    assert kept == made.record
    for text in (repr(kept), repr(made), repr(keys)):
        assert secret not in text
        assert kept.hash not in text
    assert prefix in repr(keys)
    assert isinstance(keys.store, APIKeyStore)


def test_no_two_keys_are_alike(keys):
    """Id and secret are random."""
    made = [keys.create("x", "ann").key for _ in range(20)]

    assert len(set(made)) == len({each[-49:-6] for each in made}) == 20


def test_a_key_opens(keys):
    """A key is good for its owner and its scopes."""
    app = served(keys, scopes=["read"])
    good, weak = keys.create("CI", "ann", scopes=["read", "write"]), keys.create("CI", "bob", scopes=["write"])

    assert ask(app, good.key).json == "ann"
    assert (ask(app, weak.key).status_code, ask(app, weak.key).json["missing"]) == (403, ["read"])
    assert ask(served(keys, load=lambda record: record.name), good.key).json == "CI"


@pytest.mark.parametrize(
    "change",
    [
        lambda key: key[:-1],
        lambda key: key + "0",
        lambda key: key[:-1] + ("0" if key[-1] != "0" else "1"),
        lambda key: key[:30] + ("0" if key[30] != "0" else "1") + key[31:],
        lambda key: key.replace("shop_live", "shop_test"),
        lambda key: key.upper(),
        lambda key: "",
        lambda key: "ü" * len(key),
        lambda key: "x" * 100_000,
        lambda key: key[:-6] + "\u0660" * 6,
    ],
)
def test_keys_that_are_not_good(keys, change):
    """A key that is not exactly right is refused without a question to the store."""
    key = keys.create("CI", "ann").key

    class Closed:
        """No store."""

    keys.store = Closed()
    assert keys.verify(change(key)) is None


def test_a_key_with_a_good_checksum_and_another_secret(keys):
    """The secret is compared with its hash, and an id that is not known is refused alike."""
    made = keys.create("CI", "ann")
    head = made.key[:-49]
    for text in (head + "0" * 43, "shop_live_" + "0" * 16 + "_" + made.key[-49:-6]):
        assert keys.verify(text + base62(zlib.crc32(text.encode()))) is None
    assert keys.verify(made.key).owner == "ann"


def test_what_a_client_gets():
    """A wrong key is a 401, and nothing of it is in the answer."""
    keys = APIKeys(MemoryAPIKeyStore(), prefix="shop")
    reply = ask(served(keys), "shop_" + "x" * 60)

    assert (reply.status_code, reply.json["code"]) == (401, "credentials_invalid")
    assert "xxxx" not in reply.get_data(as_text=True) + str(reply.headers)
    assert ask(served(keys, load=lambda record: None), keys.create("x", "ann").key).status_code == 401


# Time


def test_expiry(keys, clock):
    """A key is good until it expires; then the answer says so."""
    made = keys.create("CI", "ann", expires_in=dt.timedelta(days=1))
    forever = keys.create("CI", "ann")
    clock.now += DAY - 1
    assert keys.verify(made.key).id == made.record.id
    clock.now += 1
    with pytest.raises(TokenExpired):
        keys.verify(made.key)
    assert ask(served(keys), made.key).json["detail"] == "The token has expired."
    clock.now += 100_000 * DAY
    assert keys.verify(forever.key).id == forever.record.id


def test_revoking(keys):
    """An ended key is refused at once, however often it is ended."""
    made = keys.create("CI", "ann")
    keys.revoke(made.record.id)
    first = keys.get(made.record.id).revoked_at
    keys.revoke(made.record.id)
    with pytest.raises(TokenRevoked):
        keys.verify(made.key)
    assert keys.get(made.record.id).revoked_at == first


def test_rotation(keys, clock):
    """The old key stays good for the overlap; the new one has its name, owner, scopes and span of life."""
    old = keys.create("CI", "ann", scopes=["read"], expires_in=10 * DAY)
    clock.now += DAY
    new = keys.rotate(old.record.id, overlap=3600)

    assert keys.verify(old.key).replaced_by == new.record.id == keys.verify(new.key).id
    assert (new.record.name, new.record.owner, new.record.scopes) == ("CI", "ann", ("read",))
    assert new.record.expires_at - new.record.created_at == dt.timedelta(days=10)
    clock.now += 3601
    with pytest.raises(TokenExpired):
        keys.verify(old.key)
    assert keys.verify(new.key)


def test_a_rotation_prolongs_nothing(keys, clock):
    """An old key that expires within the overlap is not good for longer than it was."""
    old = keys.create("CI", "ann", expires_in=60)
    keys.rotate(old.record.id, overlap=3600)
    clock.now += 61
    with pytest.raises(TokenExpired):
        keys.verify(old.key)


def test_only_a_good_key_is_rotated(keys, clock):
    """A key that is expired, ended or replaced has no other put in its place."""
    expired, ended, replaced = (keys.create("x", "ann", expires_in=60) for _ in range(3))
    keys.revoke(ended.record.id)
    keys.rotate(replaced.record.id)
    for each in (ended, replaced):
        with pytest.raises(Exception, match="expired, revoked or already replaced"):
            keys.rotate(each.record.id)
    clock.now += 61
    with pytest.raises(Exception, match="expired, revoked or already replaced"):
        keys.rotate(expired.record.id)
    with pytest.raises(Exception, match="No API key has this id"):
        keys.rotate("0" * 16)
    with pytest.raises(Exception, match="No API key has this id"):
        keys.revoke("0" * 16)


def test_rotations_at_once(keys):
    """Of several rotations at the same time one makes a key."""
    old = keys.create("CI", "ann")
    barrier = threading.Barrier(4)

    def run():
        barrier.wait()
        try:
            return keys.rotate(old.record.id)
        except Exception as error:
            return error

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = [each.result() for each in [pool.submit(run) for _ in range(4)]]

    assert sum(not isinstance(each, Exception) for each in found) == 1
    assert len(keys.list("ann")) == 2


def test_listing(keys, clock):
    """Keys are listed newest first, of one owner or all, as many as are asked for."""
    for owner in ("ann", "bob", "ann"):
        clock.now += 1
        keys.create(f"{owner}'s", owner)

    assert [each.owner for each in keys.list()] == ["ann", "bob", "ann"]
    assert len(keys.list("ann")) == 2
    assert keys.list("ann")[0].created_at > keys.list("ann")[1].created_at
    assert len(keys.list(limit=1)) == 1


# Last use


class Counting:
    """A store that counts how often a use was written, in front of a real one."""

    may_be_away = True

    def __init__(self, store):
        self._store = store
        self.touched = []

    def __getattr__(self, name):
        return getattr(self._store, name)

    def add(self, record):
        self._store.add(record)

    def get(self, key_id):
        return self._store.get(key_id)

    def list(self, owner, limit):
        return self._store.list(owner, limit)

    def revoke(self, key_id, at):
        return self._store.revoke(key_id, at)

    def replace(self, key_id, expires_at, new):
        return self._store.replace(key_id, expires_at, new)

    def touch(self, key_id, at):
        self.touched.append(key_id)
        self._store.touch(key_id, at)


def test_the_last_use(key_store, clock):
    """The moment of the last use is written after the answer, and at most once a minute, by each process."""
    store = Counting(key_store)
    one, two = (APIKeys(store, prefix="shop", clock=clock) for _ in range(2))
    made = one.create("CI", "ann")
    app = served(one)
    order = []

    @app.after_request
    def note(reply):
        order.append(len(store.touched))
        return reply

    assert [ask(app, made.key).status_code for _ in range(3)] == [200] * 3
    assert (order, store.touched) == ([0, 1, 1], [made.record.id])
    assert one.get(made.record.id).last_used_at == dt.datetime.fromtimestamp(clock.now, dt.UTC)
    assert ask(served(two), made.key).status_code == 200
    assert len(store.touched) == 1
    clock.now += 61
    assert ask(app, made.key).status_code == 200
    assert len(store.touched) == 2


def test_uses_before_the_last_one_was_written(key_store):
    """Uses that come before the moment of the first was written are not written each."""
    store = Counting(key_store)
    keys = APIKeys(store, prefix="shop")
    made = keys.create("CI", "ann")
    app = served(keys, load=lambda record: [keys.verify(made.key).owner for _ in range(5)])

    assert ask(app, made.key).json == ["ann"] * 5
    assert len(store.touched) == 1


def test_on_a_loop(key_store):
    """On an ASGI server the store is asked in a thread, and an asynchronous loader runs on the loop."""
    keys = APIKeys(key_store, prefix="shop")
    made = keys.create("CI", "ann")

    async def load(record):
        await asyncio.sleep(0)
        return record.owner

    app = App(__name__)

    @app.get("/me")
    @requires(keys.scheme(load))
    @response(200)
    async def me():
        """Who am I?"""
        return current_user._get_current_object()

    async def run():
        client = app.async_test_client()
        return [(await client.get("/me", headers={"X-API-Key": made.key})).json() for _ in range(3)]

    assert asyncio.run(run()) == ["ann"] * 3


def test_the_database_is_away():
    """While the database does not answer a key is a declared 503 with ``Retry-After``."""
    engine = sa.create_engine(f"postgresql+psycopg://x@127.0.0.1:{free_port()}/x")
    store = SQLAlchemyAPIKeyStore(orm.sessionmaker(engine), api_key_table(sa.MetaData()))
    app = served(APIKeys(store, prefix="shop"))
    key = APIKeys(MemoryAPIKeyStore(), prefix="shop").create("x", "ann").key
    reply = ask(app, key)

    assert (reply.status_code, reply.json["code"]) == (503, "authentication_unavailable")
    assert reply.headers["Retry-After"] == "1"
    assert ask(app, "nonsense").status_code == 401
    assert "503" in app.openapi["paths"]["/me"]["get"]["responses"]
    assert "503" not in served(APIKeys(MemoryAPIKeyStore(), prefix="x")).openapi["paths"]["/me"]["get"]["responses"]


# The router


@pytest.fixture
def site(keys):
    """An application whose users manage their keys."""
    app = App(__name__)
    users = Bearer({"ann": "ann", "bob": "bob"}.get)
    app.register_router(api_key_router(keys, users, owner=str, scopes=["read", "write"], max_keys=3))
    return app


def client_of(app, user="ann"):
    """A client with the credentials of a user."""
    client = app.test_client()

    def send(method, path, **options):
        return client.open(path, method=method, headers={"Authorization": f"Bearer {user}"}, **options)

    return send


def test_keys_of_a_user(site, keys):
    """A user makes, lists, replaces and ends keys; a key is shown once, its hash never."""
    ann = client_of(site)
    made = ann("POST", "/keys", json={"name": "CI", "scopes": ["read"], "expires_in_days": 30})
    key = made.json["key"]

    assert (made.status_code, made.headers["Cache-Control"]) == (201, "no-store")
    assert keys.verify(key).owner == "ann"
    [listed] = ann("GET", "/keys").json
    assert {*listed} == {*made.json} - {"key"}
    assert "hash" not in made.json
    assert listed["name"] == "CI"

    rotated = ann("POST", f"/keys/{listed['id']}/rotate", json={"overlap_hours": 1})
    assert rotated.status_code == 201
    assert ann("POST", f"/keys/{listed['id']}/rotate", json={}).json["code"] == "api_key_inactive"
    assert ann("DELETE", f"/keys/{rotated.json['id']}").status_code == 204
    with pytest.raises(TokenRevoked):
        keys.verify(rotated.json["key"])
    assert keys.verify(key)


def test_keys_of_others(site, keys):
    """Another user's key does not exist, and without a user there is nothing."""
    made = keys.create("CI", "ann")
    bob = client_of(site, "bob")

    assert bob("GET", "/keys").json == []
    assert bob("DELETE", f"/keys/{made.record.id}").json["code"] == "api_key_not_found"
    assert bob("POST", f"/keys/{made.record.id}/rotate", json={}).status_code == 404
    assert keys.verify(made.key)
    assert client_of(site, "eve")("GET", "/keys").status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x" * 201},
        {"name": "x", "scopes": ["admin"]},
        {"name": "x", "scopes": "read"},
        {"name": "x", "expires_in_days": 0},
        {"name": "x", "expires_in_days": 1.5},
        {"name": "x", "owner": "bob"},
        {"name": "x", "expires_in_days": 10**9},
    ],
)
def test_bodies_that_are_not_good(body):
    """Scopes that may not be given, and owners, are refused with a 422."""
    app = App(__name__)
    keys = APIKeys(MemoryAPIKeyStore(), prefix="shop")
    app.register_router(api_key_router(keys, Bearer({"ann": "ann"}.get), owner=str, scopes=["read"]))

    assert client_of(app)("POST", "/keys", json=body).status_code == 422
    assert keys.list() == []


def test_how_many(site):
    """A user has a bounded number of good keys; ended ones do not count."""
    ann = client_of(site)
    made = [ann("POST", "/keys", json={"name": "x"}) for _ in range(4)]

    assert [each.status_code for each in made] == [201, 201, 201, 409]
    assert made[3].json["code"] == "too_many_api_keys"
    ann("DELETE", f"/keys/{made[0].json['id']}")
    assert ann("POST", "/keys", json={"name": "x"}).status_code == 201


# Set-up


@pytest.mark.parametrize("prefix", ["", "Shop", "shop_", "_shop", "shop__live", "1shop", "shop-live", "x" * 33, None])
def test_prefixes(prefix):
    """A prefix that would make keys hard to take apart is an error with file and line."""
    with pytest.raises(SetupError, match="Invalid prefix of API keys") as caught:
        APIKeys(MemoryAPIKeyStore(), prefix=prefix)
    assert f"({__file__}:" in str(caught.value)


def test_mistakes():
    """Mistakes in the set-up are found when they are made."""
    keys = APIKeys(MemoryAPIKeyStore(), prefix="shop")
    with pytest.raises(SetupError, match="is not a store of API keys"):
        APIKeys({}, prefix="shop")
    with pytest.raises(SetupError, match="would take API keys: a stolen one could make others"):
        api_key_router(keys, keys.scheme(), owner=str, scopes=["read"])
    with pytest.raises(SetupError, match="needs to know who its users are"):
        api_key_router(keys, requires(scopes=["x"]), owner=str, scopes=["read"])
    with pytest.raises(SetupError, match="needs a sessionmaker, and a table with the columns"):
        SQLAlchemyAPIKeyStore(None, api_key_table(sa.MetaData()))
    with pytest.raises(SetupError, match="needs a sessionmaker, and a table with the columns"):
        SQLAlchemyAPIKeyStore(print, sa.Table("x", sa.MetaData()))
    app = App(__name__)
    keys.init_app(app)
    keys.init_app(app)
    with pytest.raises(SetupError, match="has API keys already"):
        APIKeys(MemoryAPIKeyStore(), prefix="shop", app=app)
    for wrong in ({"scopes": "read"}, {"scopes": ["a b"]}, {"expires_in": -1}, {"expires_in": 0}):
        with pytest.raises(ValueError):
            keys.create("x", "ann", **wrong)


def test_sqlalchemy_is_not_needed():
    """Keys in memory load no SQLAlchemy."""
    code = (
        "import sys; from framework.auth import APIKeys, MemoryAPIKeyStore as M; k = APIKeys(M(), prefix='x')\n"
        "k.verify(k.create('a', 'b').key); k.scheme()\n"
        "print([name for name in sys.modules if name.startswith(('sqlalchemy', 'joserfc', 'click'))])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout == "[]\n"


# The command


def test_the_command(tmp_path):
    """``framework keys`` makes, lists, replaces and ends keys; a key alone goes to standard output."""
    engine, metadata = sa.create_engine(f"sqlite:///{tmp_path}/keys.db"), sa.MetaData()
    table = api_key_table(metadata)
    metadata.create_all(engine)
    app = App("commanded")
    APIKeys(SQLAlchemyAPIKeyStore(orm.sessionmaker(engine), table), prefix="shop", app=app)

    def run(*arguments, app=app):
        return CliRunner().invoke(cli, ["keys", *arguments], obj=ScriptInfo(create_app=lambda: app))

    made = run("create", "CI of\x1bann", "--owner", "ann", "--scope", "read", "--scope", "write", "--days", "30")
    key = made.stdout.strip()
    key_id = key.split("_")[1]
    assert re.fullmatch(r"shop_[0-9A-Za-z]{16}_[0-9A-Za-z]{49}", key), made.stderr
    assert made.stderr == f"The key {key_id}, which is not shown again:\n"

    new = run("rotate", key_id, "--overlap-hours", "2").stdout.strip()
    listed = run("list", "--owner", "ann").stdout.splitlines()
    assert [line.split("\t")[0] for line in listed] == [new.split("_")[1], key_id]
    assert listed[0].split("\t")[1:3] == ["ann", "CI of?ann"]
    assert listed[0].split("\t")[4:] == ["never used", "read write"]

    assert run("revoke", key_id).exit_code == 0
    assert "\trevoked\t" in run("list").stdout
    for wrong, text in (
        (["revoke", "0" * 16], "No API key has this id."),
        (["rotate", key_id], "expired, revoked or already replaced"),
        (["create", "x", "--owner", "ann", "--scope", "a b"], "Invalid scopes"),
    ):
        ended = run(*wrong)
        assert (ended.exit_code != 0, text in ended.stderr, ended.stdout) == (True, True, ""), ended.output
    assert run("list", "--owner", "bob").stderr == "No keys.\n"
    assert "The application 'bare' has no API keys." in run("list", app=App("bare")).stderr
    engine.dispose()
