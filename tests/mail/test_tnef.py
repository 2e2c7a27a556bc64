"""What is in a winmail.dat, held against an independent reader."""

from __future__ import annotations

import base64
import struct

from tnefparse import TNEF

from conversations.mail import tnef
from conversations.mail.parsing import parse
from tests.mail.building import parts


def attribute(level: int, name: int, kind: int, data: bytes) -> bytes:
    return struct.pack("<BHHI", level, name, kind, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def prop(kind: int, name: int, value: bytes) -> bytes:
    return struct.pack("<HHII", kind, name, 1, len(value)) + value + b"\0" * (-len(value) % 4)


def properties(*given: bytes) -> bytes:
    return struct.pack("<I", len(given)) + b"".join(given)


def winmail(*objects: bytes) -> bytes:
    codepage = attribute(1, 0x9007, 6, struct.pack("<II", 1252, 0))
    return struct.pack("<IH", 0x223E9F78, 1) + codepage + b"".join(objects)


FILE = (
    attribute(2, 0x9002, 6, b"\0" * 14)
    + attribute(2, 0x8010, 1, b"REPORT~1.PDF\0")
    + attribute(2, 0x800F, 6, b"%PDF-1.7")
    + attribute(2, 0x9005, 6, properties(prop(0x1F, 0x3707, "Bericht für Ada.pdf\0".encode("utf-16-le")), prop(0x1E, 0x370E, b"application/pdf\0")))
)  # fmt: skip
TEXT = attribute(1, 0x9003, 6, properties(prop(0x1E, 0x1000, b"Gr\xfc\xdfe\0")))


def test_files_come_out_with_their_long_names() -> None:
    data = winmail(TEXT, FILE)
    found, other = tnef.unpack(data), TNEF(data)
    assert found is not None
    assert found.text == "Grüße"
    assert [(file.name, file.content_type, file.content) for file in found.files] == [
        ("Bericht für Ada.pdf", "application/pdf", b"%PDF-1.7")
    ]
    assert [bytes(one.data) for one in other.attachments] == [file.content for file in found.files]
    assert [one.long_filename().rstrip("\0") for one in other.attachments] == [file.name for file in found.files]


def test_mail_has_the_files_instead_of_the_winmail() -> None:
    piece = f'Content-Type: application/ms-tnef; name="winmail.dat"\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded(winmail(TEXT, FILE))}'
    read = parse(parts("\r\nHello", piece))
    assert [file.name for file in read.attachments] == ["Bericht für Ada.pdf"]
    assert parse(parts(piece)).text == "Grüße"


def test_winmail_that_cannot_be_read_stays_a_file() -> None:
    piece = "Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\nnothing"
    assert [file.name for file in parse(parts("\r\nHello", piece)).attachments] == ["winmail.dat"]


def test_counts_in_it_are_not_believed() -> None:
    lie = struct.pack("<IHHI", 2**32 - 1, 0x101E, 0x1000, 2**32 - 1)
    found = tnef.unpack(winmail(attribute(1, 0x9003, 6, lie), attribute(2, 0x9005, 6, lie), FILE))
    assert found is not None
    assert [file.name for file in found.files] in ([], ["Bericht für Ada.pdf"])


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
