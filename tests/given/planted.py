"""Slides with a patient's name in every place where one has been seen, or could be hidden.

path, names = planted.svs(tmp_path / "a.svs")

`names` are all the ways in which the name is written: none may leave without the right to it.
"""

import struct
import zipfile
from pathlib import Path

import numpy as np

from given import ndpi as slides_ndpi
from given import slides

TEXT = "Zaphodina^Beeblebroxia"
PLACES = {
    "description": "Quetzalina", "label": "Labelinda", "latin": "Müllerovská", "wide": "Widewordia",
    "comment": "Commentina", "hole": "Holeyanna", "second chain": "Chainletta", "xmp": "Xampelina",
    "private": "Privatilda", "after": "Afterendia", "thumbnail": "Thumbelisa", "inline": "Abc",
}  # fmt: skip
PATIENT = {"name": "Dicomina^Doe", "private": "Privatoria", "preamble": "Preambulia", "file": "Filenamia",
           "accession": "ACC7788991"}  # fmt: skip


def written(*texts: str) -> set[bytes]:
    """Each text in all its encodings."""
    return {text.encode(encoding) for text in texts for encoding in ("utf-8", "latin-1", "utf-16-le", "utf-16-be")}


def svs(path: Path) -> tuple[Path, set[bytes]]:
    """An Aperio-like file, written here byte by byte: tags, JPEG comments, a hole, a page in a chain of its own."""
    import imagecodecs

    picture = slides.tissue(300, 200)
    words = "Aperio Image Library v12\r\n300x200 [0,0 300x200] (128x128) JPEG/RGB Q=90|AppMag = 40|MPP = 0.25|"
    words += f"Patient = {PLACES['description']}|User = {TEXT}"
    tiles = []
    for y in range(0, 200, 128):
        for x in range(0, 300, 128):
            part = picture[y : y + 128, x : x + 128]
            part = np.pad(part, ((0, 128 - part.shape[0]), (0, 128 - part.shape[1]), (0, 0)), mode="edge")
            tiles.append(_with_comment(imagecodecs.jpeg8_encode(np.ascontiguousarray(part), 90), PLACES["comment"]))
    tiles[0] += PLACES["after"].encode()
    label = imagecodecs.lzw_encode(slides.tissue(200, 150, 3).tobytes())
    thumb = _with_comment(imagecodecs.jpeg8_encode(slides.tissue(150, 100, 5), 90), PLACES["thumbnail"])
    out = _Tiff()
    out.put(PLACES["hole"].encode("utf-16-le"))
    places = [out.put(tile) for tile in tiles]
    main = {
        **_plain(300, 200, 7, 6), 322: (3, [128]), 323: (3, [128]), 324: (4, places), 325: (4, list(map(len, tiles))),
        530: (3, [2, 2]), 270: (2, words.encode()), 315: (2, PLACES["latin"].encode("latin-1")),
        700: (1, f"<x:xmpmeta>{PLACES['xmp']}</x:xmpmeta>".encode()), 65001: (7, PLACES["wide"].encode("utf-16-le")),
        65002: (2, PLACES["private"].encode()), 65003: (2, PLACES["inline"].encode()),
    }  # fmt: skip
    beside = {**_plain(150, 100, 7, 6), 278: (3, [100]), 273: (4, [out.put(thumb)]), 279: (4, [len(thumb)]),
              530: (3, [2, 2])}  # fmt: skip
    paper = {**_plain(200, 150, 5, 2), 278: (3, [150]), 273: (4, [out.put(label)]), 279: (4, [len(label)]),
             254: (4, [1]), 270: (2, f"Aperio\r\nlabel 200x150 {PLACES['label']}".encode())}  # fmt: skip
    out.chain([main, beside, paper])
    out.table({**_plain(8, 8, 1, 2), 270: (2, PLACES["second chain"].encode())}, 0)
    path.write_bytes(out.whole)
    secret = written(TEXT, *(text for place, text in PLACES.items() if place != "inline"))
    return path, secret | {label[len(label) // 2 :][:40], thumb[len(thumb) // 2 :][:40]}


def ndpi(path: Path) -> tuple[Path, set[bytes]]:
    """A file as Hamamatsu's scanners write it, with a name in every text that they know, in pictures and in a hole."""
    said = {
        272: (2, PLACES["description"]), 305: (2, f"NDP.scan {PLACES['xmp']}"), 315: (2, PLACES["latin"]),
        65427: (2, f"{TEXT}-17"), 65428: (7, PLACES["wide"].encode("utf-16-le")), 65442: (2, PLACES["private"]),
        65449: (2, f"Macro.Name={PLACES['label']}\r\nObjective.Lens=20\r\n"), 65459: (1, PLACES["after"]),
        65468: (2, PLACES["inline"]),
    }  # fmt: skip
    raw = {tag: (kind, one if isinstance(one, bytes) else one.encode() + b"\0") for tag, (kind, one) in said.items()}
    hidden = PLACES["hole"].encode("utf-16-le") + PLACES["second chain"].encode()
    slides_ndpi.slide(path, said=raw, comment=PLACES["comment"].encode(), hole=hidden)
    pictures = slides_ndpi.stored_levels(path)[-2:]
    texts = (text for place, text in PLACES.items() if place not in ("inline", "thumbnail"))
    return path, written(TEXT, *texts) | {picture[len(picture) // 2 :][:40] for picture in pictures}


def _with_comment(jpeg: bytes, text: str) -> bytes:
    """A comment, EXIF and a JFIF picture's worth of words behind the start of a JPEG."""
    said = text.encode()
    segments = b"".join(
        b"\xff" + bytes([marker]) + (2 + len(body)).to_bytes(2, "big") + body
        for marker, body in ((0xFE, said), (0xE1, b"Exif\0\0" + said), (0xED, b"Photoshop 3.0\0" + said))
    )
    return jpeg[:2] + segments + jpeg[2:]


def _plain(width: int, height: int, compression: int, photometric: int) -> dict:
    return {256: (4, [width]), 257: (4, [height]), 258: (3, [8, 8, 8]), 259: (3, [compression]),
            262: (3, [photometric]), 277: (3, [3]), 284: (3, [1])}  # fmt: skip


class _Tiff:
    """A TIFF as it grows."""

    def __init__(self) -> None:
        self.whole = bytearray(b"II*\0\0\0\0\0")

    def put(self, some: bytes) -> int:
        self.whole += bytes(len(self.whole) % 2)
        self.whole += some
        return len(self.whole) - len(some)

    def chain(self, pages: list[dict]) -> None:
        at = 4
        for page in pages:
            at = self.table(page, at)

    def table(self, tags: dict, pointer_at: int) -> int:
        """Write a page and point at it; without a place for that it is a chain that nothing leads to."""
        entries = b""
        for tag, (kind, values) in sorted(tags.items()):
            form = f"<{len(values)}{'H' if kind == 3 else 'I'}"
            raw = values if isinstance(values, bytes) else struct.pack(form, *values)
            count = len(values)
            raw = raw if len(raw) > 4 else raw.ljust(4, b"\0")
            place = raw if len(raw) == 4 else struct.pack("<I", self.put(raw))
            entries += struct.pack("<HHI", tag, kind, count) + place
        at = self.put(struct.pack("<H", len(tags)) + entries + bytes(4))
        if pointer_at:
            self.whole[pointer_at : pointer_at + 4] = struct.pack("<I", at)
        return at + 2 + len(entries)


def dicom(folder: Path, archive: Path | None = None) -> tuple[Path, set[bytes]]:
    """The real DICOM slide with a patient in its files, their names, preamble, private tags and frames.

    Args:
        archive: zipped there instead of left as a folder.
    """
    folder.mkdir()
    for number, file in enumerate(sorted(slides.DICOM.glob("*.dcm"))):
        whole = bytearray(file.read_bytes())
        whole[:128] = PATIENT["preamble"].encode().ljust(128, b"\0")
        at = whole.find(struct.pack("<HH", 0x0010, 0x0010) + b"PN")
        begin = at
        while struct.unpack_from("<H", whole, at)[0] == 0x0010:
            at += 8 + struct.unpack_from("<H", whole, at + 6)[0]
        whole[begin:at] = (
            _short((0x0010, 0x0010), b"PN", PATIENT["name"])
            + _short((0x0010, 0x0020), b"LO", PATIENT["accession"])
            + _short((0x0011, 0x0010), b"LO", "VENDOR")
            + _short((0x0011, 0x1001), b"LO", PATIENT["private"])
        )
        (folder / f"{PATIENT['file']} {number}.dcm").write_bytes(whole)
    secret = written(*PATIENT.values())
    if archive is None:
        return folder, secret
    with zipfile.ZipFile(archive, "w") as target:
        for file in folder.iterdir():
            target.write(file, file.name)
    return archive, secret


def _short(tag: tuple[int, int], kind: bytes, text: str) -> bytes:
    value = text.encode() + b" " * (len(text.encode()) % 2)
    return struct.pack("<HH", *tag) + kind + struct.pack("<H", len(value)) + value
