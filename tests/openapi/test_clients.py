"""A Python client that openapi-python-client makes from the sample's document, used against the running sample."""

from __future__ import annotations

import importlib
import json
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest

from framework import App
from framework.openapi.document import build
from sample_api import create_app
from tests.browsers import served
from tests.openapi import everything

PACKAGE = "generated_conduit"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[App]:
    """The sample with an empty database."""
    url = f"sqlite:///{tmp_path_factory.mktemp('clients')}/conduit.sqlite3"
    app = create_app({"SECRET_KEY": "only for tests", "PASSWORD_METHOD": "pbkdf2:sha256:1", "DATABASE_URL": url})
    yield app
    app.shutdown()


@pytest.fixture(scope="module")
def live(sample: App) -> t.Iterator[str]:
    """The address at which the sample runs."""
    with served(sample) as address:
        yield address


# What the generator has no words for, it is told to take for bytes.
BYTES = dict.fromkeys(("application/jsonl", "application/msgpack", "application/pdf"), "application/octet-stream")


def generate(document: dict[str, t.Any], folder: pathlib.Path) -> subprocess.CompletedProcess[str]:
    """Make the client's package in a folder; any warning is a failure."""
    pytest.importorskip("openapi_python_client", reason="openapi-python-client is not installed")
    (folder / "openapi.json").write_text(json.dumps(document))
    (folder / "settings.json").write_text(json.dumps({"content_type_overrides": BYTES}))
    programs = str(pathlib.Path(sys.executable).parent)
    options = (
        "--path",
        "openapi.json",
        "--meta",
        "none",
        "--output-path",
        PACKAGE,
        "--fail-on-warning",
        "--config",
        "settings.json",
    )
    return subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", *options],
        cwd=folder,
        env={**os.environ, "PATH": os.pathsep.join([programs, os.environ.get("PATH", "")])},  # it calls ruff
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def part(sample: App, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[t.Callable[[str], t.Any]]:
    """Import a module of the generated package."""
    folder = tmp_path_factory.mktemp("generated")
    done = generate(build(sample), folder)
    if done.returncode:
        pytest.fail(done.stdout + done.stderr)
    sys.path.insert(0, str(folder))
    yield lambda name: importlib.import_module(f"{PACKAGE}.{name}")
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
        del sys.modules[name]


def test_a_client_of_the_older_version_is_made_without_a_warning(sample: App, tmp_path: pathlib.Path) -> None:
    """The generator understands the sample's document in OpenAPI 3.0 as well."""
    done = generate(build(sample, "3.0.3"), tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_client_works_with_the_running_sample(part: t.Callable[[str], t.Any], live: str) -> None:
    """Register, log in, write an article and find it in the list: every answer comes as its declared class."""
    models, client = part("models"), part("client")
    with client.Client(base_url=live, raise_on_unexpected_status=True) as visitor:
        new = models.NewUserInput(username="ann", email="ann@example.org", password="a long secret")
        registered = part("api.users.post_users").sync(client=visitor, body=models.NewUserRequestInput(user=new))
        who = models.LoginUserInput(email="ann@example.org", password="a long secret")
        logged_in = part("api.users.post_login").sync(client=visitor, body=models.LoginUserRequestInput(user=who))

    login = client.AuthenticatedClient(
        base_url=live, token=logged_in.user.token, prefix="Token", raise_on_unexpected_status=True
    )
    with login as author:
        text = models.NewArticleInput(title="On pets", description="Short.", body="Long.", tag_list=["pets", "dogs"])
        created = part("api.articles.post_articles").sync(
            client=author, body=models.NewArticleRequestInput(article=text)
        )
        listed = part("api.articles.get_articles").sync(client=author, tag="dogs")

    assert registered.user.username == logged_in.user.username == "ann"
    assert type(created) is models.SingleArticleResponse
    assert created.article.tag_list == ["dogs", "pets"]
    assert listed.articles_count == 1
    assert [article.slug for article in listed.articles] == [created.article.slug]
    assert listed.articles[0].author.username == "ann"
    assert listed.articles[0].created_at == created.article.created_at
    assert created.article.created_at.tzinfo is not None


def test_the_client_gets_errors_as_their_class(part: t.Callable[[str], t.Any], live: str) -> None:
    """An error that the document declares comes back as its model, not as an exception."""
    models, client = part("models"), part("client")
    with client.Client(base_url=live, raise_on_unexpected_status=True) as visitor:
        reply = part("api.articles.get_article").sync_detailed("no-such-article", client=visitor)

    assert reply.status_code == 404
    assert isinstance(reply.parsed, models.Error)
    assert reply.parsed.errors.to_dict()


UPLOAD = f"""
import io, sys
from {PACKAGE} import AuthenticatedClient
from {PACKAGE}.api.files import get_paper, post_albums
from {PACKAGE}.models import AlbumInput, PlaceInput
from {PACKAGE}.types import File

picture = File(io.BytesIO(b"\\x89PNG\\r\\n\\x1a\\n"), "a.png", "image/png")
papers = [File(io.BytesIO(b"paper"), "a.txt")]
album = AlbumInput(title="Sea", picture=picture, place=PlaceInput(city="Rome"), papers=papers)
with AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2]) as client:
    reply = post_albums.sync_detailed(client=client, body=album)
    paper = get_paper.sync_detailed(client=client)
    print(int(reply.status_code), reply.parsed.papers, paper.parsed.payload.read().startswith(b"%PDF"))
"""


@pytest.mark.parametrize("version", ["3.1.0", "3.0.3"])
def test_uploads_are_files_and_ids_are_there(version: str, tmp_path: pathlib.Path) -> None:
    """In the client of the application that uses everything a file is a file, and an answer's id is a plain number."""
    document = build(everything.make_app(), version)
    # The one thing there that the generator cannot do: a list in a header.
    parameters = document["paths"]["/pets"]["get"]["parameters"]
    parameters[:] = [each for each in parameters if each["name"] != "x-languages"]
    done = generate(document, tmp_path)
    models = tmp_path / PACKAGE / "models"

    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n    photo: File\n" in (models / "post_photos_body.py").read_text()
    album = (models / "album_input.py").read_text()
    assert "\n    picture: File\n" in album
    assert "\n    papers: list[File] | Unset = UNSET\n" in album
    assert "\n    id: int\n" in (models / "pet.py").read_text()
    with served(everything.make_app()) as address:
        words = [sys.executable, "-c", UPLOAD, address, everything.TOKEN]
        sent = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert sent.stdout == "201 1 True\n", sent.stderr
