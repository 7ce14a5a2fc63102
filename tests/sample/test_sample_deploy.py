"""The files of ``sample_api/deploy``, as far as they can be run here; the rest is read, and compared."""

from __future__ import annotations

import contextlib
import http.client
import itertools
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
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
"""Lets pip find the libraries of the test run installed, where PYTHONPATH names them, and fetch nothing."""


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
    assert next(line for line in lines if line and not line.startswith("#")) == "*"
    return any(f"!{parent}" in lines for parent in (path, *Path(path).parents))


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """A folder in which the steps of the Dockerfile have been carried out, and its instructions.

    Nothing is fetched: the installer finds the libraries of the test run installed.
    """
    root = tmp_path_factory.mktemp("image")
    packages = os.pathsep.join(site.getsitepackages())
    environ = {**os.environ, **OFFLINE, "PYTHONPATH": packages}
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
                    cwd=folder,
                    env=environ,
                    capture_output=True,
                    text=True,
                    check=False,
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


@pytest.mark.extended
def test_the_image_serves(image, tmp_path):
    """What the steps of the Dockerfile make serves by its command, is healthy by its health check, and counts."""
    folder, steps = image
    assert not list(folder.glob("requirements"))
    port = free_port()
    packages = os.pathsep.join([*site.getsitepackages()])
    environ = {**production(tmp_path, BIND=f"127.0.0.1:{port}"), "PYTHONPATH": packages}
    migrate = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["migrate"]["command"]
    run(*migrate, cwd=folder, env=environ)
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


@pytest.mark.extended
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


def test_nginx_serves_by_its_file(nginx, tmp_path):
    """Ids are nginx's own, forged headers are not believed, other names and internal paths get nothing."""
    ports = {"listen": free_port(), "app1": free_port(), "app2": free_port()}
    serve = [sys.executable, "-m", "gunicorn", "-c", str(DEPLOY / "gunicorn.conf.py")]
    environ = production(tmp_path, BIND=f"127.0.0.1:{ports['app2']}")
    run(sys.executable, "-m", "alembic", "-c", "sample_api/alembic.ini", "upgrade", "head", cwd=ROOT, env=environ)
    log = (tmp_path / "out").open("w+")
    conf = nginx_conf(tmp_path, **ports)
    host = subprocess.Popen(serve, cwd=ROOT, env=environ, stdout=log)
    front = subprocess.Popen([nginx, "-e", "stderr", "-g", "daemon off;", "-c", str(conf)])
    forged = {"Host": "conduit.example", "X-Request-ID": "forged", "X-Forwarded-For": "203.0.113.9"}

    def ask(path, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", ports["listen"], timeout=10)
        with contextlib.closing(connection):
            try:
                connection.request("GET", path, headers={**forged, **headers})
                reply = connection.getresponse()
                return reply.status, reply.getheader("X-Request-ID"), reply.read()
            except (OSError, http.client.HTTPException):
                return 0, None, b""

    try:
        deadline = time.monotonic() + 30
        while ask("/api/tags")[0] != 200:  # the first of the two hosts is not there at all
            assert time.monotonic() < deadline
            time.sleep(0.1)
        _, own, _ = ask("/api/tags")

        assert re.fullmatch("[0-9a-f]{32}", own)
        assert [ask(path)[0] for path in ("/metrics", "/livez", "/readyz", "/startupz")] == [404] * 4
        assert ask("/api/tags", Host="other.example")[0] == 0
    finally:
        front.terminate()
        host.terminate()
        front.wait(10)
        host.wait(40)
        log.seek(0)
        records = [json.loads(line) for line in log.read().splitlines() if line.startswith('{"asctime')]
        log.close()
    assert {record["client.address"] for record in records} == {"127.0.0.1"}
    assert own in [record["request_id"] for record in records]


# Kubernetes and systemd


@pytest.fixture
def manifest():
    """The objects of ``kubernetes.yaml``, by kind."""
    objects = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))
    assert all({"apiVersion", "kind", "metadata"} <= set(each) for each in objects)
    return {each["kind"]: each for each in objects}


def test_kubernetes_has_the_settings_of_production(manifest):
    """Each variable is that of ``production.env``; those of Kubernetes alone are added."""
    given = manifest["ConfigMap"]["data"]
    wanted = environment_of(DEPLOY / "production.env")

    assert {name: given[name] for name in wanted} == wanted
    assert set(given) - set(wanted) == {
        *("FRAMEWORK_DRAIN_DELAY", "PROMETHEUS_MULTIPROC_DIR", "FRAMEWORK_METRICS_NETWORKS"),
    }
    assert all(isinstance(value, str) for value in given.values())


@pytest.mark.extended
def test_kubernetes_asks_the_probes_and_waits_for_the_end(manifest, image):
    """Each probe asks its path, gunicorn ends before it is killed, and the delay leaves time for requests."""
    pod = manifest["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("liveness", "readiness", "startup")}
    settings = manifest["ConfigMap"]["data"]
    left = float(settings["FRAMEWORK_DRAIN_TIMEOUT"]) - float(settings["FRAMEWORK_DRAIN_DELAY"])
    user, group = image[1]["USER"].split(":")

    assert {name: probe["path"] for name, probe in probes.items()} == {
        "liveness": "/livez", "readiness": "/readyz", "startup": "/startupz",
    }  # fmt: skip
    assert {probe["port"] for probe in probes.values()} == {"http"}
    assert [port["containerPort"] for port in container["ports"]] == [int(image[1]["EXPOSE"])]
    assert container["readinessProbe"]["timeoutSeconds"] > 2  # what its checks have
    assert gunicorn_settings()["graceful_timeout"] < pod["terminationGracePeriodSeconds"]
    assert left >= float(settings["FRAMEWORK_DEADLINE"])
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]) == (int(user), int(group))


def test_tables_are_changed_before_the_code_serves(compose, manifest):
    """Compose, Kubernetes and systemd run the same migrations, with the image, settings and secrets of hosts."""
    migrate, (host,) = compose["services"]["migrate"], manifest["Deployment"]["spec"]["template"]["spec"]["containers"]
    (initial,) = manifest["Deployment"]["spec"]["template"]["spec"]["initContainers"]
    command = " ".join(migrate["command"])
    unit = (DEPLOY / "systemd" / "conduit.service").read_text()

    assert initial["command"] == migrate["command"]
    assert f"ExecStartPre=/srv/conduit/{command}\nExecStart=" in unit
    assert {name: initial[name] for name in ("image", "envFrom", "securityContext", "volumeMounts")} == {
        name: host[name] for name in ("image", "envFrom", "securityContext", "volumeMounts")
    }
    assert [each for each in initial["env"] if each not in host["env"]] == []
    for name in APPLICATION:
        depends = compose["services"][name]["depends_on"]
        assert depends["migrate"] == {"condition": "service_completed_successfully"}
    assert environment_of(DEPLOY / "production.env")["MIGRATE"] == "0"


def test_kubernetes_joins_its_objects(manifest):
    """Selectors find the pods, volumes that are mounted exist, and a disruption leaves most pods."""
    deployment, budget = manifest["Deployment"]["spec"], manifest["PodDisruptionBudget"]["spec"]
    pod = deployment["template"]["spec"]
    (container,) = pod["containers"]
    labels = deployment["template"]["metadata"]["labels"]

    assert deployment["selector"] == budget["selector"] == {"matchLabels": labels}
    assert manifest["Service"]["spec"]["selector"] == labels
    assert budget["maxUnavailable"] < deployment["replicas"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    for variable in container["env"]:
        assert variable["value"].startswith("/run/secrets/conduit/")
    assert container["envFrom"] == [{"configMapRef": {"name": manifest["ConfigMap"]["metadata"]["name"]}}]


def test_systemd_takes_its_unit(tmp_path):
    """``systemd-analyze verify`` finds nothing, and gunicorn ends before it is killed."""
    unit = DEPLOY / "systemd" / "conduit.service"
    text = unit.read_text()
    assert gunicorn_settings()["graceful_timeout"] < int(re.search(r"TimeoutStopSec=(\d+)", text)[1])
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd is not installed.")
    (tmp_path / unit.name).write_text(text.replace("/srv/conduit/.venv/bin/python", sys.executable))
    printed = run(program, "verify", tmp_path / unit.name, env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"})

    assert unit.name not in printed


# The page "A first deployment"

PAGE = ROOT / "docs" / "deploying" / "first-deployment.rst"
ELSEWHERE = ("docker ", "kubectl ", "sudo ", "curl ", "sleep ")
"""What begins a command that needs Docker, Kubernetes, root, or a service that runs."""


def commands_of(page):
    """The commands of a page by section, each with what it prints."""
    sections = {}
    title = ""
    for line, following in itertools.pairwise([*page.read_text().splitlines(), ""]):
        if following and set(following) <= {"-"}:
            title = line
        if line.startswith("    $ "):
            sections.setdefault(title, []).append([line.removeprefix("    $ "), ""])
        elif line.startswith("    ") and title in sections and not line.startswith("     "):
            sections[title][-1][1] += f"{line.strip()}\n"
    return sections


@pytest.fixture
def repository(tmp_path):
    """A copy of what the page needs of the repository, and an environment in which nothing is fetched."""
    for name in ("sample_api", "framework", ".ci"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "secrets"))
    for name in ("pyproject.toml", "README.rst", "LICENSE.rst"):
        shutil.copy(ROOT / name, tmp_path)
    packages = os.pathsep.join([str(tmp_path), *site.getsitepackages()])
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return tmp_path, {**os.environ, **OFFLINE, "PATH": programs, "PYTHONPATH": packages}


def run_script(commands, folder, environ):
    """Run the commands of a page in one shell, and return what they print."""
    script = "\n".join(["set -e", *(command.replace("/tmp/", f"{folder}/") for command, _ in commands)])
    return run("sh", "-c", script, cwd=folder, env=environ)


def test_the_commands_of_the_page_run(repository):
    """Those before the deployment run as they are shown, at the top of the repository, and print what is shown."""
    commands = commands_of(PAGE)["Before the first time"]

    assert run_script(commands, *repository) == "".join(printed for _, printed in commands)


@pytest.mark.extended
def test_the_other_commands_of_the_page_are_run_or_need_a_service(repository):
    """What is not of Docker, Kubernetes, root or a running service makes the folder of the service, without Docker."""
    folder, environ = repository
    sections = commands_of(PAGE)
    sections.pop("Before the first time")
    commands = [each for section in sections.values() for each in section]
    here = [each for each in commands if not each[0].startswith(ELSEWHERE)]
    run_script(here, folder, environ)

    assert (folder / "conduit" / ".venv" / "bin" / "framework").is_file()
    assert (folder / "conduit" / "sample_api" / "deploy" / "gunicorn.conf.py").is_file()
    for command, _ in commands:
        for path in re.findall(r"sample_api/deploy/[\w./-]*\w", command):
            assert (folder / path).exists(), command
