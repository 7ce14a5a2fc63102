"""The run itself, inside of the namespace of the core: phases, what happens in each, and what must hold."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import signal
import sys
import time
import typing as t
from pathlib import Path

import click
import redis
import sqlalchemy as sa

from . import page
from .app import PER_GROUP, TABLES
from .load import Load, Note
from .world import FAIL_TIMEOUT, HOSTS, THREADS, WORKERS, World, wait_until

NORMAL_AGAIN = 5.0
MOST_ERRORS = 0.01
CALM = 15.0
SETTLE = 8.0


@dataclasses.dataclass
class Phase:
    """A part of the run."""

    name: str
    begun: float
    ended: float = 0.0
    repairs: list[float] = dataclasses.field(default_factory=list)
    closed: bool = False
    """Whether Redis is away in it, so that keys, log-ins and limits are closed."""


class Soak:
    """One run."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.load = Load()
        self.phases: list[Phase] = []
        self.cost: dict[str, float] = {}

    @contextlib.contextmanager
    def phase(self, name: str, closed: bool = False) -> t.Iterator[Phase]:
        """Note the begin and the end of a phase; give it time to become normal again."""
        phase = Phase(name, time.monotonic(), closed=closed)
        self.phases.append(phase)
        click.echo(f"{name} ...")
        yield phase
        time.sleep(SETTLE)
        phase.ended = time.monotonic()

    def go(self) -> None:
        """Go through all phases."""
        world = self.world
        self.load.start()
        time.sleep(2)  # pools fill
        before = self._usage()
        with self.phase("nothing happens"):
            time.sleep(CALM - SETTLE)
        self._note_cost(before)
        with self.phase("kill -9 of a worker of each host") as phase:
            for name in HOSTS:
                os.kill(world.workers_of(name)[0], signal.SIGKILL)
                phase.repairs.append(time.monotonic())
                time.sleep(3)
        with self.phase("host a is cut off for 10 s") as phase:
            world.set_cable("a", "down")
            time.sleep(10)
            world.set_cable("a", "up")
            phase.repairs.append(time.monotonic())
        with self.phase("PostgreSQL crashes, and is back after 2 s") as phase:
            world.stop("postgres", signal.SIGQUIT)
            time.sleep(2)
            world.start_postgres()
            phase.repairs.append(time.monotonic())
        with self.phase("Redis is stopped, and is back after 4 s", closed=True) as phase:
            world.stop("redis")
            time.sleep(4)
            world.start_redis()
            phase.repairs.append(time.monotonic())
        with self.phase("kill -9 of Redis, which is started again", closed=True) as phase:
            world.stop("redis", signal.SIGKILL)
            world.start_redis()
            phase.repairs.append(time.monotonic())
        with self.phase("a new version, host by host") as phase:
            for name in HOSTS:
                world.stop(name)
                world.start_host(name, version=2)
                # Until nginx asks it again: if the next one ended earlier, none would be left.
                time.sleep(FAIL_TIMEOUT + 1)
        with self.phase("nothing happens, new version"):
            pass
        self.load.stop()

    # What the workers cost

    def _usage(self) -> tuple[float, ...]:
        """Processor time of all workers, the time, and the numbers of requests, transactions and commands of Redis."""
        ticks = 0
        for pid in self._workers():
            values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(values[11]) + int(values[12])
        engine = sa.create_engine(self.world.database_url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            statement = "SELECT xact_commit FROM pg_stat_database WHERE datname = 'postgres'"
            transactions = connection.execute(sa.text(statement)).scalar_one()
        with contextlib.closing(redis.Redis.from_url(self.world.store_url)) as client:
            commands = client.info("stats")["total_commands_processed"]
        requests = sum(note.attempts for note in self.load.notes)
        return ticks / os.sysconf("SC_CLK_TCK"), time.monotonic(), requests, transactions, commands

    def _workers(self) -> list[int]:
        return [pid for name in HOSTS for pid in self.world.workers_of(name)]

    def _note_cost(self, before: tuple[float, ...]) -> None:
        after = self._usage()
        used, seconds, requests, transactions, commands = (new - old for new, old in zip(after, before, strict=True))
        workers = self._workers()
        resident, own = [], []
        for pid in workers:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            values = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in text.splitlines()[1:]}
            resident.append(values["Rss"])
            own.append(values["Private_Clean"] + values["Private_Dirty"])
        engine = sa.create_engine(self.world.database_url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            statement = "SELECT count(*) FROM pg_stat_activity WHERE client_addr = ANY(ARRAY['{}', '{}']::inet[])"
            database = connection.execute(sa.text(statement.format(*HOSTS.values()))).scalar_one()
        with contextlib.closing(redis.Redis.from_url(self.world.store_url)) as client:
            store = sum(each["addr"].split(":")[0] in HOSTS.values() for each in client.client_list())
        self.cost = {
            "rate": requests / seconds,
            "milliseconds": used / requests * 1000,
            "resident": sum(resident) / len(workers),
            "own": sum(own) / len(workers),
            "database": database / len(workers),
            "store": store / len(workers),
            "transactions": transactions / requests,
            "commands": commands / requests,
        }

    # What must hold

    def notes_of(self, phase: Phase) -> list[Note]:
        """The requests that ended in a phase."""
        return [note for note in self.load.notes if phase.begun <= note.ended < phase.ended]

    def normal_after(self, phase: Phase) -> float:
        """The seconds from a repair to the end of the last request that failed before the next one; the longest."""
        longest = 0.0
        if not phase.repairs:
            return longest
        for begin, end in zip(phase.repairs, [*phase.repairs[1:], phase.ended], strict=True):
            bad = [n.ended for n in self.load.notes if begin < n.ended < end and n.outcome in ("error", "closed")]
            longest = max(longest, max(bad, default=begin) - begin)
        return longest

    def rows(self) -> t.Iterator[tuple[object, ...]]:
        """One row for each phase."""
        for phase in self.phases:
            notes = self.notes_of(phase)
            errors = sum(note.outcome == "error" for note in notes)
            normal = f"{self.normal_after(phase):.1f} s" if phase.repairs else "-"
            repeated = sum(note.attempts > 1 for note in notes)
            closed = sum(note.outcome == "closed" for note in notes)
            yield phase.name, len(notes), repeated, closed, f"{errors} ({errors / len(notes):.2%})", normal

    def faults(self) -> t.Iterator[str]:
        """What does not hold."""
        yield from self.load.faults
        yield from self._lost_or_doubled()
        for phase in self.phases:
            notes = self.notes_of(phase)
            errors = [note for note in notes if note.outcome == "error"]
            is_harmless = not phase.repairs
            failed = [note for note in notes if note.attempts > 1 or note.outcome == "error"]
            if is_harmless and failed:
                yield f"{phase.name}: {len(failed)} failed or were repeated, and the first is {failed[0]}."
            # Without its database nothing is answered for a while; how long is the next rule's.
            if "PostgreSQL" not in phase.name and not phase.closed and len(errors) >= MOST_ERRORS * len(notes):
                yield f"{phase.name}: {len(errors)} errors of {len(notes)} requests."
            if phase.closed and any(note.outcome == "error" and note.status != 0 for note in notes):
                found = {(note.kind, note.status, note.code) for note in errors}
                yield f"{phase.name}: other errors than closed: {sorted(found)}."
            if not phase.closed and any(note.outcome == "closed" for note in notes):
                yield f"{phase.name}: {sum(note.outcome == 'closed' for note in notes)} were closed."
            if self.normal_after(phase) > NORMAL_AGAIN:
                yield f"{phase.name}: normal again after {self.normal_after(phase):.1f} s."
        for allowed in self.calm_groups():
            if abs(allowed - PER_GROUP) > PER_GROUP * 0.01:
                yield f"A limit of {PER_GROUP} let {allowed} through while nothing was away."

    def calm_groups(self) -> list[int]:
        """The calls that limits let through, for each group none of whose calls got lost."""
        return [allowed for _, _, allowed, lost in self.load.groups[:-1] if lost == 0]

    def _lost_or_doubled(self) -> t.Iterator[str]:
        engine = sa.create_engine(self.world.database_url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            orders = dict(connection.execute(sa.text("SELECT key, min(id) FROM orders GROUP BY key")).all())
            twice = connection.execute(sa.text("SELECT key FROM executions GROUP BY key HAVING count(*) > 1")).all()
            self.carried_out = connection.execute(sa.text("SELECT count(*) FROM executions")).scalar_one()
        for key, order_id in self.load.acknowledged.items():
            if orders.get(key) != order_id:
                yield f"Order {key} was acknowledged with id {order_id}, and the database has {orders.get(key)}."
        for (key,) in twice:
            yield f"Order {key} was carried out more than once."


HEADER = ("Phase", "Requests", "Repeated", "Closed (503)", "Errors", "Normal again after")


RATES = (1_000, 10_000, 100_000)
BUSY = 0.5
"""The part of its time that a core may be busy, so that there is room for peaks and for a host that is gone."""
CORES_PER_HOST = 16


def arithmetic(cost: dict[str, float]) -> t.Iterator[tuple[object, ...]]:
    """What so many requests a second take, by the costs of one."""
    cores = [math.ceil(rate * cost["milliseconds"] / 1000 / BUSY) for rate in RATES]
    rows: dict[str, list[str]] = {
        "Cores, and workers": [f"{count:,}" for count in cores],
        f"Hosts of {CORES_PER_HOST} cores, and one to spare": [
            f"{math.ceil(count / CORES_PER_HOST) + 1:,}" for count in cores
        ],
        "Memory of the workers": [f"{math.ceil(count * cost['resident'] / 1024):,} GiB" for count in cores],
        "Connections to PostgreSQL, in use and at most": [
            f"{math.ceil(count * cost['database']):,} to {count * THREADS:,}" for count in cores
        ],
        "Transactions a second": [f"{rate * cost['transactions']:,.0f}" for rate in RATES],
        "Commands of Redis a second": [f"{rate * cost['commands']:,.0f}" for rate in RATES],
    }
    for name, cells in rows.items():
        yield name, *cells


def report(soak: Soak) -> dict[str, str]:
    """Print the table, and return the sections of the page."""
    rows, cost, groups = list(soak.rows()), soak.cost, soak.calm_groups()
    widths = [max(len(str(row[column])) for row in (HEADER, *rows)) for column in range(len(HEADER))]
    click.echo()
    for row in (HEADER, *rows):
        click.echo("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)))
    replays = sum(note.kind == "order" for note in soak.load.notes)
    facts = [
        ("Orders acknowledged", len(soak.load.acknowledged)),
        ("Orders sent, repetitions and replays included", replays),
        ("Orders carried out", soak.carried_out),
        (f"Limits of {PER_GROUP}, used up across both hosts", len(groups)),
        ("Calls that these let through, fewest and most", f"{min(groups)} and {max(groups)}"),
    ]
    costs = [
        ("Processor time of a worker per request", f"{cost['milliseconds']:.2f} ms"),
        ("Requests per second and core, by that", f"{1000 / cost['milliseconds']:.0f}"),
        ("Memory of a worker, resident", f"{cost['resident']:.0f} MiB"),
        ("Memory of a worker, not shared with others", f"{cost['own']:.0f} MiB"),
        ("Transactions of PostgreSQL per request", f"{cost['transactions']:.1f}"),
        ("Commands of Redis per request", f"{cost['commands']:.1f}"),
        ("Connections to PostgreSQL per worker", f"{cost['database']:.1f}"),
        ("Connections to Redis per worker", f"{cost['store']:.1f}"),
    ]
    click.echo()
    for name, value in (*facts, *costs):
        click.echo(f"{name}: {value}")
    load = f"{cost['rate']:.0f} requests a second on {len(HOSTS)} hosts with {WORKERS} workers each."
    return {
        "phases": page.table(HEADER, rows) + f"\nLoad: {load}\n",
        "facts": page.table(("What", "Figure"), facts),
        "costs": page.table(("What", "Figure"), costs),
        "arithmetic": page.table(("Requests a second", *(f"{rate:,}" for rate in RATES)), arithmetic(cost)),
    }


def main(folder: Path) -> int:
    """Run everything, and return the exit status."""
    world = World(folder)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    soak = Soak(world)
    try:
        world.prepare_postgres()
        world.start_postgres()
        engine = sa.create_engine(world.database_url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            for statement in TABLES:
                connection.execute(sa.text(statement))
        world.start_redis()
        for name in HOSTS:
            world.start_host(name, version=1)
        world.start_nginx()
        wait_until(lambda: all(len(world.workers_of(name)) == WORKERS for name in HOSTS), "all workers run")
        try:
            soak.go()
        finally:
            soak.load.stop()
        faults = list(soak.faults())
        sections = report(soak)
    finally:
        world.close()
    (folder / "notes.json").write_text(json.dumps([dataclasses.asdict(note) for note in soak.load.notes]))
    for fault in faults[:20]:
        click.echo(f"NOT HELD: {fault}")
    if not faults:
        click.echo("All figures are held.")
        page.write(sections)
    return min(len(faults), 1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
