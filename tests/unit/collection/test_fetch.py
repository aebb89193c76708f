"""A download is kept whole or not at all."""

from __future__ import annotations

import hashlib
import http.server
import io
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.collection.fetch import fetch, fetch_profile, open_url
from helpers.collection.profiles import Fetch, Profile, Source, load_profile
from helpers.errors import UserError

CONTENT = b"Invoice,Quantity\n1,2\n" * 1000
PROFILES = Path(__file__).parents[3] / "data" / "profiles"


class Answers(http.server.BaseHTTPRequestHandler):
    """A server with one good file and the ways a download goes wrong."""

    def do_GET(self) -> None:
        if self.path.startswith("/good"):
            self._send(CONTENT)
        elif self.path == "/changed":
            self._send(CONTENT[:-2] + b"9\n")
        elif self.path == "/longer":
            self._send(CONTENT * 3)
        elif self.path == "/short":
            self._send(CONTENT[:500])
        elif self.path == "/broken":
            self._send(CONTENT[:500], claimed=len(CONTENT))
        elif self.path == "/moved":
            self._redirect("/good")
        elif self.path == "/trap":
            self._redirect("file:///etc/hostname")
        elif self.path == "/ftp":
            self._redirect("ftp://127.0.0.1/x")
        else:
            self.send_error(403, "Forbidden")

    def _send(self, body: bytes, claimed: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) if claimed is None else claimed))
        self.end_headers()
        self.wfile.write(body)

    def _redirect(self, place: str) -> None:
        self.send_response(302)
        self.send_header("Location", place)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def profile(url: str, path: str = "orders.csv") -> Profile:
    wanted = Fetch(url=url, path=path, size=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest(), licence="CC0")
    source = Source(name="lines", table="order_lines", path="orders.csv", columns={"order_id": "Invoice"})
    return Profile(profile="shop", title="Shop", currency="EUR", as_of="2025-06-30", fetch=wanted, sources=[source])


@pytest.mark.parametrize("page", ["/good", "/good?key=1", "/moved"])
def test_whole_file_is_kept(address: str, tmp_path: Path, page: str):
    got = fetch(profile(address + page, "deep/orders.csv"), tmp_path)
    assert got == (tmp_path / "deep" / "orders.csv").resolve()
    assert got.read_bytes() == CONTENT
    assert [p.name for p in got.parent.iterdir()] == ["orders.csv"]


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("/changed", "has SHA-256 .* the file has changed"),
        ("/longer", "sends more than the 21,000 bytes"),
        ("/short", "sent 500 of 21,000 bytes"),
        ("/broken", "broke off"),
        ("/secret?token=abc", "/secret answered 403 Forbidden"),
        ("/trap", "Redirection to url .* is not allowed"),
        ("/ftp", "ftp://127.0.0.1/x is not an http or https address"),
    ],
)
def test_bad_download_leaves_nothing(address: str, tmp_path: Path, page: str, said: str):
    with pytest.raises(UserError, match=said) as caught:
        fetch(profile(address + page), tmp_path)
    assert "abc" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_bad_download_leaves_what_was_there(address: str, tmp_path: Path):
    (tmp_path / "orders.csv").write_bytes(b"mine")
    with pytest.raises(UserError):
        fetch(profile(address + "/changed"), tmp_path)
    assert (tmp_path / "orders.csv").read_bytes() == b"mine"
    assert fetch(profile(address + "/good"), tmp_path).read_bytes() == CONTENT


def test_whole_file_is_not_fetched_again(tmp_path: Path):
    (tmp_path / "orders.csv").write_bytes(CONTENT)

    def refuse(url: str) -> io.BytesIO:
        raise AssertionError(url)

    assert fetch(profile("https://example.com/x"), tmp_path, refuse).read_bytes() == CONTENT


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://example.com/x", "/etc/hostname", "http:///x"])
def test_only_web_addresses(tmp_path: Path, url: str):
    with pytest.raises(UserError, match="is not an http or https address"):
        fetch(profile(url), tmp_path)
    with pytest.raises(UserError, match="is not an http or https address"):
        open_url(url)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["../orders.csv", "/tmp/orders.csv", "."])
def test_path_stays_in_its_folder(tmp_path: Path, path: str):
    with pytest.raises(UserError, match="leaves its folder"):
        fetch(profile("https://example.com/x", path), tmp_path / "inner", lambda url: io.BytesIO(CONTENT))
    assert list(tmp_path.iterdir()) == []


def test_server_that_is_not_there(tmp_path: Path):
    with pytest.raises(UserError, match="cannot be reached"):
        fetch(profile("http://127.0.0.1:9/x"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_profile_without_fetch(tmp_path: Path):
    with pytest.raises(UserError, match="names nothing to fetch"):
        fetch(profile("https://example.com/x").model_copy(update={"fetch": None}), tmp_path)


def test_without_a_checksum_a_download_must_be_trusted_aloud(tmp_path: Path):
    wanted = Fetch.model_construct(url="https://example.com/x", path="x.csv", size=None, sha256=None, licence="CC0")
    shop = profile("https://example.com/x").model_copy(update={"fetch": wanted, "folder": str(tmp_path)})
    with pytest.raises(UserError, match="pass --trust-first-download"):
        fetch_profile(shop, opener=lambda url: io.BytesIO(CONTENT))
    assert list(tmp_path.iterdir()) == []
    said = fetch_profile(shop, opener=lambda url: io.BytesIO(CONTENT), trust_first_download=True)
    assert said == f"x.csv was taken on trust: write 'size: 21000' and 'sha256: {hashlib.sha256(CONTENT).hexdigest()}' into the profile"


def test_trust_does_not_waive_a_checksum_that_is_stated(tmp_path: Path):
    shop = profile("https://example.com/x").model_copy(update={"folder": str(tmp_path)})
    with pytest.raises(UserError, match="has changed"):
        fetch_profile(shop, opener=lambda url: io.BytesIO(b"x" * len(CONTENT)), trust_first_download=True)
    assert fetch_profile(shop, opener=lambda url: io.BytesIO(CONTENT)).startswith("orders.csv is there and whole: 21,000 bytes")


def test_workbook_in_a_zip_is_unpacked_once_and_mended(tmp_path: Path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../deep/orders.xlsx", b"a workbook")
    content = packed.getvalue()
    wanted = Fetch(
        url="https://example.com/x.zip", path="x.zip", size=len(content), sha256=hashlib.sha256(content).hexdigest(), licence="CC0"
    )
    shop = profile("https://example.com/x.zip").model_copy(update={"fetch": wanted})
    for _ in range(2):
        assert fetch(shop, tmp_path / "in", lambda url: io.BytesIO(content)).name == "x.zip"
        assert sorted(p.name for p in (tmp_path / "in").iterdir()) == ["orders.xlsx", "x.zip"]
        assert (tmp_path / "in" / "orders.xlsx").read_bytes() == b"a workbook"
        (tmp_path / "in" / "orders.xlsx").write_bytes(b"cut")
    assert [p.name for p in tmp_path.iterdir()] == ["in"]


def test_online_retail_ii_maps_both_sheets_of_the_file_it_fetches():
    shop = load_profile(PROFILES / "online_retail_ii.yml")
    assert shop.fetch is not None
    assert {s.path for s in shop.sources} == {"online_retail_II.xlsx"}
    for table in ("order_lines", "customers"):  # the country of a customer only stands on the lines
        one, two = shop.sources_of(table)
        assert (one.sheet, two.sheet) == ("Year 2009-2010", "Year 2010-2011") and one.columns == two.columns
