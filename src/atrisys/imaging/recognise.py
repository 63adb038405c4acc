"""What a file looks like, judged by its first bytes, and what to tell who brought it."""

from pathlib import Path

from atrisys.errors import SlideFlat, SlideUnreadable

SLIDE_KINDS = ("TIFF", "DICOM", "MRXS", "VMS", "SVSLIDE", "CZI")
"""Kinds that a reader may know more of."""

SLIDE_SUFFIXES = (
    ".svs", ".tif", ".tiff", ".btf", ".ndpi", ".scn", ".bif", ".mrxs", ".vms", ".vmu", ".dcm", ".svslide", ".czi",
    ".isyntax", ".vsi",
)  # fmt: skip
"""Names that promise a slide: such a file is refused with a reason, rather than passed over, where it holds none."""

HEAD_BYTES = 4096
LARGEST_INDEX = 8 << 20
"""Bytes of the text by which a VMS or MRXS names its other files, at the most."""

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"II*\0", "TIFF"), (b"MM\0*", "TIFF"), (b"II+\0", "TIFF"), (b"MM\0+", "TIFF"),
    (b"SQLite format 3\0", "SVSLIDE"), (b"ZISRAWFILE", "CZI"),
    (b"[Virtual Microscope Specimen]", "VMS"), (b"[Uncompressed Virtual Microscope Specimen]", "VMS"),
    (b"\xff\xd8\xff", "JPEG"), (b"\x89PNG", "PNG"), (b"GIF8", "GIF"), (b"BM", "BMP"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"), (b"\xff\x4f\xff\x51", "JPEG 2000"), (b"\x89HDF", "HDF5"), (b"%PDF", "PDF"),
    (b"PK\x03\x04", "ZIP"), (b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!", "RAR"), (b"\x1f\x8b", "GZIP"),
)  # fmt: skip

FLAT_KINDS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "JPEG 2000")
"""Pictures that are made tiled pyramids when they come in. (So are TIFFs in strips.)"""
_ARCHIVES = ("ZIP", "7z", "RAR", "GZIP")


def looks_like(path: Path) -> str:
    """What kind of file it is.

    Returns:
        One of `SLIDE_KINDS` or `FLAT_KINDS`, or what else: `ZIP`, `HTML`, `EMPTY`, `ZEROS`, `MISSING`, `UNKNOWN`, …
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return "MISSING"
    if not head:
        return "EMPTY"
    if head[128:132] == b"DICM":
        return "DICOM"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return "MRXS" if kind == "JPEG" and is_mrxs(path) else kind
    if not any(head):
        return "ZEROS"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:512].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "HTML"
    return "ISYNTAX" if b"dpufsimport" in start else "UNKNOWN"


def is_mrxs(path: Path) -> bool:
    """Whether it is the entry file of a MIRAX slide: its data lie in a folder of the same name."""
    return path.suffix.lower() == ".mrxs" and (path.with_suffix("") / "Slidedat.ini").is_file()


def flat_refusal(name: str, kind: str) -> SlideFlat:
    """What is said of a picture that would have to be decoded whole for each look."""
    return SlideFlat("{name} is a flat picture ({kind}). Make a tiled pyramid of it first.", name=name, kind=kind)


def refusal(path: Path, kind: str) -> SlideUnreadable:
    """Why a file of such a kind is no slide, and what to do."""
    name = path.name
    if kind == "MISSING":
        return SlideUnreadable("There is no file {name}, or it may not be read", name=name)
    if kind == "EMPTY":
        return SlideUnreadable("{name} is empty. Was it copied whole? Copy it again.", name=name)
    if kind == "ZEROS":
        return SlideUnreadable(
            "{name} begins with nothing but zeros: copying it was probably interrupted. Copy it again.", name=name
        )
    if kind == "HTML":
        return SlideUnreadable(
            "{name} is a web page, not a slide: the download probably asked to sign in. Download it again.", name=name
        )
    if kind == "ISYNTAX":
        return SlideUnreadable(
            "{name} is a Philips iSyntax file, which is not read; export it as TIFF or DICOM first", name=name
        )
    if kind in _ARCHIVES:
        return SlideUnreadable(
            "{name} is an archive ({kind}); unpack it and import what is in it", name=name, kind=kind
        )
    if kind in FLAT_KINDS:
        return flat_refusal(name, kind)
    if kind in ("PDF", "HDF5"):
        return SlideUnreadable("{name} is a {kind} file, not a slide", name=name, kind=kind)
    if path.suffix.lower() == ".mrxs":
        return SlideUnreadable(
            "{name} needs the folder {folder} with its Slidedat.ini beside it", name=name, folder=path.stem
        )
    return SlideUnreadable(
        "{name} is no slide that we know: neither TIFF (SVS, OME-TIFF, pyramids) nor DICOM nor any other format that "
        "OpenSlide reads",
        name=name,
    )
