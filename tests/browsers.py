"""A real browser and a server for it, for the tests that need pages."""

from __future__ import annotations

import contextlib
import shutil
import threading
import typing as t

import pytest
from werkzeug.serving import make_server


@contextlib.contextmanager
def chromium() -> t.Iterator[t.Any]:
    """Chromium without a window; it cannot look up any name, so nothing leaves the machine."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no chromium: apt-get install --no-install-recommends chromium")
    with sync_api.sync_playwright() as playwright:
        arguments = [
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *("--no-first-run", "--disable-quic"),
        ]
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@contextlib.contextmanager
def served(application: t.Any) -> t.Iterator[str]:
    """A WSGI application on a free port of 127.0.0.1, in a thread; its address."""
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
