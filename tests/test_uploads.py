"""What is done with uploaded files: size, type, name, place."""

from __future__ import annotations

import io
import stat
import threading

import pytest
from marshmallow import ValidationError
from werkzeug.datastructures import FileStorage

from framework import FileExtension, FileSize, FileType, safe_name, save_upload
from framework.uploads import media_type_of, size_of

PNG = b"\x89PNG\r\n\x1a\n"


def upload(content=PNG, name="a.png", content_type="image/png"):
    """An uploaded file."""
    return FileStorage(io.BytesIO(content), name, content_type=content_type)


def passes(validator, file):
    """Whether a validator lets a file pass; it is left at its start."""
    try:
        assert validator(file) is file
    except ValidationError:
        return False
    finally:
        assert file.stream.tell() == 0
    return True


def test_sizes():
    """A file is passed from the fewest to the most bytes."""
    assert [passes(FileSize(3, min=1), upload(b"x" * size)) for size in range(5)] == [False, True, True, True, False]
    assert passes(FileSize(min=0), upload(b""))
    with pytest.raises(ValidationError, match="4 of 3"):
        FileSize(3, error="{size} of {max}")(upload(b"1234"))


@pytest.mark.parametrize("options", [{}, {"max": -1}, {"max": 1, "min": 2}])
def test_sizes_that_pass_nothing(options):
    """Limits that are none are a mistake."""
    with pytest.raises(ValueError, match="FileSize"):
        FileSize(**options)


def test_types_are_those_of_the_content():
    """Name and media type of the client do not count."""
    pictures = FileType(["image/png", "image/jpeg"])

    assert passes(pictures, upload(PNG, "a.txt", "text/plain"))
    assert not passes(pictures, upload(b"<svg/>", "a.png", "image/png"))
    assert not passes(pictures, upload(b"", "a.png"))
    assert passes(FileType(["image/svg+xml"]), upload(b"<svg/>"))
    assert not passes(FileType(["text/plain"]), upload(b"<html>"))
    assert media_type_of(upload()) == "image/png"
    assert size_of(upload(b"123")) == 3


def test_types_of_text():
    """JSON is parsed; other types of text are any text that is no markup."""
    assert passes(FileType(["application/json"]), upload(b"[1]"))
    assert not passes(FileType(["application/json"]), upload(b"[1"))
    assert passes(FileType(["text/plain"]), upload(b"[1]"))
    assert FileType(["application/json", "text/csv"]).type_of(upload(b"a,b")) == "text/csv"
    assert not passes(FileType(["text/csv"]), upload(b"\x00"))


def test_types_of_ones_own():
    """Signatures may be given."""
    mine = FileType([], signatures={"application/x-mine": b"MINE"})

    assert passes(mine, upload(b"MINE!"))
    assert not passes(mine, upload(b"MIN"))
    with pytest.raises(ValueError, match="FileType"):
        FileType(["application/x-mine"])
    with pytest.raises(ValueError, match="FileType"):
        FileType([])


def test_extensions():
    """The end of the safe name counts, in any case."""
    pictures = FileExtension(["png", ".JPG"])

    assert passes(pictures, upload(name="a.PNG"))
    assert passes(pictures, upload(name="a.exe.jpg"))
    assert not passes(pictures, upload(name="a.png.exe"))
    assert not passes(pictures, upload(name=".png"))
    assert not passes(pictures, upload(name=None))
    with pytest.raises(ValueError, match="FileExtension"):
        FileExtension([""])


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "etc_passwd"),
        ("my cat.png", "my_cat.png"),
        (".htaccess", "htaccess"),
        ("..", "file"),
        ("", "file"),
        (None, "file"),
        ("\u4e2d.png", "png"),
        ("a\0b\n.png", "ab_.png"),
        ("x" * 300 + ".png", "x" * 96 + ".png"),
        ("x." + "y" * 300, "x." + "y" * 98),
    ],
)
def test_safe_names(name, safe):
    """Whatever a client says, the name is a plain one and not long."""
    assert safe_name(name) == safe


def test_a_file_is_kept(tmp_path):
    """It appears under its safe name, readable as other files are, and nothing else is left."""
    path = save_upload(upload(name="../my cat.png"), tmp_path)

    assert path == tmp_path / "my_cat.png"
    assert path.read_bytes() == PNG
    assert list(tmp_path.iterdir()) == [path]
    other = tmp_path / "other"
    other.write_bytes(b"")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(other.stat().st_mode)


def test_names_are_taken_once(tmp_path):
    """Of many files of one name at the same time none is lost."""
    paths: list[object] = []
    threads = [
        threading.Thread(target=lambda number=number: paths.append(save_upload(upload(b"%d" % number), tmp_path)))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(paths)) == 8
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {b"%d" % number for number in range(8)}


def test_names_of_ones_own(tmp_path):
    """A given name is taken as it is: once, or again with ``replace``."""
    assert save_upload(upload(b"1"), tmp_path, "one.png").read_bytes() == b"1"
    with pytest.raises(FileExistsError):
        save_upload(upload(b"2"), tmp_path, "one.png")
    assert save_upload(upload(b"3"), tmp_path, "one.png", replace=True).read_bytes() == b"3"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("name", ["../x", "/x", "a/b", "a\\b", "", ".", "..", "a\0"])
def test_names_that_lead_away(tmp_path, name):
    """A name that leads out of the folder is refused."""
    with pytest.raises(ValueError, match="not a plain name"):
        save_upload(upload(), tmp_path, name)


def test_a_file_that_cannot_be_read_leaves_nothing(tmp_path):
    """When copying fails, there is no piece of a file."""

    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        save_upload(FileStorage(Broken(b"x"), "x"), tmp_path)

    assert list(tmp_path.iterdir()) == []
