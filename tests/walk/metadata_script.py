"""What the official client does with metadata: properties, descriptions, tags and files of objects of every kind.

metadata_script.py HOST PUBLIC_KEY PRIVATE_KEY PROJECT_ID SLIDE. The report says what the client saw.
"""

import json
import os
import sys

from cytomine import Cytomine
from cytomine.models import (
    AbstractImage,
    Annotation,
    AnnotationCollection,
    AttachedFile,
    AttachedFileCollection,
    CurrentUser,
    Description,
    Ontology,
    Project,
    Property,
    PropertyCollection,
    SliceInstance,
    StorageCollection,
    Tag,
    TagCollection,
    TagDomainAssociation,
    TagDomainAssociationCollection,
    Term,
    UploadedFile,
)

HOST, PUBLIC_KEY, PRIVATE_KEY = sys.argv[1:4]
PROJECT_ID = int(sys.argv[4])
SLIDE = sys.argv[5]
SQUARE = "POLYGON ((10 10, 10 40, 40 40, 40 10, 10 10))"


def make_objects(cytomine):
    """One of each kind, by the name that the report has for it."""
    storage = StorageCollection().fetch()[0]
    project = Project().fetch(PROJECT_ID)
    words = [SLIDE, storage.id, PROJECT_ID]
    if hasattr(cytomine, "upload_crop"):
        words.insert(0, HOST)
    uploaded = cytomine.upload_image(*words, sync=True)
    image = uploaded.images[0]["imageInstances"][0]
    return {
        "project": project,
        "storage": storage,
        "ontology": Ontology().fetch(project.ontology),
        "term": Term("stroma", project.ontology, "#123456").save(),
        "uploaded file": UploadedFile().fetch(uploaded.id),
        "abstract image": AbstractImage().fetch(image.baseImage),
        "image": image,
        "slice": SliceInstance().fetch(image.reference_slice().id),
        "annotation": Annotation(SQUARE, image.id, project=PROJECT_ID).save(),
        "user": CurrentUser().fetch(),
    }


def try_properties(thing):
    one = Property(thing, "stain", 5).save()
    seen = {"saved": [one.key, one.value, one.domainIdent == thing.id]}
    one.value = "H&E"
    seen["updated"] = one.update().value
    seen["fetched"] = Property(thing).fetch(one.id).value
    seen["by key"] = Property(thing).fetch(key="stain").value
    many = PropertyCollection(thing)
    many.extend([Property(thing, "key %d" % n, "value %d" % n) for n in range(20)])  # noqa: UP031
    seen["bulk"] = many.save()
    listed = PropertyCollection(thing).fetch().as_dict()
    seen["listed"] = [len(listed), listed["key 7"].value]
    seen["deleted"] = Property(thing).delete(one.id)
    seen["gone"] = Property(thing).fetch(one.id) is False
    return seen


def try_description(thing):
    seen = {"none": Description(thing).fetch() is False}
    one = Description(thing, "<b>first</b>").save()
    seen["saved"] = one.data
    seen["twice"] = Description(thing, "again").save() is False
    one.data = "second"
    seen["updated"] = one.update().data
    seen["fetched"] = Description(thing).fetch().data
    seen["deleted"] = Description(thing).fetch().delete()
    seen["gone"] = Description(thing).fetch() is False
    return seen


def try_tags(thing, tags):
    one = TagDomainAssociation(thing, tags[0].id).save()
    seen = {"saved": [one.tag == tags[0].id, one.tagName, one.domainIdent == thing.id]}
    many = TagDomainAssociationCollection(thing)
    many.extend([TagDomainAssociation(thing, tag.id) for tag in tags[1:]])
    seen["bulk"] = many.save()
    seen["listed"] = [link.tagName for link in TagDomainAssociationCollection(thing).fetch()]
    seen["fetched"] = TagDomainAssociation(thing).fetch(one.id).tagName
    seen["deleted"] = TagDomainAssociation(thing).delete(one.id)
    seen["left"] = len(TagDomainAssociationCollection(thing).fetch())
    return seen


def try_files(thing, name):
    one = AttachedFile(thing, filename="notes.txt").upload()
    seen = {"saved": [one.filename, one.domainIdent == thing.id]}
    listed = AttachedFileCollection(thing).fetch()
    seen["listed"] = [file.filename for file in listed]
    seen["fetched"] = AttachedFile(thing).fetch(one.id).filename
    seen["downloaded"] = listed[0].download(name + ".bin")
    os.rename("notes.txt", "first.txt")
    with open("notes.txt", "w") as out:
        out.write("better notes")
    again = AttachedFile(thing).fetch(one.id).update()
    seen["updated"] = [again.id == one.id, again.download(name + "-again.bin")]
    os.rename("first.txt", "notes.txt")
    seen["deleted"] = AttachedFile(thing).delete(one.id)
    seen["left"] = len(AttachedFileCollection(thing).fetch())
    return seen


report = {}
with Cytomine(HOST, PUBLIC_KEY, PRIVATE_KEY) as cytomine:
    with open("notes.txt", "w") as out:
        out.write("notes")
    tag = Tag("seen by %d" % PROJECT_ID).save()  # noqa: UP031
    several = TagCollection()
    several.extend([Tag("%s of %d" % (name, PROJECT_ID)) for name in ("b", "a", "c")])  # noqa: UP031
    report["tags saved"] = several.save()
    report["tag"] = [tag.name, tag.creatorName, Tag().fetch(tag.id).name]
    tag.name = "marked by %d" % PROJECT_ID  # noqa: UP031
    report["tag renamed"] = tag.update().name
    report["tag twice"] = Tag(tag.name.upper()).save() is False
    mine = [one for one in TagCollection().fetch() if one.name.endswith("of %d" % PROJECT_ID)]  # noqa: UP031
    report["tags listed"] = [one.name[0] for one in mine]

    objects = make_objects(cytomine)
    report["objects"] = {
        name: {
            "properties": try_properties(thing),
            "description": try_description(thing),
            "tags": try_tags(thing, [tag, *mine]),
            "files": try_files(thing, name),
        }
        for name, thing in objects.items()
    }
    listed = AnnotationCollection(image=objects["image"].id, tags=[mine[0].id]).fetch()
    report["annotations by tag"] = [one.id for one in listed] == [objects["annotation"].id]
    report["annotation deleted"] = objects["annotation"].delete()
    report["properties of it"] = PropertyCollection(objects["annotation"]).fetch() is False
    report["tag deleted"] = Tag().delete(mine[0].id)
    report["tags of project"] = len(TagDomainAssociationCollection(objects["project"]).fetch())
    # The storage and the user are there for the next visitor too.
    report["tags cleared"] = [Tag().delete(one.id) for one in [tag, *mine[1:]]]

with open(os.environ["REPORT"], "w") as out:
    json.dump(report, out)
