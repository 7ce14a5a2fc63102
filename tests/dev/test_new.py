"""``framework new`` and ``framework generate``: what is written, what is refused, and that the result works."""

from __future__ import annotations

import ast
import errno
import importlib.metadata
import os
import pathlib
import re
import secrets
import stat
import subprocess
import sys
import tomllib

import pytest
from click.testing import CliRunner
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement

from framework.cli import cli
from framework.dev import FieldSpec, Files, framework_url, project_files, write_files
from framework.dev._new_fields import KINDS
from framework.dev._new_origin import url_of
from framework.errors import SetupError

ROOT = pathlib.Path(__file__).parents[2]
BIN = pathlib.Path(sys.executable).parent
TEMPLATES = ROOT / "framework" / "dev" / "templates"

ALL_FIELDS = [
    *(f"{kind}_1:{kind}" for kind in KINDS),
    *(f"{kind}_2:{kind}?" for kind in KINDS),
    "str_3:str=dog",
    "text_3:text?=",
    "int_3:int=-4",
    "float_3:float=1e3",
    "decimal_3:decimal=1.5",
    "bool_3:bool=true",
    "date_3:date=2020-02-03",
    "datetime_3:datetime=2020-01-01T00:00:00.5Z",
    "uuid_3:uuid=0b7a3a3e-6f0c-4d53-9d3c-6c0c2f0f7f11",
]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    """Each test is in an empty folder, without the variables of the framework."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("FRAMEWORK_"):
            monkeypatch.delenv(name)


def run(*line, code=0):
    """Run a command, and return what it prints."""
    result = CliRunner().invoke(cli, line)
    assert result.exit_code == code, result.output
    return result.output


def texts(folder):
    """Return the files below a folder, with their texts."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def process(*line, folder="shop", **environ):
    """Run a program in a project, which has to succeed."""
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(
        [str(each) for each in line], cwd=folder, env={**kept, **environ}, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def prove(name, python=sys.executable):
    """Run the tests, the linter, and the checks of a project; return what the checks print."""
    process(python, "-m", "pytest", "-q", folder=name)
    process(BIN / "ruff", "check", "--no-cache", ".", folder=name)
    process(BIN / "ruff", "format", "--no-cache", "--check", ".", folder=name)
    pathlib.Path(name, ".env").write_text(pathlib.Path(name, ".env.example").read_text())
    document = process(python, "-m", "framework", "--app", name, "openapi", "check", "--strict", folder=name)
    production = dict(
        line.split("=", 1)
        for line in pathlib.Path(name, "deploy", "production.env").read_text().splitlines()
        if not line.startswith("#")
    )
    production |= {
        "SECRET_KEY": secrets.token_hex(),
        "DATABASE_URL": "postgresql://db.example/x",
        "PROMETHEUS_MULTIPROC_DIR": str(pathlib.Path.cwd()),
    }
    command = [python, "-m", "framework", "--app", name, "check", "--deploy", "--gunicorn", "deploy/gunicorn.conf.py"]
    return document, process(*command, "--fail-level", "advice", folder=name, **production)


# A project


@pytest.mark.extended
def test_a_new_project_passes_its_tests_and_all_checks():
    """Its tests, the linter, and the checks of document and deployment find nothing; with each type of field too."""
    run("new", "shop")
    run("generate", "resource", "pet", *ALL_FIELDS, "--directory", "shop")
    run("generate", "resource", "box_of_twenty_letter", f"{'a' * 30}:decimal?=1.5", "--directory", "shop")
    document, production = prove("shop")

    assert document == "Nothing to mend.\n"
    assert "Nothing to mend." in production


@pytest.mark.extended
def test_a_new_project_without_a_database_passes_its_tests_and_all_checks():
    """The same holds without a database, of which no file speaks."""
    run("new", "my_shop", "--no-database")
    document, production = prove("my_shop")

    assert document == "Nothing to mend.\n"
    assert "Nothing to mend." in production
    written = project_files("my_shop", "file:///framework", has_database=False).new
    assert [path for path, text in written.items() if re.search("alembic|sqlalchemy|DATABASE_URL", text)] == []


@pytest.mark.extended
def test_a_new_project_works_with_an_installed_wheel(tmp_path):
    """Where the framework was installed from a wheel, the project names it, passes its tests, and is typed."""
    process(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, folder=ROOT)
    [wheel] = tmp_path.glob("*.whl")
    process(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv", folder=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    [packages] = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    # The libraries are those of this environment; its own framework is not, for its .pth is not read from there.
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    (packages / "libraries.pth").write_text(f"{libraries}\n")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-index", "--no-deps"]
    process(*pip, wheel, folder=tmp_path)

    process(python, "-m", "framework", "new", "shop", folder=tmp_path)
    process(python, "-m", "framework", "generate", "resource", "pet", *ALL_FIELDS)
    prove("shop", python)
    process(python, "-m", "mypy", "--cache-dir", tmp_path / "mypy")

    [line] = [line for line in dependencies("shop") if line.startswith("framework[")]
    assert line.endswith(f" @ {wheel.as_uri()}")

    process(python, "ci/vendor.py")
    assert (pathlib.Path("shop", "vendor") / wheel.name).read_bytes() == wheel.read_bytes()
    process(python, "ci/vendor.py")  # the wheel is read from where it is now
    metadata = process(python, "-m", "hatchling", "metadata", "dependencies")
    assert f"{pathlib.Path('shop').absolute().as_uri()}/vendor/{wheel.name}" in metadata


def dependencies(folder):
    """Return the dependencies of a project."""
    return tomllib.loads(pathlib.Path(folder, "pyproject.toml").read_text())["project"]["dependencies"]


def test_the_dependency_is_where_the_framework_was_installed_from():
    """The line of pyproject.toml is the folder of this editable installation."""
    run("new", "shop")
    run("new", "cafe", "--no-database", "--framework", "git+https://git.example/framework.git@v1")

    assert f"framework[dotenv,prometheus,sqlalchemy] @ {ROOT.as_uri()}" in dependencies("shop")
    assert "framework[dotenv,prometheus] @ git+https://git.example/framework.git@v1" in dependencies("cafe")


@pytest.mark.parametrize(
    ("record", "url"),
    [
        ({"url": "file:///srv/framework", "dir_info": {"editable": True}}, "file:///srv/framework"),
        (
            {"url": "https://git.example/f.git", "vcs_info": {"vcs": "git", "commit_id": "4b0"}},
            "git+https://git.example/f.git@4b0",
        ),
        (
            {"url": "ssh://git@g.example/f", "vcs_info": {"vcs": "git", "commit_id": "4b"}, "subdirectory": "api"},
            "git+ssh://git@g.example/f@4b#subdirectory=api",
        ),
        (
            {"url": "https://files.example/f.whl", "archive_info": {"hashes": {"sha256": "ab", "md5": "cd"}}},
            "https://files.example/f.whl#sha256=ab",
        ),
        (
            {"url": "file:///srv/f.whl", "archive_info": {"hash": "sha256=ab", "hashes": {"sha256": "ab"}}},
            "file:///srv/f.whl",
        ),
        (
            {"url": "https://me:s3cret@files.example/f.whl", "archive_info": {}},
            "https://files.example/f.whl",
        ),
        ({"url": "https://t0ken@files.example/f.whl", "archive_info": {}}, "https://files.example/f.whl"),
    ],
)  # fmt: skip
def test_the_record_of_an_installation_becomes_a_url(record, url):
    """A folder, an archive with its hash, and a commit of a repository; credentials are not written down."""
    assert url_of(record) == url
    assert framework_url(url) == url


@pytest.mark.parametrize("url", ["framework", 'file:///a"b', "file:///a\nb", "file:///a b", "{root}"])
def test_what_is_not_a_url_is_refused(url):
    """What is given instead must be a URL, and cannot end the text in pyproject.toml."""
    assert "Not a URL" in run("new", "shop", "--framework", url, code=1)
    assert not pathlib.Path("shop").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("my-shop", "Did you mean 'my_shop'?"),
        ("MyShop", "Did you mean 'my_shop'?"),
        ("2shop", "Use lower-case letters"),
        ("shop\n", "Use lower-case letters"),
        ("../shop", "Use lower-case letters"),
        ("a" * 31, "at most 30"),
        ("class", "keyword"),
        ("json", "has this name already"),
        ("framework", "has this name already"),
        ("sqlalchemy", "has this name already"),
        ("tests", "A folder of the project"),
    ],
)
def test_names_that_a_package_cannot_have_are_refused(name, message):
    """The message says why, and nothing is written."""
    assert message in run("new", name, code=1)
    assert list(pathlib.Path().iterdir()) == []


def test_nothing_is_written_over():
    """Files that exist are named and stay, and no other file is written; other files do not disturb."""
    folder = pathlib.Path("shop")
    folder.mkdir()
    (folder / "README.md").write_text("mine")
    (folder / "other.txt").write_text("mine")

    assert "README.md" in run("new", "shop", code=1)
    assert texts(folder) == {"README.md": "mine", "other.txt": "mine"}

    (folder / "README.md").unlink()
    run("new", "shop")
    assert texts(folder)["other.txt"] == "mine"


def test_a_link_that_leads_nowhere_is_a_file_that_exists():
    """A dangling link is not written through."""
    pathlib.Path("shop").mkdir()
    pathlib.Path("shop", "README.md").symlink_to("/nowhere/README.md")

    assert "README.md" in run("new", "shop", code=1)


def test_a_dry_run_writes_nothing():
    """It lists the files that would be written."""
    assert "shop/settings.py" in run("new", "shop", "--dry-run").splitlines()
    assert list(pathlib.Path().iterdir()) == []


def test_the_project_may_be_in_another_folder():
    """--directory names the folder, the name is that of the package."""
    run("new", "shop", "--directory", "deep/service")

    assert pathlib.Path("deep/service/shop/settings.py").exists()


def test_only_the_script_of_ci_is_executable():
    """Modes are those of the mask of the user, and ci/run can be run."""
    run("new", "shop")
    executable = [
        path.name for path in pathlib.Path("shop").rglob("*") if path.is_file() and path.stat().st_mode & 0o111
    ]
    plain = pathlib.Path("plain")
    plain.mkdir()

    assert executable == ["run"]
    assert stat.S_IMODE(pathlib.Path("shop").stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


@pytest.mark.parametrize("exists", [True, False])
def test_all_is_written_or_nothing(exists, monkeypatch):
    """After an error in the middle the folder is as it was, with the files that would have been changed."""
    folder = pathlib.Path("shop")
    changed = {}
    if exists:
        folder.mkdir()
        (folder / "kept.txt").write_text("before")
        changed = {"kept.txt": "after", "not/there.txt": "after"}
    new = {"a.txt": "a", "deep/b.txt": "b", "deep/b.txt/c.txt": "the folder is a file"}

    with pytest.raises(SetupError, match="Nothing was written"):
        write_files(folder, Files(new=new))
    with pytest.raises(SetupError, match="Nothing was written"):
        write_files(folder, Files(new={"a.txt": "a", "deep/b.txt": "b"}, changed=changed or {"not/there.txt": "after"}))

    assert (texts(folder) if exists else list(pathlib.Path().iterdir())) == ({"kept.txt": "before"} if exists else [])


def test_a_folder_that_cannot_be_written_is_an_error_with_its_reason():
    """The error of the system is in the message."""
    pathlib.Path("file").write_text("")

    assert os.strerror(errno.EEXIST) in run("new", "shop", "--directory", "file/shop", code=1)


def test_no_file_of_a_project_has_a_secret():
    """The example of the settings has no key, and the file of the settings is not committed."""
    files = project_files("shop", "file:///framework").new

    assert not re.search("SECRET|PASSWORD|TOKEN", files[".env.example"])
    assert ".env" in files[".gitignore"].splitlines()


def test_templates_leave_no_mark_of_their_own():
    """Each name of a template is filled, each line is for one kind, and the tags of GitHub stay."""
    for has_database in (True, False):
        files = project_files("shop", "file:///framework", has_database=has_database).new

        assert [path for path, text in files.items() if re.search(r"@@|^%(?:db|plain)", text, re.MULTILINE)] == []
        assert "${{ matrix.python }}" in files[".github/workflows/ci.yml"]


def test_templates_are_in_the_wheel():
    """The wheel has each file below the templates."""
    found = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    templates = {path.relative_to(ROOT).as_posix() for path in TEMPLATES.rglob("*") if path.is_file()}

    assert len(templates) > 30
    assert templates <= found
    assert {path for path in templates if not path.endswith(".txt")} == set()


def test_deployment_files_decide_as_those_of_the_sample():
    """Workers, time limits, settings and the protection of the process are those that the sample is tested with."""
    files = project_files("shop", "file:///framework").new
    sample = ROOT / "sample_api" / "deploy"

    def assigned(text):
        return [ast.unparse(node) for node in ast.parse(text).body[1:]]

    def lines(text):
        return {line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")}

    ours = assigned(files["deploy/gunicorn.conf.py"].replace("shop", "sample_api"))
    assert ours == assigned((sample / "gunicorn.conf.py").read_text())
    settings = files["deploy/production.env"].replace("shop.example", "conduit.example")
    # A project has no migrations of the first request that could be switched off.
    assert lines(settings) == lines((sample / "production.env").read_text()) - {"MIGRATE=0"}
    nginx = lines(files["deploy/nginx.conf"].replace("shop.example", "conduit.example"))
    left_out = lines((sample / "nginx.conf").read_text()) - nginx
    assert {
        line
        for line in left_out
        if not re.match(r"server app\d|location /api/stream|proxy_buffering|proxy_read_timeout 1h", line)
    } == set()
    service = lines(files["deploy/systemd/shop.service"].replace("shop", "conduit"))
    left_out = lines((sample / "systemd" / "conduit.service").read_text()) - service
    assert {line.partition("=")[0] for line in left_out} <= {
        "Description",
        "After",
        "Environment",
        "EnvironmentFile",
        "ExecStart",
        "ExecStartPre",
    }


def test_serving_loads_nothing_of_the_templates():
    """An application, and the group of the commands, load nothing of framework.dev."""
    code = (
        "import sys; from framework import App; from framework.cli import cli; App('x').test_client().get('/');"
        "print([name for name in sys.modules if name.startswith('framework.dev')])"
    )

    assert process(sys.executable, "-c", code, folder=".") == "[]\n"


@pytest.mark.parametrize("line", [["shop"], ["shop", "--no-database"]])
def test_a_project_needs_only_what_its_dependencies_bring(line):
    """Its application is made where no other library can be imported than those that an installer takes with it."""
    run("new", *line)
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [Requirement(each) for each in dependencies("shop")]
    seen = set()
    while wanted:
        each = wanted.pop()
        new = {(each.name, extra) for extra in ("", *each.extras)} - seen
        seen |= new
        if each.name == "framework":
            found = [
                *ours["dependencies"],
                *(line for name in each.extras for line in ours["optional-dependencies"][name]),
            ]
        else:
            found = importlib.metadata.requires(each.name) or []
        for extra in {extra for _, extra in new}:
            parts = [Requirement(text) for text in found]
            wanted += [part for part in parts if part.marker is None or part.marker.evaluate({"extra": extra})]
    names = {canonical(name) for name, _ in seen}
    refused = {
        module
        for module, owners in importlib.metadata.packages_distributions().items()
        if not names & {canonical(owner) for owner in owners} and module != "framework"
    }
    assert {"flask", "pytest"} <= refused
    code = f"""
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {refused!r}:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Refuse())
from shop import create_app
app = create_app({"" if len(line) > 1 else 'database_url="sqlite://"'})
print(app.test_client().get("/readyz").status_code)
"""

    assert process(sys.executable, "-c", code) == "200\n"


def canonical(name):
    """Return the name of a distribution in the form in which names are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


# Resources


@pytest.fixture
def shop():
    """A new project."""
    write_files(pathlib.Path("shop"), project_files("shop", "file:///framework"))
    return pathlib.Path("shop")


def generate(*line, code=0):
    """Generate a resource in the project."""
    return run("generate", "resource", *line, "--directory", "shop", code=code)


def test_a_resource_is_registered_in_order(shop):
    """Its router is imported where linters want it, and is the last of the list; what was written is printed."""
    output = generate("cat", "name:str")
    generate("item_10", "name:str")
    generate("item_2", "name:str")
    text = (shop / "shop" / "routers.py").read_text()

    assert "Wrote shop/cats/models.py\n" in output
    assert "Changed shop/routers.py\n" in output
    assert re.findall("import router as (.*)", text) == ["cats", "item_2s", "item_10s", "items"]
    assert re.findall("^    (.*),$", text, re.MULTILINE) == ["items", "cats", "item_10s", "item_2s"]


def test_migrations_are_a_chain(shop):
    """Each new migration follows the one that no other follows, also one of Alembic's own making."""
    generate("cat", "name:str")
    versions = shop / "migrations" / "versions"
    (versions / "f00.py").write_text('revision = "f00"\ndown_revision = "0002"\n')
    generate("dog", "name:str")

    assert 'down_revision: str | None = "0001"' in (versions / "0002_add_cats.py").read_text()
    assert 'down_revision: str | None = "f00"' in (versions / "0004_add_dogs.py").read_text()


def test_two_heads_are_refused(shop):
    """It is not known which of two migrations a new one has to follow."""
    (shop / "migrations" / "versions" / "f00.py").write_text('revision = "f00"\ndown_revision = None\n')

    assert "several heads: 0001, f00" in generate("cat", "name:str", code=1)


def test_revisions_that_cannot_be_read_are_refused(shop):
    """A migration whose revision is computed, or that is not Python, is named with its line."""
    file = shop / "migrations" / "versions" / "f00.py"
    file.write_text("import os\nrevision = os.name\n")
    assert "f00.py:2: revision is not a literal" in generate("cat", "name:str", code=1)

    file.write_text("revision =\n")
    assert "f00.py cannot be read as Python" in generate("cat", "name:str", code=1)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["item", "name:str"], "'items' is taken: shop/items exists"),
        (["setting", "name:str"], "'settings'"),
        (["production", "name:str", "--plural", "items"], "'items' is taken"),
        (["cat", "name:str", "--plural", "cat"], "--plural"),
        (["cat", "name"], "Write name:type"),
        (["cat", "name:money"], "Known types: str, text, int, float, decimal, bool, date, datetime, uuid."),
        (["cat", "id:int"], "Invalid name of a field: 'id'"),
        (["cat", "from:str"], "keyword"),
        (["cat", "name:str", "name:int"], "Duplicate field 'name'"),
        (["cat", "a:int=many"], "Invalid default of the field a"),
        (["cat", "a:int=2147483648"], "Invalid default"),
        (["cat", "a:float=nan"], "Invalid default"),
        (["cat", "a:decimal=1.234"], "Invalid default"),
        (["cat", "a:decimal=sNaN"], "Invalid default"),
        (["cat", 'a:str=" + evil() + "'], "Invalid default"),
        (["cat", "a:str=a\\"], "Invalid default"),
        (["cat", "a:bool=maybe"], "Invalid default"),
        (["cat", "a:date=2020-02-30"], "Invalid default"),
        (["cat", "a:datetime=2020-01-01T00:00:00"], "Invalid default"),
        (["cat", "a:uuid=1"], "Invalid default"),
        (["router", "name:str"], "Its modules use the name"),
        (["a" * 21, "name:str"], "at most 20"),
    ],
)
def test_resources_that_cannot_be_are_refused(shop, line, message):
    """The message says why, and the project stays as it is."""
    before = texts(shop)

    assert message in generate(*line, code=1)
    assert texts(shop) == before


def test_classes_and_tables_that_exist_are_refused(shop):
    """A model of the same name, or with the same table, is found wherever it is in the package."""
    (shop / "shop" / "more.py").write_text('class Cat:\n    pass\n\nclass Hound:\n    __tablename__ = "dogs"\n')

    assert "The class Cat exists (shop/more.py:1)" in generate("cat", "name:str", code=1)
    assert "The table dogs exists (shop/more.py:5)" in generate("dog", "name:str", code=1)


def test_the_marked_lines_are_needed(shop):
    """Without them the router would have no place: the message says which line to put back."""
    file = shop / "shop" / "routers.py"
    file.write_text(file.read_text().replace("    # framework generate: routers end here\n", ""))
    before = texts(shop)

    assert "framework generate: routers end here" in generate("cat", "name:str", code=1)
    assert texts(shop) == before


def test_resources_need_a_project_with_a_database():
    """Elsewhere the message says where to run the command."""
    assert "pyproject.toml with a name is missing" in run("generate", "resource", "cat", "name:str", code=1)

    run("new", "cafe", "--no-database")
    message = run("generate", "resource", "cat", "name:str", "--directory", "cafe", code=1)
    assert "has no cafe/database.py" in message


@pytest.mark.parametrize(
    ("single", "plural"),
    [("pet", "pets"), ("city", "cities"), ("key", "keys"), ("box", "boxes"), ("bus", "buses"), ("match", "matches")],
)
def test_plurals_are_those_of_english(shop, single, plural):
    """The folder has the plural."""
    generate(single, "name:str")

    assert (shop / "shop" / plural / "models.py").exists()


def test_a_field_is_read_from_a_text():
    """The question mark is behind the type, and the default behind that."""
    field = FieldSpec.parse("born:date?=2020-01-02")

    assert (field.name, field.is_nullable, field.default) == ("born", True, "dt.date(2020, 1, 2)")
    assert field.column() == "    born: orm.Mapped[dt.date | None] = orm.mapped_column(default=dt.date(2020, 1, 2))"
