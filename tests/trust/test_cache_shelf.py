"""Certificate files on disk: what is read back is what was written, and anything else is as good as nothing."""

import os
from pathlib import Path

import pytest

from gateway.trust.shelf import LARGEST, Kept, Shelf

URL, OTHER = "https://certs.example.test/616H.pem", "https://certs.example.test/9999.pem"
KEPT = Kept(URL, b"-----BEGIN CERTIFICATE-----\n", 1767225600.25, 86400.0)


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\n", id="an empty line"),
        pytest.param(b"-----BEGIN CERTIFICATE-----\n", id="no head"),
        pytest.param(f"{URL} 1 2".encode(), id="no body"),
        pytest.param(f"{OTHER} 1 2\nPEM".encode(), id="of another URL"),
        pytest.param(f"{URL} 1\nPEM".encode(), id="one time"),
        pytest.param(f"{URL} 1 2 3\nPEM".encode(), id="three times"),
        pytest.param(f"{URL} one 2\nPEM".encode(), id="not a number"),
        pytest.param(f"{URL} nan 2\nPEM".encode(), id="no time at all"),
        pytest.param(f"{URL} 1 inf\nPEM".encode(), id="for ever"),
        pytest.param(b"\xff\xfe 1 2\nPEM", id="not text"),
        pytest.param(f"{URL} 1 2\n".encode() + bytes(LARGEST), id="too large"),
    ],
)
def test_a_file_that_is_not_ours_is_as_good_as_none_and_is_rewritten(tmp_path: Path, content: bytes) -> None:
    shelf = Shelf(tmp_path, 10)
    shelf.write(KEPT)
    only_file(tmp_path).write_bytes(content)
    assert shelf.read(URL) is None
    shelf.write(KEPT)
    assert shelf.read(URL) == KEPT


def test_a_folder_in_the_place_of_a_file_is_as_good_as_none(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 10)
    shelf.write(KEPT)
    path = only_file(tmp_path)
    path.unlink()
    path.mkdir()
    assert shelf.read(URL) is None


def test_a_disk_that_refuses_says_so(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OSError):
        Shelf(tmp_path / "taken", 10).write(KEPT)


def test_what_was_written_is_read_by_another_process(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "when needed"
    assert Shelf(folder, 10).read(URL) is None
    Shelf(folder, 10).write(KEPT)
    assert Shelf(folder, 10).read(URL) == KEPT
    assert Shelf(folder, 10).read(OTHER) is None


def test_a_body_comes_back_byte_for_byte(tmp_path: Path) -> None:
    shelf, kept = Shelf(tmp_path, 10), Kept(URL, b"\r\n\x00\xff\n\n", 1.5, 0.1)
    shelf.write(kept)
    assert shelf.read(URL) == kept


def test_the_oldest_files_go_and_those_of_others_stay(tmp_path: Path) -> None:
    (tmp_path / "README").write_text("not ours")
    (tmp_path / f".{'0' * 64}.pem.x1y2z3").write_text("left behind by a process that died")
    os.utime(tmp_path / f".{'0' * 64}.pem.x1y2z3", (0, 0))
    shelf = Shelf(tmp_path, 20)
    urls = [f"https://certs.example.test/{number}.pem" for number in range(60)]
    for number, url in enumerate(urls):
        shelf.write(Kept(url, b"PEM", 1.0, 2.0))
        os.utime(shelf._path(url), (number + 1, number + 1))
    assert 18 <= len(list(tmp_path.glob("*.pem"))) <= 23
    assert not list(tmp_path.glob(".*"))
    assert (tmp_path / "README").exists()
    assert shelf.read(urls[-1]) and shelf.read(urls[0]) is None
