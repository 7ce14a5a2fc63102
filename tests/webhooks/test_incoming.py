"""``signed_webhook``: requests are verified by Standard Webhooks, and each delivery is processed once."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import json
import subprocess
import sys
import threading
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks import Webhook as Judge

from framework import App, Resource, abort, arguments, fields, redirect, request, response
from framework.errors import SetupError
from framework.http.webhook_signatures import read_key, sign
from framework.marks.base import Mark
from framework.stores.memory import MemoryStore
from framework.stores.redis import RedisStore
from framework.webhooks import signed, signed_webhook
from tests.servers import free_port, redis_server

SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()
OTHER = "whsec_" + base64.b64encode(b"o" * 32).decode()
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"p" * 32)
WHSK = "whsk_" + base64.b64encode(b"p" * 32).decode()
WHPK = "whpk_" + base64.b64encode(PRIVATE.public_key().public_bytes_raw()).decode()
BODY = {"type": "paid", "amount": 7}


class Shop:
    """An application with one operation that takes webhooks, and the bodies that were processed."""

    def __init__(self, mark, *more, handler=None, **settings):
        self.taken = []
        self.app = App(__name__)
        self.app.config.update(settings)

        def take(event):
            self.taken.append(event)
            return handler(event) if handler else None

        for each in (*more, response(204), arguments({"type": fields.String(required=True), "amount": fields.Int()})):
            take = each(take)
        self.app.add_url_rule("/hooks", "take", mark(take), methods=["POST"])
        self.client = self.app.test_client()

    def send(self, body=BODY, secret=SECRET, **options):
        """Send a signed webhook."""
        return self.client.post("/hooks", **signed(body, secret, **options))


def test_a_signed_webhook_reaches_the_handler_typed(fast):
    """The body is verified, and then loaded by the schema as usual."""
    shop = Shop(signed_webhook(SECRET), FAST_PATH=fast)

    assert shop.send().status_code == 204
    assert shop.taken == [BODY]


@pytest.mark.parametrize("secret", [SECRET, SECRET.removeprefix("whsec_")])
def test_the_library_of_the_standard_signs_what_is_taken(secret):
    """A delivery that the reference library has signed is verified."""
    shop = Shop(signed_webhook(SECRET))
    text = json.dumps(BODY)
    now = dt.datetime.now(dt.UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Judge(secret).sign("msg_1", now, text),
    }

    assert shop.client.post("/hooks", data=text, content_type="application/json", headers=headers).status_code == 204


def test_the_library_of_the_standard_takes_what_the_helper_signs():
    """The test helper signs as senders do."""
    sent = signed(BODY, [OTHER, SECRET])

    assert Judge(SECRET).verify(sent["data"], sent["headers"]) == BODY


@pytest.mark.parametrize("private", [WHSK, WHSK[:-1] if WHSK.endswith("=") else WHSK])
def test_ed25519_is_verified_by_the_public_key(private):
    """A sender with a key pair signs with ``v1a``; the receiver has the public key alone."""
    shop = Shop(signed_webhook(WHPK))

    assert shop.send(secret=private).status_code == 204
    assert shop.send(secret=SECRET).status_code == 401
    with pytest.raises(SetupError, match="public key cannot sign"):
        signed(BODY, WHPK)


def test_a_private_key_with_its_public_one_behind_it_is_read():
    """64 bytes are the private and the public key, which must belong together."""
    public = PRIVATE.public_key().public_bytes_raw()
    whole = "whsk_" + base64.b64encode(b"p" * 32 + public).decode()

    assert read_key(whole).verifies(b"text", read_key(WHSK).sign(b"text"))
    with pytest.raises(ValueError, match="does not belong"):
        read_key("whsk_" + base64.b64encode(b"p" * 64).decode())


def test_several_secrets_and_several_signatures_rotate():
    """While a secret is replaced, one fitting pair of a signature and a secret is enough."""
    shop = Shop(signed_webhook([SECRET, OTHER]))
    third = "whsec_" + base64.b64encode(b"t" * 24).decode()

    replies = [shop.send(secret=secret) for secret in (SECRET, OTHER, [third, OTHER], third)]

    assert [reply.status_code for reply in replies] == [204, 204, 204, 401]


def test_secrets_may_depend_on_the_request():
    """A function of the context, asynchronous or not, returns the secrets of the sender; without any it is unknown."""
    secrets = {"a": SECRET, "b": [OTHER]}

    async def later(ctx):
        return secrets.get(ctx.request.headers.get("X-Sender"))

    for find in (lambda ctx: secrets.get(ctx.request.headers.get("X-Sender")), later):
        shop = Shop(signed_webhook(find))
        codes = []
        for sender, secret in (("a", SECRET), ("b", OTHER), ("a", OTHER), ("c", SECRET)):
            sent = signed(BODY, secret)
            sent["headers"]["X-Sender"] = sender
            codes.append(shop.client.post("/hooks", **sent).status_code)

        assert codes == [204, 204, 401, 401]


@pytest.mark.parametrize(
    "change",
    [
        lambda sent: sent.update(data=sent["data"] + b" "),
        lambda sent: sent.update(data=json.dumps(BODY, indent=1).encode()),
        lambda sent: sent["headers"].update({"webhook-id": "msg_other"}),
        lambda sent: sent["headers"].update({"webhook-timestamp": str(int(sent["headers"]["webhook-timestamp"]) + 1)}),
        lambda sent: sent["headers"].update(
            {"webhook-signature": sent["headers"]["webhook-signature"].replace("v1,", "v2,")}
        ),
        lambda sent: sent["headers"].update(
            {"webhook-signature": sent["headers"]["webhook-signature"].replace("v1,", "v1a,")}
        ),
    ],
)
def test_what_was_changed_is_refused(change):
    """The signature covers id, timestamp and each byte of the body, and says by which scheme it was made."""
    shop = Shop(signed_webhook(SECRET))
    sent = signed(BODY, SECRET)
    change(sent)
    reply = shop.client.post("/hooks", **sent)

    assert (reply.status_code, reply.json["code"]) == (401, "webhook_signature_invalid")
    assert reply.headers["WWW-Authenticate"] == 'Webhook realm="API"'
    assert shop.taken == []


@pytest.mark.parametrize(
    "headers",
    [
        {"webhook-id": ""},
        {"webhook-id": "a.1"},
        {"webhook-id": "a b"},
        {"webhook-id": "é"},
        {"webhook-id": "a" * 257},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "-5"},
        {"webhook-timestamp": "1e9"},
        {"webhook-timestamp": "١٢٣"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,!!!"},
        {"webhook-signature": "," * 3000},
    ],
)
def test_malformed_headers_are_a_400(headers):
    """A header that is missing or malformed says that the request is not a signed webhook."""
    shop = Shop(signed_webhook(SECRET))
    sent = signed(BODY, SECRET)
    sent["headers"].update({name: value.encode().decode("latin1") for name, value in headers.items()})
    reply = shop.client.post("/hooks", **sent)

    assert (reply.status_code, reply.json["code"]) == (400, "webhook_malformed")


@pytest.mark.parametrize(("shift", "status"), [(-301, 401), (-290, 204), (290, 204), (310, 401)])
def test_the_timestamp_has_a_window(shift, status):
    """A delivery is taken for five minutes around its timestamp; what is older may be a replay."""
    shop = Shop(signed_webhook(SECRET))
    reply = shop.send(timestamp=time.time() + shift)

    assert reply.status_code == status
    if status == 401:
        assert reply.json["code"] == "webhook_expired"


@pytest.mark.wsgi_only("an ASGI server reads bodies ahead, up to their limit")
def test_an_expired_webhook_costs_no_body():
    """Headers are looked at before the body is read: a body that never comes is not waited for."""
    shop = Shop(signed_webhook(SECRET))
    sent = signed(BODY, SECRET, timestamp=5)

    class Never:
        def read(self, size=-1):
            raise AssertionError("the body was read")

    environ = {"wsgi.input": Never(), "CONTENT_LENGTH": "1000"}
    reply = shop.client.post("/hooks", headers=sent["headers"], environ_overrides=environ)

    assert reply.status_code == 401


def test_a_delivery_that_was_processed_is_not_processed_again(store):
    """A repetition gets a 2xx, so that its sender stops, whatever the new timestamp; the handler is not called."""
    shop = Shop(signed_webhook(SECRET, store=store))
    replies = [shop.send(message_id="msg_1", timestamp=time.time() + shift) for shift in (0, 5, 10)]

    assert [reply.status_code for reply in replies] == [204] * 3
    assert shop.send(message_id="msg_2").status_code == 204
    assert len(shop.taken) == 2


@pytest.mark.parametrize("status", [302, 400, 410, 503])
def test_a_delivery_that_failed_runs_again(store, status):
    """Senders repeat what was not answered with a 2xx: then the handler is called again."""
    outcomes = [lambda: redirect("/") if status == 302 else abort(status), lambda: None]
    shop = Shop(signed_webhook(SECRET, store=store), handler=lambda event: outcomes.pop(0)())
    client = shop.app.test_client(contract=False)
    sent = [signed(BODY, SECRET, message_id="msg_1") for _ in range(3)]
    codes = [client.post("/hooks", **each).status_code for each in sent]

    assert codes == [status, 204, 204]
    assert len(shop.taken) == 2


def test_an_exception_and_a_failed_commit_are_failures(store):
    """What fails after the handler, in a context manager around it, makes a delivery that runs again."""
    fails = [True]

    class Commit(Mark):
        def around(self, plan):
            import contextlib

            @contextlib.contextmanager
            def transaction(ctx, call):
                yield
                if fails.pop() if fails else False:
                    raise OSError("the database is away")

            return transaction

    shop = Shop(signed_webhook(SECRET, store=store), Commit())
    shop.app.config["PROPAGATE_EXCEPTIONS"] = False
    codes = [shop.send(message_id="msg_1").status_code for _ in range(3)]

    assert codes == [500, 204, 204]
    assert len(shop.taken) == 2


def test_what_schemas_refuse_does_not_count_as_processed(store):
    """A signed body that is not valid is a 422 each time."""
    shop = Shop(signed_webhook(SECRET, store=store))
    codes = [shop.send({"amount": 1}, message_id="msg_1").status_code for _ in range(2)]

    assert codes == [422, 422]


def test_a_delivery_in_progress_is_a_409(store):
    """A second attempt that comes while the first is processed is refused, to be sent again later."""
    inside, go = threading.Event(), threading.Event()

    def wait(event):
        inside.set()
        go.wait(30)

    shop = Shop(signed_webhook(SECRET, store=store), handler=wait)
    first = threading.Thread(target=shop.send, kwargs={"message_id": "msg_1"})
    first.start()
    inside.wait(30)
    reply = shop.app.test_client().post("/hooks", **signed(BODY, SECRET, message_id="msg_1"))
    go.set()
    first.join()

    assert (reply.status_code, reply.json["code"], reply.headers["Retry-After"]) == (409, "webhook_in_progress", "5")
    assert len(shop.taken) == 1


def test_a_process_that_died_gives_the_delivery_free(store):
    """After the lease a delivery that never ended counts as failed, and one of the next attempts runs it."""

    def die(event):
        raise SystemExit

    dying = Shop(signed_webhook(SECRET, store=Deaf(store), lease=0.2), handler=die)
    with pytest.raises(SystemExit):
        dying.send(message_id="msg_1")
    shop = Shop(signed_webhook(SECRET, store=store, lease=0.2))

    assert shop.send(message_id="msg_1").status_code == 409
    time.sleep(0.3)
    assert [shop.send(message_id="msg_1").status_code for _ in range(2)] == [204, 204]
    assert len(shop.taken) == 1


class Deaf:
    """A store that forgets nothing: the process ends before it can say so."""

    def __init__(self, store):
        self._store = store

    def get(self, *arguments):
        return self._store.get(*arguments)

    set = increment = get

    def add(self, *arguments):
        return self._store.add(*arguments)

    def replace(self, *arguments):
        return self._store.replace(*arguments)

    def delete(self, *arguments):
        return False


def test_ids_belong_to_the_address():
    """The id of one sender says nothing about the deliveries of another."""
    app = App(__name__)
    taken = []

    @app.route("/hooks/<sender>")
    class Hooks(Resource):
        @signed_webhook(SECRET)
        @response(204)
        def post(self, sender):
            taken.append(sender)

    client = app.test_client()
    for sender in ("a", "b", "a"):
        assert client.post(f"/hooks/{sender}", **signed({}, SECRET, message_id="msg_1")).status_code == 204

    assert taken == ["a", "b"]


def test_a_store_that_is_away_is_a_declared_503():
    """Without the store it is not known what was processed: nothing runs, and the sender tries again."""
    with redis_server() as url:
        shop = Shop(signed_webhook(SECRET), WEBHOOK_STORE_URL=url)

        assert shop.send(message_id="msg_1").status_code == 204
    reply = shop.send(message_id="msg_2")

    assert (reply.status_code, reply.json["code"], reply.headers["Retry-After"]) == (503, "webhook_unavailable", "1")
    assert len(shop.taken) == 1


def test_a_store_that_goes_away_meanwhile_changes_no_answer(caplog):
    """What was processed is answered with its 2xx; that it may run again is logged."""
    port = free_port()
    with redis_server(port) as url:
        server_is_up = [True]

        def stop(event):
            store.client.shutdown(nosave=True)
            server_is_up.clear()

        store = RedisStore(url)
        shop = Shop(signed_webhook(SECRET, store=store), handler=stop)

        assert shop.send().status_code == 204
        assert server_is_up == []
    assert "processed again" in caplog.text
    store.close()


def test_the_body_has_a_limit(fast):
    """A body over the limit is a 413, by its length or while it is read."""
    shop = Shop(signed_webhook(SECRET, max_length=30), FAST_PATH=fast)
    long = {"type": "x" * 30, "amount": 1}

    assert shop.send().status_code == 204
    assert shop.send(long).status_code == 413
    by_default = Shop(signed_webhook(SECRET), MAX_JSON_LENGTH=30)
    assert by_default.send(long).status_code == 413
    for each in (shop, by_default):
        sent = signed(long, SECRET)
        chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
        assert each.client.post("/hooks", **sent, environ_overrides=chunked).status_code == 413


@pytest.mark.parametrize("codings", [(), ("gzip",)])
def test_an_encoded_body_is_refused(codings):
    """What was signed, the bytes before or after the coding, is not known: a 415."""
    shop = Shop(signed_webhook(SECRET), REQUEST_ENCODINGS=codings)
    sent = signed(gzip.compress(json.dumps(BODY).encode()), SECRET)
    sent["headers"]["Content-Encoding"] = "gzip"
    reply = shop.client.post("/hooks", **sent)

    assert (reply.status_code, reply.headers["Accept-Encoding"]) == (415, "identity")


def test_a_body_that_a_hook_has_read_is_verified():
    """Hooks may read the body before; it is verified all the same."""
    shop = Shop(signed_webhook(SECRET))
    shop.app.before_request(lambda: request.get_data() and None)

    assert shop.send().status_code == 204
    assert shop.send(secret=OTHER).status_code == 401


def test_handlers_without_arguments_read_the_very_bytes():
    """The verified body stays there for a handler that reads it by itself."""
    app = App(__name__)
    found = []

    @app.post("/hooks")
    @signed_webhook(SECRET)
    @response(204)
    def take():
        found.append(request.get_data())

    app.test_client().post("/hooks", **signed(b'{"a":  1}', SECRET))

    assert found == [b'{"a":  1}']


def test_the_document_names_headers_scheme_and_answers():
    """Whoever reads the document can sign a request, and knows every answer."""
    shop = Shop(signed_webhook(SECRET, store=MemoryStore()))
    operation = shop.app.openapi["paths"]["/hooks"]["post"]
    scheme = shop.app.openapi["components"]["securitySchemes"]["webhookSignature"]

    assert operation["security"] == [{"webhookSignature": []}]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "webhook-signature")
    assert {each["name"]: each["required"] for each in operation["parameters"]} == {
        "webhook-id": True,
        "webhook-timestamp": True,
    }
    assert {"204", "400", "401", "409", "413", "415", "422", "503"} <= set(operation["responses"])


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: signed_webhook("secret"), "begins with none of"),
        (lambda: signed_webhook("whsec_!"), "not base64"),
        (lambda: signed_webhook("whsec_c2VjcmV0"), "6 bytes, and fewer than 24"),
        (lambda: signed_webhook("whpk_c2VjcmV0"), "32 bytes"),
        (lambda: signed_webhook([SECRET, b""]), r"number 2 of 2\): it is empty"),
        (lambda: signed_webhook([7]), "a int"),
        (lambda: signed_webhook([]), "no secret"),
        (lambda: signed_webhook(SECRET, tolerance=0), "more than 0 seconds"),
        (lambda: signed_webhook(SECRET, lifetime=500), "replayed after its id is forgotten"),
        (lambda: signed_webhook(SECRET, store="redis://"), "WEBHOOK_STORE_URL"),
        (lambda: Shop(signed_webhook(SECRET), signed_webhook(SECRET)).app.freeze(), "twice"),
    ],
)
def test_mistakes_are_found_at_once(make, text):
    """What can verify nothing, or not safely, is an error when the mark is made or at freeze; no secret is shown."""
    with pytest.raises(SetupError, match=text) as caught:
        make()
    assert "c2VjcmV0" not in str(caught.value)


def test_signing_refuses_an_id_with_a_full_stop():
    """A full stop in an id would let a part of the body pass for the timestamp."""
    with pytest.raises(ValueError, match="full stop"):
        sign(b"{}", [read_key(SECRET)], "a.b", 1)


LAZY = """
import sys
from framework import App, response
app = App("lean")

@app.get("/")
@response(204)
def nothing():
    "Nothing."

assert app.test_client().get("/").status_code == 204
found = [name for name in sys.modules if name.startswith(("framework.webhooks", "cryptography", "urllib3"))]
assert not found, found
"""


def test_an_application_without_webhooks_loads_nothing_of_them():
    """The package is a wing: who does not import it does not pay for it."""
    done = subprocess.run([sys.executable, "-c", LAZY], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
