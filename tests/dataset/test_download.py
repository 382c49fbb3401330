"""Downloading and unpacking, against a server on this machine and archives made here."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile

import pytest

from audioclf.dataset.download import Download, fetch, fetch_file, unpack
from audioclf.errors import DatasetError


def zip_of(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        for name, content in members.items():
            bundle.writestr(name, content)
    return buffer.getvalue()


def tar_of(*members, mode="w:gz"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as bundle:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                bundle.addfile(info, io.BytesIO(content))
            else:
                info.type, info.linkname = content
                bundle.addfile(info)
    return buffer.getvalue()


def md5(data):
    return "md5:" + hashlib.md5(data).hexdigest()


def everything_in(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))


@pytest.mark.parametrize("kind", ["set.zip", "set.tar.gz", "set.tar", "set.tar.bz2"])
def test_archive_becomes_the_folder(server, tmp_path, kind, capsys):
    members = {"set-1.0/audio/a.wav": b"RIFF", "set-1.0/set-1.0": b"same name", "other.txt": b"x"}
    if kind.endswith("zip"):
        data = zip_of(members)
    else:
        mode = {"gz": "w:gz", "tar": "w", "bz2": "w:bz2"}[kind.rpartition(".")[2]]
        data = tar_of(*members.items(), mode=mode)
    server.files["/" + kind] = data
    root = tmp_path / "sets" / "one"
    download = Download(f"{server.url}/{kind}", md5(data), kind, unwrap=("set-1.0",))
    assert fetch("One set", "CC0", [download], root, size="1 kB") == root
    assert everything_in(tmp_path / "sets") == [
        "one",
        "one/audio",
        "one/audio/a.wav",
        "one/other.txt",
        "one/set-1.0",
    ]
    assert (root / "set-1.0").read_bytes() == b"same name"
    said = capsys.readouterr()
    assert said.out == ""
    for part in ("One set", "CC0", f"{server.url}/{kind}", "1 kB", str(root)):
        assert part in said.err
    assert said.err.index("CC0") < said.err.index(" MB")  # the licence stands before the first progress


def test_several_files_go_to_their_folders(server, tmp_path):
    table, audio = b"path,label\n", zip_of({"a.wav": b"RIFF"})
    server.files |= {"/t.csv": table, "/a.zip": audio}
    downloads = [
        Download(f"{server.url}/t.csv?download=1", md5(table), "t.csv", "meta"),
        Download(f"{server.url}/a.zip", md5(audio), "a.zip", "."),
    ]
    server.files["/t.csv?download=1"] = table
    root = fetch("Set", "CC0", downloads, tmp_path / "set")
    assert everything_in(root) == ["a.wav", "meta", "meta/t.csv"]


def refused(server, tmp_path, download, **keywords):
    root = tmp_path / "sets" / "one"
    with pytest.raises(DatasetError) as caught:
        fetch("One", "CC0", [download], root, **keywords)
    if root.parent.exists():
        assert everything_in(root.parent) == []
    assert everything_in(tmp_path) in ([], ["sets"])
    return str(caught.value)


def test_wrong_checksum(server, tmp_path):
    server.files["/a.zip"] = zip_of({"a": b"a"})
    message = refused(server, tmp_path, Download(f"{server.url}/a.zip", md5(b"else"), "a.zip"))
    assert "checksum" in message
    assert "cut off" not in message


@pytest.mark.parametrize("checksum", [True, False])
def test_cut_off_transfer(server, tmp_path, checksum):
    data = tar_of(("a.wav", bytes(range(256)) * 2000), mode="w")
    server.files["/a.tar"] = data
    server.cut.add("/a.tar")
    message = refused(server, tmp_path, Download(f"{server.url}/a.tar", md5(data) if checksum else "", "a.tar"))
    assert "cut off" in message


def test_not_found_and_no_server(server, tmp_path):
    assert "404" in refused(server, tmp_path, Download(f"{server.url}/none.zip", "", "none.zip"))
    assert "can't be reached" in refused(server, tmp_path, Download("http://127.0.0.1:9/a.zip", "", "a.zip"))


@pytest.mark.parametrize("length", [40, 200, 600])
def test_archive_cut_off_where_it_was_published(server, tmp_path, length):
    for name, data in (("a.zip", zip_of({"a": b"0123456789" * 99})), ("a.tar.gz", tar_of(("a", bytes(3000))))):
        server.files["/" + name] = data[: min(length, len(data) - 12)]
        message = refused(server, tmp_path, Download(f"{server.url}/{name}", "", name))
        assert "damaged" in message or "can't be unpacked" in message


@pytest.mark.parametrize(
    "name", ["../evil", "a/../../evil", "/tmp/evil", "C:/evil", "C:evil", "..\\evil", "a\\..\\..\\evil", "//host/evil"]
)
@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_member_outside_the_folder(server, tmp_path, name, kind):
    data = zip_of({"good": b"1", name: b"2"}) if kind == "zip" else tar_of(("good", b"1"), (name, b"2"))
    server.files["/a"] = data
    message = refused(server, tmp_path, Download(f"{server.url}/a", md5(data), f"a.{kind}"))
    assert "outside" in message


@pytest.mark.parametrize(
    "link",
    [
        (tarfile.SYMTYPE, "/etc"),
        (tarfile.SYMTYPE, "../.."),
        (tarfile.LNKTYPE, "../../secret"),
        (tarfile.LNKTYPE, "good"),
        (tarfile.CHRTYPE, ""),
        (tarfile.BLKTYPE, ""),
        (tarfile.FIFOTYPE, ""),
    ],
)
def test_links_and_devices_in_tar(server, tmp_path, link):
    data = tar_of(("good", b"1"), ("link", link), ("link/evil", b"2"))
    server.files["/a"] = data
    assert "link or a device" in refused(server, tmp_path, Download(f"{server.url}/a", md5(data), "a.tar.gz"))


def test_symbolic_link_in_zip(server, tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        info = zipfile.ZipInfo("link")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        bundle.writestr(info, "/etc")
    server.files["/a"] = buffer.getvalue()
    assert "link or a device" in refused(server, tmp_path, Download(f"{server.url}/a", "", "a.zip"))


def test_permissions_of_the_archive_are_not_taken(tmp_path):
    info = tarfile.TarInfo("tool")
    info.mode = 0o6777
    with tarfile.open(tmp_path / "a.tar", "w") as bundle:
        bundle.addfile(info, io.BytesIO())
    (tmp_path / "out").mkdir()
    unpack(tmp_path / "a.tar", tmp_path / "out")
    assert (tmp_path / "out" / "tool").stat().st_mode & 0o7111 == 0


def test_file_where_a_folder_should_be(server, tmp_path):
    server.files["/a"] = data = tar_of(("a", b"1"), ("a/b", b"2"))
    assert "can't be unpacked" in refused(server, tmp_path, Download(f"{server.url}/a", md5(data), "a.tar.gz"))


def test_what_came_is_not_what_was_expected(server, tmp_path):
    server.files["/a.zip"] = zip_of({"a": b"a"})

    def check(folder):
        assert (folder / "a").exists()
        raise DatasetError("this isn't it")

    assert refused(server, tmp_path, Download(f"{server.url}/a.zip", "", "a.zip"), check=check) == "this isn't it"


def test_interruption_leaves_nothing(server, tmp_path):
    server.files["/a.zip"] = zip_of({"a": b"a"})

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch("One", "CC0", [Download(f"{server.url}/a.zip", "", "a.zip")], tmp_path / "one", check=interrupt)
    assert everything_in(tmp_path) == []


def test_what_is_there_is_never_replaced(server, tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "thesis.txt").write_text("mine")
    with pytest.raises(DatasetError, match="something else is there"):
        fetch("One", "CC0", [Download(f"{server.url}/a.zip", "", "a.zip")], tmp_path / "one")
    assert server.requests == []
    assert (tmp_path / "one" / "thesis.txt").read_text() == "mine"


def test_single_file(server, tmp_path):
    server.files["/i.json"] = b"{}"
    download = Download(f"{server.url}/i.json", md5(b"{}"), "i.json")
    target = tmp_path / "indexes" / "i.json"
    assert fetch_file(download, target).read_bytes() == b"{}"
    fetch_file(download, target)
    assert server.requests == ["/i.json"]
    with pytest.raises(DatasetError, match="checksum"):
        fetch_file(Download(f"{server.url}/i.json", md5(b"x"), "i.json"), tmp_path / "indexes" / "j.json")
    assert everything_in(tmp_path) == ["indexes", "indexes/i.json"]
