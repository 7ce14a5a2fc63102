"""Large inputs are read without the garbage collector, and nothing of that is left behind."""

from __future__ import annotations

import gc
import json

import marshmallow as ma
import pytest

from framework import App, arguments, fields
from framework.fast.collector import LARGE, without_collector


@pytest.fixture
def _collector():
    """The collector is on before and after."""
    gc.enable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_collector")
def test_the_collector_is_off_during_a_call_and_on_again():
    """It is off while the function runs, and on again whether that returns or raises."""
    assert without_collector(gc.isenabled) is False
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError):
        without_collector(lambda: 1 / 0)
    assert gc.isenabled()


@pytest.mark.usefixtures("_collector")
def test_a_collector_that_is_off_stays_off():
    """What the application or another request has switched off is not switched on."""
    gc.disable()

    assert without_collector(gc.isenabled) is False
    assert not gc.isenabled()


@pytest.mark.usefixtures("_collector")
@pytest.mark.parametrize(("size", "enabled"), [(10, True), (LARGE, False)])
def test_large_bodies_are_loaded_without_the_collector(size, enabled):
    """A field of the application sees the collector on for a small body and off for a large one."""
    seen = []

    class Watching(fields.String):
        def _deserialize(self, *args, **kwargs):
            seen.append(gc.isenabled())
            return super()._deserialize(*args, **kwargs)

    app = App("watched")

    @app.post("/")
    @arguments({"text": Watching(validate=ma.validate.Length(max=10 * LARGE))})
    def take(body):
        return {"enabled": gc.isenabled()}

    reply = app.test_client().post("/", data=json.dumps({"text": "x" * size}), content_type="application/json")

    assert seen == [enabled]
    assert reply.json == {"enabled": True}
