"""One whole story of tokens on real servers with several workers and a real Redis: log in, refresh, reuse, log out."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.auth.handmade import new_key, private_pem
from tests.servers import free_port, running

SERVED = '''
import asyncio
import os
from framework import App, arguments, current_user, fields, public, requires, response
from framework.auth import JWKS, JWT, Renewal, TokenIssuer, TokenKey, TokensSchema, jwks_router, token_router

URL = "http://127.0.0.1:PORT"
issuer = TokenIssuer(URL, URL, TokenKey("ES256", """KEY"""), grace=GRACE)


async def load(token):
    await asyncio.sleep(0)
    return token.subject


async def renew(subject, scopes):
    return Renewal(scopes) if subject == "ann" else None


own = issuer.scheme(load)
# The same application as an API that knows the issuer by its address alone: each worker asks another, or itself.
remote = JWT(load, JWKS(f"{URL}/.well-known/jwks.json", algorithms=["ES256"]), issuer=URL, audience=URL, name="remote")
app = App("served", marks=[requires(own)])
app.config["AUTH_STORE_URL"] = "REDIS"
app.register_router(token_router(issuer, renew))
app.register_router(jwks_router(issuer))
asgi = app.asgi


@app.post("/login")
@public
@arguments({"name": fields.String(required=True)})
@response(200, TokensSchema)
async def log_in(data):
    """Log in."""
    return await asyncio.to_thread(issuer.issue, data["name"], scopes=["read"])


@app.post("/logout")
@response(204)
def log_out():
    """Log out everywhere."""
    issuer.revoke_user(current_user._get_current_object())


@app.get("/me")
@requires(scopes=["read"])
@response(200)
async def me():
    """Who am I?"""
    return current_user._get_current_object()


@app.get("/remote")
@requires(remote)
@response(200)
async def by_address():
    """Who am I, by keys from the address?"""
    return current_user._get_current_object()
'''

SERVERS = {
    "gthread": ["gunicorn", "-k", "gthread", "--threads", "8", "-w", "2", "-b", "127.0.0.1:PORT", "application:app"],
    "uvicorn": ["uvicorn", "--port", "PORT", "application:asgi"],
}


class Client:
    """A client of a real server."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, method, path, body=None, token=None):
        headers = {"Content-Type": "application/json", "Connection": "close"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                text = reply.read()
                return reply.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def log_in(self):
        return self.ask("POST", "/login", {"name": "ann"})[1]

    def refresh(self, tokens):
        return self.ask("POST", "/tokens/refresh", {"refresh_token": tokens["refresh_token"]})

    def me(self, tokens, path="/me"):
        return self.ask("GET", path, token=tokens["access_token"])[0]


@pytest.mark.parametrize("server", SERVERS)
def test_the_story_of_a_log_in(redis_url, tmp_path, server):
    """Refresh tokens are good once, over all workers; one that is used twice ends its log-in, and no other."""
    port = free_port()
    text = SERVED.replace("PORT", str(port)).replace("KEY", private_pem(new_key("ES256")).decode())
    (tmp_path / "application.py").write_text(text.replace("GRACE", "0").replace("REDIS", redis_url))
    command = [sys.executable, "-m", *(part.replace("PORT", str(port)) for part in SERVERS[server])]
    with running(command, port, tmp_path / "log"), ThreadPoolExecutor(8) as pool:
        client = Client(port)
        first, other = client.log_in(), client.log_in()
        assert list(pool.map(client.me, [first] * 8)) == [200] * 8
        assert list(pool.map(lambda tokens: client.me(tokens, "/remote"), [first] * 8)) == [200] * 8
        assert client.ask("GET", "/me")[0] == client.ask("GET", "/me", token=first["refresh_token"])[0] == 401

        status, second = client.refresh(first)
        assert (status, client.me(second)) == (200, 200)
        assert client.refresh(first)[0] == 400
        assert [client.me(first), client.me(second), client.me(other)] == [401, 401, 200]
        assert client.refresh(second)[0] == 400

        # Without grace one of several at once wins at most: none is good afterwards but the winner's, if it came last.
        rotated = client.refresh(other)[1]
        statuses = [status for status, _ in pool.map(client.refresh, [rotated] * 6)]
        assert statuses.count(200) <= 1

        last = client.log_in()
        assert client.ask("POST", "/logout", token=last["access_token"])[0] == 204
        assert list(pool.map(client.me, [last] * 4)) == [401] * 4
        assert client.refresh(last)[0] == 400
        assert client.me(client.log_in()) == 200
    log = (tmp_path / "log.out").read_text()
    assert "used twice" in log
    assert not any(tokens["access_token"].split(".")[2] in log for tokens in (first, second, other, last))
