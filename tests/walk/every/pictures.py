"""Windows, thumbnails, crops and masks: their pixels are compared with the slide's own."""

import shutil
from pathlib import Path

import numpy as np
from cytomine.models import (
    AbstractImage,
    Annotation,
    AnnotationCollection,
    AttachedFile,
    ImageInstance,
)
from ledger import see
from PIL import Image
from world import square, upload

NEAR = 4
"""Mean difference of intensities: two decoders of JPEG differ by less."""
BOX = (400, 350, 120, 90)
"""x, y, width and height, y counted from the top: there the slide has an edge."""


def drive(world):
    with Image.open(world.slide) as opened:
        slide = np.asarray(opened.convert("RGB"))
    image = upload(world, world.things, "looked at.tif", world.project)
    inside = shape_in(image, slide.shape[0], [world.term.id])
    elsewhere = Annotation(square(10), image.id, None, image.project).save()
    planes = world.ids(f"imageinstance/{image.id}/sliceinstance.json")
    see("ImageInstance.reference_slice", [image.reference_slice().id], planes)
    for one in (image, image.reference_slice()):
        see_windows(world, one, slide, inside, elsewhere)
        see_thumbnails(type(one)().fetch(one.id), slide)
    see_crops(inside, slide)
    see_crops_of_many(world, image)
    see_downloads(world, image)


def shape_in(image, height, terms):
    """An annotation of 30 x 20 px within BOX, ten pixels from its left and top."""
    x, y, _, _ = BOX
    left, bottom = x + 10, height - (y + 10 + 20)
    corners = [(left, bottom), (left, bottom + 20), (left + 30, bottom + 20), (left + 30, bottom), (left, bottom)]
    return Annotation(f"POLYGON (({', '.join(f'{x} {y}' for x, y in corners)}))", image.id, terms, image.project).save()


def pixels(path):
    with Image.open(path) as opened:
        return np.asarray(opened)


def like(saw, wanted):
    """Whether two pictures have the same size and nearly the same intensities."""
    if np.shape(saw) != np.shape(wanted):
        return [list(np.shape(saw)), list(np.shape(wanted))]
    return bool(np.abs(np.asarray(saw, float) - np.asarray(wanted, float)).mean() < NEAR)


def looks(plain):
    """What each way of showing makes of a picture, by the option that asks for it."""
    part = plain / 255
    grey = (part @ (0.299, 0.587, 0.114))[..., None]
    return {
        "contrast": (2, 255 * ((part - 0.5) * 2 + 0.5).clip(0, 1)),
        "gamma": (2, 255 * part**2),
        "inverse": (True, 255 - plain),
        "colormap": ("#ff0000", 255 * np.concatenate([grey, 0 * grey, 0 * grey], axis=2)),
    }


def depth(path):
    """Bits of one sample of a PNG."""
    return Path(path).read_bytes()[24]


def see_windows(world, image, slide, inside, elsewhere):
    name = type(image).__name__
    x, y, w, h = BOX
    plain = slide[y : y + h, x : x + w]
    marked = np.zeros((h, w), np.uint8)
    marked[10:30, 10:40] = 255

    def window(option, pattern="{id}-{x}-{y}-{w}-{h}.png", **given):
        path = Path(pattern.format(id=image.id, x=x, y=y, w=w, h=h))
        path.unlink(missing_ok=True)
        asked = image.window(x, y, w, h, pattern, **given)
        # What is drawn to carry a window's place is taken away again by the client.
        fresh = type(image)().fetch(image.id)
        vars(image).update(vars(fresh))
        for key in (f"{name}.window", *(f"{name}.window({word})" for word in option.split())):
            yield key, asked, path

    def check(option, judge, wanted, **given):
        for key, asked, path in window(option, **given):
            see(key, [asked, judge(path)], [True, wanted])

    check("x y w h", lambda path: like(pixels(path), plain), True)
    check("dest_pattern", lambda path: like(pixels(path), plain), True, pattern="windows of {id}/one.png")
    check("bits", depth, 16, bits=16)
    check("max_size", lambda path: list(pixels(path).shape), [45, 60, 3], max_size=60)
    check("max_size", lambda path: list(pixels(path).shape), [45, 60, 3], max_size=(20, 60))
    check("zoom", lambda path: list(pixels(path).shape), [45, 60, 3], zoom=1)
    masked = {
        "annotations": [inside.id], "terms": [world.term.id], "users": [world.alice.id], "reviewed": False,
    }  # fmt: skip
    for word, value in masked.items():
        check(f"mask {word}", lambda path: like(pixels(path), marked), True, mask=True, **{word: value})
    nobody = {"annotations": [elsewhere.id], "terms": [world.second_term.id]}
    nobody |= {"users": [world.bob.id], "reviewed": True}
    for word, value in nobody.items():
        check(f"mask {word}", lambda path: int(pixels(path).max()), 0, mask=True, **{word: value})
    chosen = {"annotations": [inside.id]}
    # What is sent is kept as it is: a shape is exact, whether the client asks for that or not.
    for value in (True, False):
        check("complete", lambda path: like(pixels(path), marked), True, mask=True, complete=value, **chosen)
    for key, asked, path in window("alpha", alpha=True, **chosen):
        rgba = pixels(path)
        see(key, [asked, like(rgba[..., 3], marked), like(rgba[10:30, 10:40, :3], plain[10:30, 10:40])], [True] * 3)
    if name == "ImageInstance":
        # Of a single plane every projection is that plane.
        check("projection", lambda path: like(pixels(path), plain), True, projection="max")
    see_override(f"{name}.window", f"{image.id} kept.png", lambda **given: image.window(x, y, w, h, **given))
    vars(image).update(vars(type(image)().fetch(image.id)))


def see_override(key, path, dump):
    """A file that is there stays unless it is to be overwritten."""
    Path(path).write_text("kept")
    dump(dest_pattern=path, override=False)
    kept = Path(path).read_bytes() == b"kept"
    dump(dest_pattern=path, override=True)
    see(f"{key}(override)", [kept, Path(path).read_bytes() == b"kept"], [True, False])


def see_thumbnails(image, slide):
    name = type(image).__name__
    small = np.asarray(Image.fromarray(slide).resize((150, 190), Image.Resampling.BOX))

    def dump(option, judge, wanted, pattern="{id}.png", **given):
        asked = image.dump(pattern, max_size=given.pop("max_size", 190), **given)
        for key in (f"{name}.dump", f"{name}.dump({option})"):
            see(key, [asked, image.filename, judge(image.filename)], [True, image.filenames[0], wanted])

    dump("max_size", lambda path: like(pixels(path), small), True)
    dump("max_size", lambda path: list(pixels(path).shape), [190, 150, 3], max_size=(150, 190))
    dump("max_size", lambda path: max(pixels(path).shape), 512, max_size=None)
    dump("dest_pattern", lambda path: [path, like(pixels(path), small)], ["thumbs/small.png", True], "thumbs/small.png")
    dump("dest_pattern", lambda path: Path(path).read_bytes()[:3].hex(), "ffd8ff", "{id}.jpg")
    dump("bits", depth, 8, bits=8)
    dump("bits", depth, 16, bits=16)
    for option, (value, wanted) in looks(small).items():
        dump(option, lambda path, wanted=wanted: like(pixels(path), wanted), True, **{option: value})
    see_override(f"{name}.dump", f"{name} kept.png", image.dump)


def see_crops(one, slide):
    x, y, _, _ = BOX
    left, top = x + 10, y + 10
    plain = slide[top : top + 20, left : left + 30]
    one = Annotation().fetch(one.id)

    def dump(option, judge, wanted, pattern="{id}.png", **given):
        asked = one.dump(pattern, **given)
        for key in ("Annotation.dump", *(f"Annotation.dump({word})" for word in option.split())):
            see(key, [asked, one.filename, judge(one.filename)], [True, one.filenames[0], wanted])

    dump("dest_pattern", lambda path: [path, like(pixels(path), plain)], ["crops/one.png", True], "crops/one.png")
    dump("mask", lambda path: like(pixels(path), np.full((20, 30), 255)), True, mask=True)
    dump("alpha", lambda path: [like(pixels(path)[..., :3], plain), int(pixels(path)[..., 3].min())], [True, 255],
         mask=True, alpha=True)  # fmt: skip
    dump("bits", depth, 16, bits=16)
    dump("zoom", lambda path: list(pixels(path).shape), [10, 15, 3], zoom=1)
    dump("max_size", lambda path: list(pixels(path).shape), [40, 60, 3], max_size=60)
    grown = slide[top - 10 : top + 30, left - 15 : left + 45]
    dump("increase_area", lambda path: like(pixels(path), grown), True, increase_area=2)
    for option, (value, wanted) in looks(plain).items():
        dump(option, lambda path, wanted=wanted: like(pixels(path), wanted), True, **{option: value})
    for value in (True, False):
        dump("complete", lambda path: like(pixels(path), np.full((20, 30), 255)), True, mask=True, complete=value)
    see_override("Annotation.dump", "crop kept.png", one.dump)


def see_crops_of_many(world, image):
    several = AnnotationCollection(image=image.id, term=world.term.id, showTerm=True).fetch()
    key = "AnnotationCollection.dump_crops"
    for threads in (0, 1):
        shutil.rmtree("many", ignore_errors=True)
        dumped = several.dump_crops("many/{term}/{id}.png", n_workers=threads, max_size=60)
        paths = sorted(str(path) for path in Path("many").rglob("*.png"))
        wanted = sorted(f"many/{term}/{row.id}.png" for row in several for term in row.term)
        sizes = {max(pixels(path).shape) for path in paths}
        told = sorted(name for row in dumped for name in row.filenames)
        for said in (key, f"{key}(n_workers)", f"{key}(dest_pattern)"):
            see(said, [len(several) > 0, paths, told, sorted(sizes)], [True, wanted, wanted, [60]])
    Path(wanted[0]).write_text("kept")
    several.dump_crops("many/{term}/{id}.png", override=False)
    kept = Path(wanted[0]).read_bytes() == b"kept"
    several.dump_crops("many/{term}/{id}.png")
    see(f"{key}(override)", [kept, Path(wanted[0]).read_bytes() == b"kept"], [True, False])


def see_downloads(world, image):
    """Files come back as they were sent."""
    sent = world.slide.read_bytes()
    for one in (AbstractImage().fetch(image.baseImage), ImageInstance().fetch(image.id)):
        key = f"{type(one).__name__}.download"
        for pattern, path in (("{originalFilename}", one.originalFilename), ("got/{id}.bin", f"got/{one.id}.bin")):
            Path(path).unlink(missing_ok=True)
            for said in (key, f"{key}(dest_pattern)"):
                see(said, [one.download(pattern), Path(path).read_bytes() == sent], [True, True])
        see_override(key, "kept.bin", one.download)
    Path("notes.txt").write_text("notes")
    file = AttachedFile(world.project, filename="notes.txt").upload()
    see("AttachedFile.upload", world.bytes(f"attachedfile/{file.id}/download").decode(), "notes")
    Path("named.txt").write_text("named")
    named = AttachedFile(world.project, filename="better.txt", file="named.txt").upload()
    listed = world.rows(f"attachedfile/{named.id}.json")
    see("AttachedFile.upload", [listed["filename"], world.bytes(f"attachedfile/{named.id}/download").decode()],
        ["better.txt", "named"])  # fmt: skip
    for said in ("AttachedFile.download", "AttachedFile.download(destination)"):
        see(said, [file.download("got/{filename}"), Path("got/notes.txt").read_text()], [True, "notes"])
    Path("got/notes.txt").write_text("kept")
    file.download("got/{filename}", override=False)
    kept = Path("got/notes.txt").read_text()
    file.download("got/{filename}", override=True)
    see("AttachedFile.download(override)", [kept, Path("got/notes.txt").read_text()], ["kept", "notes"])
