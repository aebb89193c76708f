"""Tell the encoding and the delimiter of a text file, with the evidence (feature F01, row 002-09).

Byte order marks come first, then a strict trial of UTF-8, then a scored trial: how many characters above ASCII
would be common ones if the file were GB18030, Big5 or Windows-1252. A decision is always printed with its evidence.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from helpers.collection.streams import open_bytes
from helpers.errors import UserError

CHUNK_BYTES = 1 << 20
EVIDENCE_BYTES = 200_000  # of lines with characters above ASCII; more does not change the answer
SURE = 0.6  # least share of common characters that makes a guess
DELIMITERS = (",", ";", "\t", "|")
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Windows writes a superset of what each of these names stands for, so the superset reads it.
SUPERSETS = {"utf-8": "utf-8-sig", "gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030", "big5": "cp950"}
_HIGH = re.compile(rb"[\x80-\xff]+")
_WESTERN = frozenset("àâäáãåæçéèêëíìîïñóòôöõøœúùûüýÿßÀÂÄÁÃÅÆÇÉÈÊËÍÌÎÏÑÓÒÔÖÕØŒÚÙÛÜßšŠžŽ€£§°²³µ·«»–—’‘“”…®™©½¼¾ºª¡¿\xa0´")


def find_encoding(file: Path) -> tuple[str, str]:
    """Return the Python name of a text file's encoding and the evidence for it.

    Parameters
    ----------
    file : pathlib.Path
        Text, packed or not. Only the lines with characters above ASCII are looked at, up to 200 kB of them.

    Raises
    ------
    UserError
        The file is empty, or no encoding fits: the profile must say it.
    """
    with open_bytes(file) as stream:
        head = stream.read(CHUNK_BYTES)
        if not head:
            raise UserError(f"{file.name} is empty: export it again")
        for mark, name in MARKS:
            if head.startswith(mark):
                return name, "byte order mark"
        if head[:2000].count(0) > len(head[:2000]) // 5:
            return ("utf-16-le" if head[1] == 0 else "utf-16-be"), "every other byte is zero"
        evidence = _high_lines(head)
        while len(evidence) < EVIDENCE_BYTES and (chunk := stream.read(CHUNK_BYTES)):
            evidence += _high_lines(chunk)
    return judge_encoding(evidence[:EVIDENCE_BYTES], file.name)


def _high_lines(chunk: bytes) -> bytes:
    """Return the lines that hold a byte above ASCII; lines that the chunk cuts are left out unless it is one line."""
    if chunk.isascii():
        return b""
    lines = chunk.splitlines(keepends=True)
    whole = lines if len(lines) < 3 or len(chunk) < CHUNK_BYTES else lines[1:-1]
    return b"".join(line for line in whole if not line.isascii())


def judge_encoding(evidence: bytes, name: str = "the text") -> tuple[str, str]:
    """Return the encoding that fits bytes above ASCII best, and why; nothing above ASCII is UTF-8.

    Examples
    --------
    >>> judge_encoding("客户编号,订单金额".encode("gbk"))[0], judge_encoding("訂單編號,客戶編號".encode("big5"))[0]
    ('gb18030', 'cp950')
    >>> judge_encoding("Müller;Café".encode("latin-1"))[0]
    'cp1252'
    """
    if not evidence:
        return "utf-8", "nothing but ASCII"
    share = _utf8_share(evidence)
    if share >= 0.99:
        return "utf-8", "reads as UTF-8" + ("" if share == 1 else f" but for {1 - share:.2%} of the lines with such characters")
    scores = {
        "gb18030": _chinese(evidence, "gb18030", 0xB0, 0xD7),
        "cp950": _chinese(evidence, "cp950", 0xA4, 0xC6),
        "cp1252": _western(evidence),
    }
    best = max(scores, key=lambda encoding: scores[encoding])
    told = ", ".join(f"{encoding} {scores[encoding]:.0%}" for encoding in sorted(scores, key=lambda e: -scores[e]))
    if scores[best] < SURE:
        raise UserError(f"{name}: the encoding cannot be told (common characters: {told}): set 'encoding:' in the profile")
    return best, f"not UTF-8; share of common characters: {told}"


def _utf8_share(evidence: bytes) -> float:
    """Return the share of lines that are UTF-8; a last line cut within a character counts when others are."""
    *others, last = evidence.splitlines()
    good = sum(_is_utf8(line, final=True) for line in others)
    return (good + _is_utf8(last, final=good == 0)) / (len(others) + 1)


def _is_utf8(line: bytes, final: bool) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(line, final)
    except UnicodeDecodeError:
        return False
    return True


def _chinese(evidence: bytes, encoding: str, low: int, high: int) -> float:
    """Return the share of characters whose lead byte is in the block of the common ones (or of the punctuation)."""
    wide = [c for c in evidence.decode(encoding, "replace") if ord(c) > 127]
    leads = [c.encode(encoding) if c != "\ufffd" else b"" for c in wide]
    # The second byte of a common simplified character is high too; Western "é" followed by a letter is not.
    good = sum(len(b) == 2 and (low <= b[0] <= high or 0xA1 <= b[0] <= 0xA3) and (encoding != "gb18030" or b[1] >= 0xA1) for b in leads)
    return good / len(wide) if wide else 0.0


def _western(evidence: bytes) -> float:
    """Return the share of high bytes that are Western letters standing alone or in pairs, as they do in words."""
    runs = _HIGH.findall(evidence)
    good = sum(sum(c in _WESTERN for c in run.decode("cp1252", "replace")) for run in runs if len(run) <= 2)
    return good / sum(map(len, runs))


def known_encoding(name: str, where: str) -> str:
    """Return the encoding a profile asks for as Python reads it; an unknown one is a `UserError`.

    Examples
    --------
    >>> known_encoding("GBK", "orders.csv"), known_encoding("UTF-8", "orders.csv"), known_encoding("latin-1", "orders.csv")
    ('gb18030', 'utf-8-sig', 'iso8859-1')
    """
    try:
        found = codecs.lookup(name).name
        "".encode(found)  # refuses codecs that are not encodings of text, such as zlib
    except (LookupError, ValueError) as fault:
        raise UserError(f"{where}: there is no encoding {name!r}: use utf-8, utf-16, gb18030, big5, cp1252 or latin-1") from fault
    return SUPERSETS.get(found, found)


def find_delimiter(lines: Sequence[str], header_row: int | None = None) -> tuple[str, str]:
    """Return the delimiter that cuts most rows into as many fields as the header, and the evidence.

    Parameters
    ----------
    lines : sequence of str
        First lines of the file, with their line ends.
    header_row : int, optional
        1-based line of the header when it is known.

    Examples
    --------
    >>> find_delimiter(["no;amount\\n", "1;12,50\\n", "2;8,00\\n"])
    (';', '2 fields in 3 of the first 3 rows')
    """
    best, told = (0.0, 1), (",", "one column")
    for delimiter in DELIMITERS:
        widths = _widths(lines, delimiter)
        header = _widths(lines[header_row - 1 : header_row], delimiter, 1)[0] if header_row else _usual(widths)
        share = widths.count(header) / len(widths)
        # A title above the table is likelier a header in another delimiter: decimal commas look like columns too.
        score = round(share, 1) - (0.15 if widths[0] != header and not header_row else 0), header
        if header > 1 and score > best:
            best, told = score, (delimiter, f"{header} fields in {widths.count(header)} of the first {len(widths)} rows")
    return told


def _widths(lines: Sequence[str], delimiter: str, default: int = 0) -> list[int]:
    """Return the number of fields of every row that is not blank, at least one number."""
    try:
        return [len(r) for r in csv.reader(lines, delimiter=delimiter) if r] or [default]
    except csv.Error:  # a quote that is never closed: this delimiter explains nothing
        return [default]


def _usual(widths: Sequence[int]) -> int:
    """Return the width of the first row, unless it is a title above a wider table."""
    counts = Counter(w for w in widths if w > 1)
    if widths[0] > 1 and counts[widths[0]] > 1 or not counts:
        return widths[0]
    return counts.most_common(1)[0][0]
