"""Channels in memory and over a real Redis."""

from __future__ import annotations

import contextlib
import itertools

import pytest

from framework._ending import ending
from framework.channels import Channel

_numbers = itertools.count(1)


@pytest.fixture(params=["memory", "redis"])
def make(request):
    """A function that makes channels of each kind, of a new name unless it is given; they are closed at the end."""
    url = None if request.param == "memory" else request.getfixturevalue("redis_url")
    with contextlib.ExitStack() as stack:

        def made(name=None, **options):
            channel = Channel(name or f"test-{next(_numbers)}", **({"store": url} | options))
            stack.callback(channel.close)
            return channel

        yield made


@pytest.fixture
def end_of_streams():
    """A function that lets all streams of this process end, for this test."""
    yield ending.end_streams
    ending.ends_streams = False
    ending._streams_end.clear()
