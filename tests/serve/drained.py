"""An application that real servers serve in ``test_draining``; what happens in it is noted in ``DEPLOYED_LOG``."""

from __future__ import annotations

import os
import time

from framework import App, after_response, request
from framework.marks.files import events, stream
from framework.serve import Draining, Health, wait_for_draining

app = App("drained", static_folder=None)
app.config.from_prefixed_env()
if "PLAIN" not in os.environ:
    Draining(app)
Health(app)


def note(word: str) -> None:
    """Add a line to the log."""
    with open(os.environ["DEPLOYED_LOG"], "a") as log:
        log.write(f"{word}\n")


@app.on_startup
def pool():
    """A pool, which is open while the process serves."""
    note("pool opened")
    yield
    note("pool closed")


@app.get("/")
def home():
    return {"pid": os.getpid()}


@app.post("/work")
def work():
    text = request.get_data(as_text=True)
    time.sleep(0.02)
    return {"text": text}


@app.get("/slow/<float:seconds>")
def slow(seconds):
    note("slow begins")
    time.sleep(seconds)
    note("slow ends")
    return {"slow": seconds}


def send_letter(seconds: float) -> None:
    """What is put off."""
    note("letter begins")
    time.sleep(seconds)
    note("letter sent")


@app.get("/late/<float:seconds>")
def late(seconds):
    after_response(send_letter, seconds)
    return {}


@app.get("/events")
@events(keep_alive=30)
def attentive():
    """Events of a handler that asks whether the process ends."""
    note("events begin")
    try:
        yield "hello"
        while not wait_for_draining(30):
            yield "still here"
    finally:
        note("events end")


@app.get("/ticks")
@events(keep_alive=None)
def ticks():
    """Events that come by themselves, without a thread of their own."""
    note("ticks begin")
    try:
        while True:
            yield "tick"
            time.sleep(0.1)
    finally:
        note("ticks end")


@app.get("/lines")
@stream()
def lines():
    """Lines without end, which no client could take for complete."""
    note("lines begin")
    try:
        while True:
            yield {"line": 1}
            time.sleep(0.1)
    finally:
        note("lines end")
