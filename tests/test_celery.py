"""The page on Celery, with a real Redis and a real worker."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import textwrap
import time

import pytest

from framework import after_response, fields, response
from framework.marks.inputs import arguments
from tests.servers import redis_server

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "patterns" / "celery.rst"
SECONDS = 25

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
IDS = """
from celery import shared_task
from framework.observe import propagation_headers

@shared_task(ignore_result=False)
def ids():
    return propagation_headers()
"""

pytest.importorskip("celery")


def code_of(page):
    """The Python code of a page, as one module."""
    blocks = re.findall(r"\.\. code-block:: python\n\n((?:    .*\n|\n)+)", page.read_text(encoding="utf-8"))
    return "\n".join(textwrap.dedent(block) for block in blocks)


@contextlib.contextmanager
def worker(folder):
    """A worker of the module ``worker`` in a folder."""
    words = [sys.executable, "-m", "celery", "--app", "worker", "worker", "--pool", "solo", "--loglevel", "WARNING"]
    paths = os.pathsep.join([str(folder), str(PAGE.parents[2])])
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONWARNINGS": "default"}
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [*words, "--without-gossip", "--without-mingle"], cwd=folder, env=environment, stdout=log, stderr=log
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def wait_for(client, address, log):
    """The result that the API shows, when it is ready."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        shown = client.get(address).json
        if shown["ready"]:
            return shown
        time.sleep(0.1)
    raise AssertionError(f"No result in {SECONDS} seconds: {log.read_text()}")


@pytest.mark.filterwarnings("default::DeprecationWarning", "default::ResourceWarning")
def test_the_page_works_with_a_worker(tmp_path, monkeypatch):
    """A task is handed over, also after the response, done by another process that knows the request, and shown."""
    with contextlib.ExitStack() as stack:
        try:
            address = stack.enter_context(redis_server())
        except LookupError as error:
            pytest.skip(str(error))
        (tmp_path / "shop.py").write_text(code_of(PAGE), encoding="utf-8")
        settings = {"CELERY": {"broker_url": address, "result_backend": address}}
        text = f"from shop import create_app\ncelery = create_app({settings!r}).extensions['celery']\n"
        (tmp_path / "worker.py").write_text(text + "import ids\n")
        (tmp_path / "ids.py").write_text(IDS)
        spec = importlib.util.spec_from_file_location("shop", tmp_path / "shop.py")
        shop = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "shop", shop)
        spec.loader.exec_module(shop)
        app = shop.create_app(settings)
        stack.callback(app.extensions["celery"].close)

        @app.post("/later")
        @arguments(shop.SumSchema)
        @response(202, {"id": fields.String(required=True)})
        def later(data):
            """Start an addition once the client has its answer."""
            after_response(shop.add.apply_async, kwargs=data, task_id="later")
            return {"id": "later"}

        monkeypatch.syspath_prepend(tmp_path)
        ids = importlib.import_module("ids")

        @app.post("/ids")
        def start_ids():
            """Start a task that returns the ids that it sees."""
            ids.ids.apply_async(task_id="ids")
            return {}

        client = app.test_client()
        named = client.post("/ids", headers={"traceparent": PARENT}).headers["X-Request-ID"]
        started = client.post("/sums", json={"a": 1, "b": 2})
        waiting = client.get(started.location).json
        client.post("/later", json={"a": 2, "b": 2})
        stack.enter_context(worker(tmp_path))
        log = tmp_path / "log"
        first = wait_for(client, started.location, log)
        second = wait_for(client, "/sums/later", log)
        seen = ids.ids.AsyncResult("ids").get(timeout=SECONDS)
        sys.modules.pop("ids")

    assert started.status_code == 202
    assert waiting == {"ready": False, "value": None}
    assert first == {"ready": True, "value": 30}
    assert second == {"ready": True, "value": 40}
    assert seen == {"X-Request-ID": named, "traceparent": PARENT}
