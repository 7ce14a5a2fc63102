"""``runs_again``: a mark that lets the work inside its context manager be done anew after an exception."""

from __future__ import annotations

import contextlib
import io

import pytest

from framework import (
    App,
    Schema,
    after_response,
    after_this_request,
    arguments,
    etag,
    fields,
    loads,
    provides,
    response,
)
from framework.marks.base import Mark


class Failed(Exception):
    """What may succeed the next time."""


class Attempts:
    """The context manager of one request."""

    def __init__(self, log, left):
        self.log = log
        self.left = left

    def __enter__(self):
        self.log.append("enter")

    def __exit__(self, kind, error, traceback):
        self.log.append(f"exit {kind and kind.__name__}")

    def runs_again(self, error):
        self.left -= 1
        return isinstance(error, Failed) and self.left >= 0


class again(Mark):
    """Run what has failed some times more."""

    runs_again = True

    def __init__(self, log, left=1):
        self.log = log
        self.left = left

    def around(self, plan):
        return lambda ctx, call: Attempts(self.log, self.left)


class PetSchema(Schema):
    """A pet."""

    name = fields.String(required=True)
    tags = fields.List(fields.String(), load_default=list)


@pytest.fixture
def app():
    """An application whose tests see exceptions."""
    app = App("again", static_folder=None)
    app.testing = True
    return app


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def is_async(request):
    """Whether the handler is asynchronous."""
    return request.param


def test_all_inside_runs_anew_from_the_inputs(app, is_async):
    """Providers, loaders and the handler run again with the inputs as they were read; the mark is entered once."""
    log = []

    def open_value():
        log.append("open")
        try:
            yield len(log)
        except Failed:
            log.append("roll back")
            raise
        log.append("commit")

    def load(pet_id):
        log.append(f"load {pet_id}")
        return {"id": pet_id}

    def work(data, pet, value):
        log.append(f"handler {data['name']} {data['tags']} {pet['id']}")
        data.pop("name")
        data["tags"].append("changed")
        pet["id"] = None
        if log.count("open") < 3:
            raise Failed()
        return {}

    async def work_async(data, pet, value):
        return work(data, pet, value)

    handler = response(200)(work_async if is_async else work)
    app.put("/<int:pet_id>")(arguments(PetSchema)(loads(load)(provides(open_value)(again(log, 2)(handler)))))
    app.test_client().put("/7", json={"name": "Rex"})

    one = ["open", "load 7", "handler Rex [] 7", "roll back"]
    assert log == ["enter", *one, *one, *one[:-1], "commit", "exit None"]


def test_the_last_exception_is_raised(app):
    """After the last run the exception goes on, through the context manager too."""
    log = []

    @app.post("/")
    @again(log, 1)
    @response(201)
    def fail():
        log.append("run")
        raise Failed()

    with pytest.raises(Failed):
        app.test_client().post("/")

    assert log == ["enter", "run", "run", "exit Failed"]


def test_other_exceptions_run_once(app):
    """An exception that the context manager does not take runs nothing again."""
    log = []

    @app.post("/")
    @again(log, 5)
    @response(201)
    def fail():
        log.append("run")
        raise ValueError

    with pytest.raises(ValueError):
        app.test_client().post("/")

    assert log.count("run") == 1


def test_what_a_failed_run_has_put_off_is_dropped(app):
    """Functions for after the answer are those of the run that was answered."""
    log = []

    @app.post("/")
    @again([], 1)
    @response(201)
    def work():
        log.append("run")
        number = log.count("run")
        after_response(log.append, f"after {number}")

        @after_this_request
        def note(reply):
            log.append(f"reply {number}")
            return reply

        if number < 2:
            raise Failed()
        return {}

    with app.test_client() as client:
        client.post("/").close()

    assert log == ["run", "run", "reply 2", "after 2"]


def test_a_commit_that_fails_runs_again(app):
    """An exception of a clean-up, after the answer was made, runs all again; nothing was sent."""
    log = []

    @contextlib.contextmanager
    def transaction():
        yield len(log)
        log.append("commit")
        if len(log) < 2:
            raise Failed()

    @app.post("/")
    @again([], 1)
    @provides(transaction)
    @response(201)
    def work(value):
        return {"run": value}

    assert app.test_client().post("/").json == {"run": 1}


def test_objects_are_loaded_and_judged_again(app):
    """A condition is held against the object that each run has loaded: a change in between is a 412."""
    versions = ["1", "2"]

    def load(pet_id):
        return {"id": pet_id, "version": versions.pop(0)}

    @app.put("/<int:pet_id>")
    @again([], 1)
    @etag(version="version")
    @loads(load, as_kwarg="pet")
    @response(200)
    def work(pet, pet_id=None):
        if pet["version"] == "1":
            raise Failed()
        return pet

    @app.get("/<int:pet_id>")
    @etag(version="version")
    @response(200)
    def show(pet_id):
        return {"id": pet_id, "version": "1"}

    client = app.test_client()
    tag = client.get("/7").headers["ETag"]

    assert client.put("/7", headers={"If-Match": tag}).status_code == 412


def test_files_are_read_again(app):
    """A file that the failed run has read is at its beginning."""
    seen = []

    @app.post("/")
    @again([], 1)
    @arguments({"file": fields.Raw(required=True)}, location="files")
    @response(201)
    def work(files):
        seen.append(files["file"].read())
        if len(seen) < 2:
            raise Failed()
        return {}

    app.test_client(contract=False).post("/", data={"file": (io.BytesIO(b"bytes"), "x.bin")})

    assert seen == [b"bytes", b"bytes"]
