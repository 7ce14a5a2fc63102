"""Thousands of open event streams in one process: their memory, how quickly an event reaches all, and the end.

``python -m tests.soak.streams [CONNECTIONS] [SECONDS]``. A bare ASGI application on the same server is the measure for
the memory. The clients of the streams are in this process, the server in another, and who makes requests meanwhile in a
third: its times do not contain the work of ten thousand clients. The limit of open files is raised as far as it may be.

"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import sys
import tempfile
import threading
import time
import typing as t
from pathlib import Path

from framework import App, events
from framework.channels import Channel
from framework.serve import Draining
from tests.servers import free_port, running

PROBE: t.Final = "probe"
"""The first argument of the process that makes requests."""

app = App(__name__, static_folder=None)
app.config.update(DRAIN_TIMEOUT=20, REQUEST_ID_HEADER=None)
ticks = Channel("ticks", events={"tick": None}, history=10)


@app.get("/events")
@events()
async def stream() -> t.Any:
    """Give the events to come."""
    return ticks.subscribe()


@app.get("/memory")
async def memory() -> t.Any:
    """Give the resident memory in KiB."""
    return resident()


@app.get("/hello")
async def hello() -> t.Any:
    """Answer quickly."""
    return {"hello": "world"}


def resident() -> str:
    """Return the resident memory of this process in KiB."""
    gc.collect()
    return Path("/proc/self/smaps_rollup").read_text().split("Rss:")[1].split()[0]


def publish() -> None:
    """Publish an event a second."""
    while True:
        time.sleep(1)
        ticks.publish(time.time(), event="tick")


@app.on_startup
def begin() -> None:
    """Start the publisher, in a thread."""
    threading.Thread(target=publish, daemon=True).start()


Draining(app)
asgi = app.asgi


async def bare(scope: t.Any, receive: t.Any, send: t.Any) -> None:
    """Hold streams open, and nothing more: an ASGI application by hand."""
    if scope["type"] != "http":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    kind = b"text/plain" if scope["path"] == "/memory" else b"text/event-stream"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    if scope["path"] == "/memory":
        await send({"type": "http.response.body", "body": resident().encode()})
        return
    await send({"type": "http.response.body", "body": b"event: tick\n\n", "more_body": True})
    await asyncio.get_running_loop().create_future()


def say(text: str) -> None:
    """Write a line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def ask(port: int, path: str) -> bytes:
    """Make a request of its own connection; the body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
    body = (await reader.read()).partition(b"\r\n\r\n")[2]
    writer.close()
    return body


class Listener(asyncio.Protocol):
    """One open stream: notes how late each event is."""

    def __init__(self, port: int, late: list[float]) -> None:
        self.late = late
        self.is_open = asyncio.get_running_loop().create_future()
        self.is_closed = asyncio.get_running_loop().create_future()
        self._port = port

    def connection_made(self, transport: t.Any) -> None:
        """Ask for the stream."""
        transport.write(b"GET /events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nUser-Agent: soak\r\n\r\n")

    def data_received(self, data: bytes) -> None:
        """Note an event."""
        if not self.is_open.done():
            self.is_open.set_result(None)
        if b"data: 1" in data:
            self.late.append(time.time() - float(data.partition(b"data: ")[2].split(b"\n", 1)[0]))

    def connection_lost(self, error: Exception | None) -> None:
        """Note the end."""
        if not self.is_closed.done():
            self.is_closed.set_result(None)


async def opened(port: int, number: int, late: list[float]) -> list[Listener]:
    """Open streams, a hundred at a time."""
    loop, found = asyncio.get_running_loop(), []
    for start in range(0, number, 100):
        batch = [Listener(port, late) for _ in range(min(100, number - start))]
        await asyncio.gather(*(loop.create_connection(lambda one=one: one, "127.0.0.1", port) for one in batch))
        await asyncio.gather(*(one.is_open for one in batch))
        found += batch
    return found


async def measured(port: int, number: int) -> float:
    """Return the KiB that each open stream takes."""
    late: list[float] = []
    await opened(port, 200, late)
    before = int(await ask(port, "/memory"))
    await opened(port, number, late)
    return (int(await ask(port, "/memory")) - before) / number


def part(values: list[float], share: float) -> float:
    """Return a percentile, in milliseconds."""
    return 1000 * sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


async def probe(port: int, seconds: float) -> None:
    """Ask fifty times a second; print how long each took."""
    end = time.monotonic() + seconds

    async def one() -> None:
        start = time.perf_counter()
        await ask(port, "/hello")
        say(str(time.perf_counter() - start))

    asked: set[asyncio.Task[None]] = set()
    while time.monotonic() < end:
        task = asyncio.create_task(one())
        asked.add(task)
        task.add_done_callback(asked.discard)
        await asyncio.sleep(0.02)
    await asyncio.gather(*asked)


async def loaded(port: int, number: int, seconds: float, pid: int) -> None:
    """Open streams, listen, ask meanwhile, and end the server; print what was seen."""
    late: list[float] = []
    before = int(await ask(port, "/memory"))
    listeners = await opened(port, number, late)
    each = (int(await ask(port, "/memory")) - before) / number
    say(f"{number} streams are open: {each:.1f} KiB each, the first events included")
    late.clear()
    prober = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.soak.streams", PROBE, str(port), str(seconds), stdout=asyncio.subprocess.PIPE
    )
    answer = (await prober.communicate())[0]
    took = [float(each) for each in answer.split()]
    say(f"{len(late)} events seen, {len(late) / number / seconds:.2f} a second by each stream")
    say(f"an event reaches a stream after {part(late, 0.5):.0f} ms (median), {part(late, 0.99):.0f} ms (p99)")
    say(f"{len(took)} requests meanwhile: {part(took, 0.5):.1f} ms (median), {part(took, 0.99):.1f} ms (p99)")
    start = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    await asyncio.gather(*(listener.is_closed for listener in listeners))
    say(f"all streams had ended {time.monotonic() - start:.1f} s after the signal")


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == [PROBE]:
        asyncio.run(probe(int(sys.argv[2]), float(sys.argv[3])))
        return
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    say(f"open files: at most {most} in a process")
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for name in ("bare", "asgi"):
            port = free_port()
            words = (
                f"-m uvicorn --http h11 --loop asyncio --no-access-log --log-level warning --backlog 4096 --port {port}"
            )
            command = [sys.executable, *words.split(), f"tests.soak.streams:{name}"]
            with running(command, port, Path(folder) / name):
                found.append(asyncio.run(measured(port, number // 4)))
            say(f"{name}: {found[-1]:.1f} KiB for each open stream")
        say(f"above the bare application: {found[1] - found[0]:.1f} KiB")
        with running(command[:-1] + ["tests.soak.streams:asgi"], port, Path(folder) / "load") as process:
            asyncio.run(loaded(port, number, seconds, process.pid))


if __name__ == "__main__":
    main()
