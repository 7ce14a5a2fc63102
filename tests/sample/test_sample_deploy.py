"""The files of ``sample_api/deploy``, as far as they can be run here; the rest is read, and compared with one another."""

from __future__ import annotations

import json
import os
import re
import secrets
import shlex
import shutil
import site
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import yaml

from sample_api.deploy import make_secrets
from tests.servers import free_port

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "sample_api" / "deploy"
APPLICATION = ("app1", "app2")


def environment_of(path):
    """The variables of a file for Docker and systemd."""
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def production(tmp_path, **variables):
    """The environment of a host in production."""
    return {
        **os.environ,
        **environment_of(DEPLOY / "production.env"),
        "SECRET_KEY": secrets.token_hex(),
        "DATABASE_URL": f"sqlite:///{tmp_path}/conduit.sqlite3",
        "STORE_URL": "redis://127.0.0.1:6379/0",
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"),
        "BIND": "127.0.0.1:0",
        **variables,
    }


def run(*command, **options):
    """Run a command to its end; what it prints belongs to a failure."""
    ran = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


# The application and gunicorn


def test_gunicorn_takes_its_file(tmp_path):
    """gunicorn reads the file, and loads the application with the settings of production."""
    conf = DEPLOY / "gunicorn.conf.py"
    run(sys.executable, "-m", "gunicorn", "--check-config", "-c", conf, cwd=ROOT, env=production(tmp_path))


def test_nothing_is_found_before_the_deployment(tmp_path):
    """``framework check --deploy`` finds nothing in the application, its settings and those of gunicorn."""
    (tmp_path / "metrics").mkdir()
    ran = run(
        *(sys.executable, "-m", "framework", "--app", "sample_api", "check", "--deploy", "--fail-level", "advice"),
        *("--format", "json", "--gunicorn", DEPLOY / "gunicorn.conf.py"),
        cwd=ROOT,
        env=production(tmp_path),
    )

    assert json.loads(ran)["findings"] == []


# nginx


@pytest.fixture
def nginx():
    """The program."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    return program


def nginx_conf(folder, **ports):
    """The file for this machine: names of hosts and ports are replaced, nothing else."""
    text = (DEPLOY / "nginx.conf").read_text().replace("/tmp/nginx.pid", f"{folder}/nginx.pid")
    text = text.replace("listen 8080", f"listen 127.0.0.1:{ports['listen']}")
    for host in APPLICATION:
        assert f"server {host}:8000 " in text
        text = text.replace(f"server {host}:8000 ", f"server 127.0.0.1:{ports[host]} ")
    if os.geteuid() == 0:
        text = f"user root;\n{text}"
    (folder / "nginx.conf").write_text(text)
    return folder / "nginx.conf"


def test_nginx_takes_its_file_with_tls_too(nginx, tmp_path):
    """The syntax is right as it is, and with the lines for TLS."""
    conf = nginx_conf(tmp_path, listen=free_port(), app1=free_port(), app2=free_port())
    run(nginx, "-t", "-e", "stderr", "-c", conf)

    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    run(*make, "-subj", "/CN=x", "-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem")
    text = re.sub(r"# (listen 8443|ssl_)", r"\1", conf.read_text())
    assert text.count("\n        ssl_") == 5
    conf.write_text(text.replace("/etc/nginx/tls", str(tmp_path)).replace("8443", str(free_port())))
    run(nginx, "-t", "-e", "stderr", "-c", conf)


# The image


def steps_of(dockerfile):
    """The instructions of a Dockerfile, in order."""
    text = re.sub(r"\\\n", " ", dockerfile.read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(None, 1)) for line in lines]


def in_build_context(path):
    """Return whether a path of the repository reaches the build, by the file of exceptions."""
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")][0] == "*"
    return any(f"!{parent}" in lines for parent in (path, *Path(path).parents))


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """A folder in which the steps of the Dockerfile have been carried out, and its instructions.

    Nothing is fetched: the installer finds the libraries of the test run installed.
    """
    root = tmp_path_factory.mktemp("image")
    packages = os.pathsep.join(site.getsitepackages())
    environ = {**os.environ, "PYTHONPATH": packages, "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    steps = steps_of(DEPLOY / "Dockerfile")
    folder = root
    for instruction, rest in steps:
        match instruction:
            case "WORKDIR":
                folder = root / rest.lstrip("/")
                folder.mkdir(parents=True, exist_ok=True)
            case "COPY" if not rest.startswith("--from"):
                *sources, target = rest.split()
                for source in sources:
                    assert in_build_context(source), f"{source} is not in Dockerfile.dockerignore"
                    copy(ROOT / source, folder / target, into=target.endswith("/"))
            case "RUN":
                ran = subprocess.run(
                    ["sh", "-c", re.sub(r"^python ", f"{shlex.quote(sys.executable)} ", rest)],
                    **{"cwd": folder, "env": environ, "capture_output": True, "text": True, "check": False},
                )
                assert ran.returncode == 0, rest + ran.stdout + ran.stderr
            case "COPY":
                assert rest == "--from=build /srv/conduit /srv/conduit"
            case "CMD":
                return folder, dict(steps)
    raise AssertionError("The image has no CMD.")


def copy(source, target, into):
    """Copy as Docker does: a folder is its contents, a file may be put into a folder."""
    ignored = shutil.ignore_patterns("__pycache__", "secrets", "instance")
    if source.is_dir():
        shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True)
    else:
        target = target / source.name if into else target
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def test_the_image_serves(image, tmp_path):
    """What the steps of the Dockerfile make serves by its command, is healthy by its health check, and counts."""
    folder, steps = image
    assert not list(folder.glob("requirements"))
    port = free_port()
    packages = os.pathsep.join([*site.getsitepackages()])
    environ = {**production(tmp_path, BIND=f"127.0.0.1:{port}"), "PYTHONPATH": packages}
    process = subprocess.Popen(json.loads(steps["CMD"]), cwd=folder, env=environ, stdout=subprocess.PIPE, text=True)
    try:
        check = json.loads(steps["HEALTHCHECK"].partition("CMD ")[2].replace(":8000", f":{port}"))
        deadline = time.monotonic() + 30
        while subprocess.run(check, cwd=folder, env=environ, capture_output=True, check=False).returncode:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        host = {"Host": "www.conduit.example"}
        for path in ("/readyz", "/api/tags", "/metrics"):
            with urllib.request.urlopen(
                urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=host)
            ) as reply:
                body = reply.read().decode()
        assert 'http_route="/api/tags"} 1.0' in body.replace(',http_response_status_code="200"', "")
    finally:
        process.terminate()
        printed, _ = process.communicate(timeout=40)
    assert process.returncode == 0
    assert '"http.route":"/api/tags"' in printed


def test_the_image_has_no_root(image):
    """The user is a number other than 0, as orchestrators check it; the port needs no rights."""
    _, steps = image
    user, group = steps["USER"].split(":")

    assert int(user) > 0
    assert int(group) > 0
    assert steps["EXPOSE"] == "8000"


# compose and Prometheus


@pytest.fixture
def compose():
    """``compose.yaml`` as it is read."""
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def test_compose_names_only_what_is_there(compose):
    """Files, networks, volumes, secrets and services that are named exist; nothing is named in vain."""
    services = compose["services"]
    networks, volumes, used = set(), set(), set()
    for service in services.values():
        assert "image" in service
        networks |= set(service["networks"])
        used |= set(service.get("secrets", ()))
        assert set(service.get("depends_on", ())) <= set(services)
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (DEPLOY / source).is_file()
            else:
                volumes.add(source)
    application = services["app1"]
    context = (DEPLOY / application["build"]["context"]).resolve()

    assert context == ROOT
    assert (context / application["build"]["dockerfile"]).is_file()
    assert (DEPLOY / application["env_file"]).is_file()
    assert (networks, volumes, used) == (set(compose["networks"]), set(compose["volumes"]), set(compose["secrets"]))
    assert services["app1"] == services["app2"]


def test_compose_asks_for_health_where_it_waits_for_it(compose):
    """A service that others wait for until it is healthy has a health check."""
    for service in compose["services"].values():
        depends = service.get("depends_on", ())
        for name in depends:
            if isinstance(depends, dict) and depends[name]["condition"] == "service_healthy":
                assert "healthcheck" in compose["services"][name]


def test_compose_keeps_what_the_store_has_acknowledged(compose):
    """Redis writes before it acknowledges, keeps its file, and pushes nothing out."""
    redis = compose["services"]["redis"]
    words = " ".join(redis["command"])

    assert "--appendonly yes" in words
    assert "--appendfsync always" in words
    assert "--maxmemory-policy noeviction" in words
    assert redis["volumes"] == ["redis:/data"]


def test_only_nginx_is_open_to_the_world(compose):
    """Other ports are for the machine itself."""
    for name, service in compose["services"].items():
        for port in service.get("ports", ()):
            assert name == "nginx" or port.startswith("127.0.0.1:")


def test_time_limits_fit_one_another(compose):
    """Each limit ends before the one around it: deadline, gunicorn and nginx; draining, gunicorn and what kills."""
    settings = environment_of(DEPLOY / "production.env")
    gunicorn = gunicorn_settings()
    nginx = (DEPLOY / "nginx.conf").read_text()
    read_timeout = int(re.search(r"^    proxy_read_timeout (\d+)s", nginx, re.M)[1])

    assert float(settings["FRAMEWORK_DEADLINE"]) < read_timeout
    assert float(settings["FRAMEWORK_DEADLINE"]) < gunicorn["timeout"]
    assert int(settings["FRAMEWORK_MAX_CONCURRENT_REQUESTS"]) < gunicorn["threads"]
    assert float(settings["FRAMEWORK_DRAIN_TIMEOUT"]) < gunicorn["graceful_timeout"]
    for host in APPLICATION:
        assert gunicorn["graceful_timeout"] < int(compose["services"][host]["stop_grace_period"].removesuffix("s"))


def gunicorn_settings():
    """The names of ``gunicorn.conf.py``."""
    names = {}
    exec(compile((DEPLOY / "gunicorn.conf.py").read_text(), "gunicorn.conf.py", "exec"), names)
    return names


def test_hosts_and_ports_are_the_same_everywhere(compose):
    """nginx and Prometheus ask the hosts of compose at the port of the image."""
    hosts = [f"{host}:8000" for host in APPLICATION]
    scraped = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())["scrape_configs"]
    settings = environment_of(DEPLOY / "production.env")

    assert re.findall(r"server (\S+:\d+) ", (DEPLOY / "nginx.conf").read_text()) == hosts
    assert [config["static_configs"][0]["targets"] for config in scraped] == [hosts]
    assert scraped[0]["metrics_path"] == settings["FRAMEWORK_METRICS_PATH"]
    network = compose["networks"]["inside"]["ipam"]["config"][0]["subnet"]
    assert json.loads(compose["services"]["app1"]["environment"]["FRAMEWORK_METRICS_NETWORKS"]) == [network]


def test_secrets_are_made_once(compose, tmp_path):
    """Each secret of compose is made, the URL of the database has the password, and a second call changes nothing."""
    folder = tmp_path / "secrets"
    make_secrets.main(folder)
    first = {path.name: path.read_text() for path in folder.iterdir()}
    make_secrets.main(folder)

    assert {path.name: path.read_text() for path in folder.iterdir()} == first
    assert {f"secrets/{name}" for name in first} == {each["file"] for each in compose["secrets"].values()}
    assert first["database_password"] in first["database_url"]
    assert folder.stat().st_mode & 0o077 == 0
