"""A whole application written for Flask, in ``club``: it runs with its names changed and nothing else."""

from __future__ import annotations

import importlib
import io
import pathlib
import shutil
import sys

import pytest

from tests.seeds.renaming import renamed

CLUB = pathlib.Path(__file__).with_name("club")


@pytest.fixture(scope="module")
def club(tmp_path_factory):
    """The package, copied and renamed."""
    folder = tmp_path_factory.mktemp("moved")
    shutil.copytree(CLUB, folder / "club", ignore=shutil.ignore_patterns("__pycache__"))
    for path in (folder / "club").glob("*.py"):
        path.write_text(renamed(path.read_text()))
    sys.path.insert(0, str(folder))
    yield importlib.import_module("club")
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == "club"]:
        del sys.modules[name]


@pytest.fixture
def app(club, tmp_path):
    app = club.create_app({"TESTING": True, "SECRET_KEY": "test key"}, instance_path=str(tmp_path))
    runner = app.test_cli_runner()
    assert runner.invoke(args=["init-db"]).output == "Initialized the database.\n"
    assert runner.invoke(args=["members", "add", "ada"]).output == "Added ada.\n"
    return app


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def member(client):
    """A client that is logged in."""
    client.post("/members/login", data={"name": "ada", "password": "secret"})
    return client


def test_registration_and_login(client):
    """A name is registered once; a wrong password is told; the session remembers who is in."""
    answer = client.post("/members/register", data={"name": "bob", "password": "x"}, follow_redirects=True)
    again = client.post("/members/register", data={"name": "bob", "password": "x"})
    wrong = client.post("/members/login", data={"name": "bob", "password": "y"})
    right = client.post("/members/login?next=/board/", data={"name": "bob", "password": "x"}, follow_redirects=True)
    out = client.get("/members/logout", follow_redirects=True)

    assert '<p class="message">Welcome, bob.</p>' in answer.text
    assert answer.request.path == "/members/login"
    assert "bob is a member already." in again.text
    assert "Wrong name or password." in wrong.text
    assert "Hello, bob" in right.text
    assert [step.status_code for step in right.history] == [302]
    assert "Hello, guest" in out.text


def test_forms_without_a_field_are_bad_requests(client):
    """A missing key of a form is a 400, through the application's handler of all HTTP errors."""
    answer = client.post("/members/login", data={"name": "ada"})

    assert answer.status_code == 400
    assert "<h1>400 Bad Request</h1>" in answer.text


def test_pages_for_members_redirect_to_the_login(client):
    """The decorator on a view class and the one on a function."""
    assert client.get("/board/1").location == "/members/login?next=/board/1"
    assert client.post("/board/").location == "/members/login?next=/board/"


def test_notices(member):
    """Notices are added, shown, filtered by a converter of one's own, deleted."""
    answer = member.post("/board/", data={"title": "Tea & cake for every single member"}, follow_redirects=True)
    other = member.get("/board/2023-01/")
    notice = member.get("/board/1")
    gone = member.post("/board/1", data={"action": "delete"}, follow_redirects=True)

    assert '<p class="notice">Noted: Tea &amp; cake' in answer.text
    assert '<p class="long">Tea &amp; cake for every single member by ada' in answer.text
    assert 'href="/board/2024-05/?page=2"' in answer.text
    assert "<h1>BOARD!</h1>" in answer.text
    assert " here" in answer.text
    assert "Tea" not in other.text
    assert "<title>Tea &amp; cake" in notice.text
    assert "Deleted." in gone.text
    assert "Tea" not in gone.text


def test_errors_of_a_router_are_its_own(member):
    """The board's handler for 404 goes before the application's."""
    assert "No notice 7. Look at the board." in member.get("/board/7").text
    assert "Look at the board." not in member.get("/nowhere").text
    assert member.get("/nowhere").status_code == 404


def test_unhandled_errors_show_nothing(app):
    """A 500 is shown by the application's handler, the signal has the exception, the text stays inside."""
    app.testing = False
    answer = app.test_client().get("/fail")

    assert answer.status_code == 500
    assert "<h1>500 Internal Server Error</h1>" in answer.text
    assert "secret" not in answer.text
    assert app.failures == ["ValueError('a secret of the inside')"]


def test_exceptions_of_ones_own_have_handlers(club, tmp_path, caplog):
    """Without tables the store fails, which is a 503 and a line in the log."""
    app = club.create_app({"TESTING": True}, instance_path=str(tmp_path))
    answer = app.test_client().get("/board/")

    assert answer.status_code == 503
    assert "no such table" in caplog.text


def test_a_stream_has_its_request(member):
    """The export is streamed with the query and the database at hand."""
    member.post("/board/", data={"title": "Tea"})
    with member.get("/board/export.csv?mark=!") as answer:
        body = answer.text

    assert body == "title,author\nTea,ada !\n"
    assert answer.mimetype == "text/csv"


def test_pictures(member, app):
    """An upload is saved under a safe name and served; other files and large ones are refused."""
    saved = member.post("/pictures/", data={"picture": (io.BytesIO(b"png"), "../a b.png")})
    refused = member.post("/pictures/", data={"picture": (io.BytesIO(b"x"), "a.exe")}, follow_redirects=True)
    large = member.post("/pictures/", data={"picture": (io.BytesIO(b"x" * 70_000), "b.png")}, follow_redirects=True)
    with member.get("/pictures/a_b.png") as shown:
        body = shown.data

    assert saved.location == "/pictures/a_b.png"
    assert "last_picture=a_b.png; Path=/; SameSite=Strict" in saved.headers["Set-Cookie"]
    assert "Not a picture." in refused.text
    assert "That file is too large." in large.text
    assert '<img src="/pictures/a_b.png">' in large.text
    assert (body, shown.mimetype, shown.cache_control.max_age) == (b"png", "image/png", 30)
    assert member.get("/pictures/../club.sqlite").status_code == 404


def test_static_files_of_application_and_router(client):
    """Both serve the folder; the application's subclass decides on the age."""
    for path in ("/static/club.css", "/pictures/assets/club.css"):
        with client.get(path) as answer:
            assert (answer.status_code, answer.mimetype) == (200, "text/css")
            assert answer.cache_control.max_age == 60


def test_languages(client):
    """The language is taken from the address and put into the addresses, under both names of the router."""
    assert client.get("/en/about").text == "About us of THE CLUB! at /en/about and /de/about"
    mirrored = "Ueber uns of THE CLUB! at /mirror/de/about and /mirror/de/about"
    assert client.get("/mirror/de/about").text == mirrored
    assert client.get("/fr/about").status_code == 404
    assert client.get("/en/help").json["manual"] == "https://docs.example/manual"


def test_the_api(member):
    """Nested routers: prefixes, hooks and handlers of both levels; JSON in and out."""
    member.post("/board/", data={"title": "Tea"})
    key = {"X-Key": "letmein"}
    changed = member.patch("/api/v1/notices/1", json={"title": "Cake"}, headers=key)
    refused = member.patch("/api/v1/notices/1", json={}, headers=key)
    missing = member.get("/api/v1/notices/9", headers=key)
    broken = member.patch("/api/v1/notices/1", data="{", content_type="application/json", headers=key)
    closed = member.get("/api/v1/notices")

    assert (changed.status_code, changed.headers["X-Changed"]) == (204, "title")
    assert (refused.status_code, refused.json) == (400, {"fields": ["title"], "message": "Nothing to change."})
    assert (missing.status_code, missing.json) == (404, {"message": "no such thing", "detail": "Notice unknown."})
    assert broken.status_code == 400
    assert (closed.status_code, closed.json) == (401, {"header": "X-Key", "message": "A key is needed."})
    assert member.get("/api/v1/notices", headers=key).json == [{"id": 1, "title": "Cake", "month": "2024-05"}]
    assert member.get("/api/v1/notices/1", headers=key).text.startswith('{"id":1,"title":"Cake"')


def test_each_answer_went_through_the_hooks(client):
    """Also those of errors and redirects; the provider of the application's own makes a list of a set."""
    assert client.get("/healthz").json == {"ok": True, "endpoints": ["index"]}
    for path in ("/", "/nowhere", "/board/", "/api/v1/notices"):
        assert float(client.get(path).headers["X-Elapsed"]) >= 0
    assert client.get("/old-board").location.endswith("/board/")
    assert "HEAD" in client.options("/healthz").allow


def test_sessions_are_permanent(client):
    """What a hook sets on the session is in the cookie."""
    cookie = client.get("/board/").headers["Set-Cookie"]

    assert "Expires=" in cookie
    assert "HttpOnly" in cookie


def test_the_context_in_tests(app, member):
    """The client keeps the context of its last request; sessions can be changed between requests."""
    from tests.seeds.renaming import renamed

    package = importlib.import_module(renamed("flask"))
    with member:
        member.get("/board/")
        assert package.g.member["name"] == "ada"
        assert package.session["member_id"] == 1
        assert package.request.endpoint == "board.index"
    with member.session_transaction() as session:
        session["member_id"] = 99
    assert "Hello, guest" in member.get("/board/").text
    with app.test_request_context("/en/about"):
        assert package.url_for("board.index", _external=True) == "http://localhost/board/"


def test_settings_come_from_file_and_environment(club, tmp_path, monkeypatch):
    """The instance folder's file, then variables of the environment, then what a test sets."""
    (tmp_path / "config.py").write_text("CLUB_NAME = 'From a file'\nSECRET_KEY = 'file'\n")
    monkeypatch.setenv("CLUB_SECRET_KEY", "environment")
    monkeypatch.setenv("CLUB_LIMITS__NAMES", "[1, 2]")
    app = club.create_app({"TESTING": True}, instance_path=str(tmp_path))

    assert app.config["CLUB_NAME"] == "From a file"
    assert app.secret_key == "environment"
    assert app.config["LIMITS"] == {"NAMES": [1, 2]}
    assert app.make_shell_context()["db"] is not None
