"""The last state of the tutorial, deployed by its own files: nginx, gunicorn, PostgreSQL, Redis, the deliverer."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.client
import json
import os
import random
import secrets
import shutil
import subprocess
import sys
import threading
import time

import pytest

from tests.servers import free_port, postgres_server, redis_server, running
from tests.tutorial.reader import STATES

CLIENTS = 12
ATTEMPTS = 15
HOST = {"Host": "www.booking.example"}
BIN = os.path.dirname(sys.executable)

ADD_USERS = """
import sys
from booking import create_app
from booking.database import db
from booking.users import User, issuer

app = create_app()
with app.provide(db.session) as session:
    users = [User(name=f"user {number}", password="-", is_staff=True) for number in range(int(sys.argv[1]))]
    session.add_all(users)
    session.flush()
    with app.app_context():
        for user in users:
            print(issuer.issue(str(user.id), scopes=user.scopes, refresh=False).access_token)
"""


class Site:
    """The service as its clients see it.

    :param port: That of nginx.
    :param tokens: Access tokens, one for each user.
    """

    def __init__(self, port, tokens):
        self.port = port
        self.tokens = tokens

    def connect(self):
        """Return a connection to nginx."""
        return contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30))

    def ask(self, method, path, body=None, user=0, **headers):
        """Return the status and the value of an answer."""
        headers = {
            **HOST,
            "Authorization": f"Bearer {self.tokens[user]}",
            "Content-Type": "application/json",
            **headers,
        }
        with self.connect() as connection:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            reply = connection.getresponse()
            text = reply.read()
        return reply.status, json.loads(text) if text.startswith((b"{", b"[")) else None


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """Deploy the last state: a folder, its environment, and the port of nginx."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    folder = tmp_path_factory.mktemp("deployed") / "booking"
    shutil.copytree(STATES / "10", folder)
    port, front = free_port(), free_port()
    with postgres_server() as url, redis_server() as redis_url:
        lines = (folder / "deploy" / "production.env").read_text().splitlines()
        settings = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
        settings |= {
            "DATABASE_URL": url,
            "STORE_URL": redis_url,
            "TOKEN_SECRET": secrets.token_hex(),
            "SECRET_KEY": secrets.token_hex(),
            "PHOTOS": str(folder / "photos"),
            "BIND": f"127.0.0.1:{port}",
            "FRAMEWORK_APP": "booking",
            "WEBHOOKS_ALLOW": "127.0.0.0/8",  # the receiver of this test is on this machine
        }
        conf = (folder / "deploy" / "nginx.conf").read_text()
        for old, new in (
            ("/tmp/nginx.pid", f"{folder}/nginx.pid"),
            ("listen 8080", f"listen 127.0.0.1:{front}"),
            ("server 127.0.0.1:8000;", f"server 127.0.0.1:{port};"),
        ):
            assert old in conf
            conf = conf.replace(old, new)
        user = "user root;\n" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(user + conf)
        with contextlib.ExitStack() as stack:
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            for name, value in settings.items():
                patch.setenv(name, value)
            run(folder, f"{BIN}/alembic", "upgrade", "head")
            tokens = run(folder, sys.executable, "-c", ADD_USERS, str(CLIENTS)).split()
            gunicorn = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]
            stack.enter_context(running(gunicorn, port, folder / "gunicorn"))
            nginx = [program, "-p", str(folder), "-c", "nginx.conf", "-e", "stderr", "-g", "daemon off;"]
            stack.enter_context(running(nginx, front, folder / "nginx"))
            yield folder, Site(front, tokens)


def run(folder, *command):
    """Run a command in the folder of the service to its end, and return what it prints."""
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def wait_until(condition):
    """Wait for what other processes do."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def watch(site, seen, is_open):
    """Read the stream of changes, until the connection is shut down."""
    with site.connect() as connection:
        headers = {**HOST, "Authorization": f"Bearer {site.tokens[0]}", "Last-Event-ID": "0"}
        connection.request("GET", "/changes", headers=headers)
        reply = connection.getresponse()
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            while line := reply.readline():
                if line.startswith(b"event: reset"):
                    is_open.set()
                if line.startswith(b"data: ") and b"item_id" in line:
                    seen.append(json.loads(line.removeprefix(b"data: ")))
                if is_open.is_set() and len(seen) and seen[-1]["first_day"] == "2031-01-01":
                    return


def crowd(site, items, answers):
    """Let all clients book the same items in the same month, each in a thread, all at once."""
    meeting = threading.Barrier(CLIENTS)

    def book(user):
        chance = random.Random(user)
        meeting.wait(30)
        for number in range(ATTEMPTS):
            first = dt.date(2030, 5, chance.randint(1, 28))
            days = {
                "item_id": chance.choice(items),
                "first_day": str(first),
                "last_day": str(first + dt.timedelta(days=chance.randint(0, 3))),
            }
            key = {"Idempotency-Key": f"{user}-{number}"}
            answers.append((days, *site.ask("POST", "/bookings", days, user, **key)))
            answers.append((None, *site.ask("GET", "/items?sort=-name&page_size=2", user=user)))

    threads = [threading.Thread(target=book, args=(user,)) for user in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def days_of(booking):
    """Return the days of an item that a booking takes."""
    first, last = (dt.date.fromisoformat(booking[name]) for name in ("first_day", "last_day"))
    return [(booking["item_id"], first + dt.timedelta(days=number)) for number in range((last - first).days + 1)]


def in_order(bookings):
    """Return what events say of bookings, in an order of their values."""
    return sorted((each["item_id"], each["first_day"], each["last_day"]) for each in bookings)


@pytest.mark.extended
def test_the_last_state_serves_a_crowd(deployed):
    """No answer is a 5xx, no day is booked twice, each booking is in the stream and reaches the receiver."""
    folder, site = deployed
    items = [site.ask("POST", "/items", {"name": f"Camera {name}", "kind": "camera"})[1]["id"] for name in "AB"]
    port = free_port()
    status, endpoint = site.ask("POST", "/webhooks", {"url": f"http://127.0.0.1:{port}/hooks"})
    assert status == 201
    receiver = [f"{BIN}/gunicorn", "receiver:app", "--threads", "4", "-b", f"127.0.0.1:{port}", "--no-control-socket"]
    answers, seen, is_open = [], [], threading.Event()
    with contextlib.ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("WEBHOOK_SECRET", endpoint["secret"])
        stack.enter_context(running(receiver, port, folder / "receiver"))
        watcher = threading.Thread(target=watch, args=(site, seen, is_open))
        watcher.start()
        assert is_open.wait(30)

        crowd(site, items, answers)

        booked = [reply for days, status, reply in answers if days and status == 201]
        wait_until(lambda: len(seen) >= len(booked))  # an event comes after its answer
        last = site.ask("POST", "/bookings", {"item_id": items[0], "first_day": "2031-01-01", "last_day": "2031-01-01"})
        assert last[0] == 201
        watcher.join(30)
        out = stack.enter_context((folder / "deliverer.out").open("w"))
        deliverer = subprocess.Popen([f"{BIN}/framework", "webhooks", "deliver"], cwd=folder, stdout=out, stderr=out)
        try:
            wait_until(lambda: len(received(port)) >= len(booked) + 1)
        finally:
            deliverer.terminate()
            assert deliverer.wait(60) == 0
        hooks = [event["data"] for event in received(port)]

    assert {status for _, status, _ in answers} == {200, 201, 409}
    taken = [day for booking in booked for day in days_of(booking)]
    assert len(taken) == len(set(taken)) > 10
    assert in_order(seen) == in_order([*booked, last[1]]) == in_order(hooks)
    listed = [len(site.ask("GET", "/bookings?page_size=100", user=user)[1]) for user in range(CLIENTS)]
    assert sum(listed) == len(seen)


def received(port):
    """Return the events that the receiver has got."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", "/received")
        return json.loads(connection.getresponse().read())


@pytest.mark.extended
def test_the_last_state_is_closed_where_it_should_be(deployed):
    """Probes are for the host itself, other names get no answer, and answers have the headers of security."""
    _, site = deployed
    assert site.ask("GET", "/readyz")[0] == 404
    with site.connect() as connection, pytest.raises(http.client.RemoteDisconnected):
        connection.request("GET", "/items", headers={"Host": "evil.example"})
        connection.getresponse()
    with site.connect() as connection:
        connection.request("GET", "/items", headers=HOST)
        reply = connection.getresponse()
        assert (reply.status, reply.headers["X-Content-Type-Options"]) == (401, "nosniff")
