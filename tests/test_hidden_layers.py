"""A walk over every GET with a layer that is hidden: what is drawn there changes nothing of what its reader is told.

No number, order or refusal differs before and after, by whatever address, word and format.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import anyio.from_thread
import pytest

from strangers.addresses import fill
from strangers.asking import sent_with
from strangers.routes import ways
from strangers.world import World, make_world

pytestmark = pytest.mark.long

CHANGING = re.compile(
    r'"requestId":"[^"]*"|"exported": ?"[^"]*"|\b\d{13}\b|(?:x-request-id|etag|set-cookie|content-length): .*\n'
)
"""What tells of the moment of asking: the cookie for pictures comes once a minute."""
TIMED = ("docProps/core.xml", "manifest.json")
"""Parts of workbooks and zips that tell when they were made."""
OWN = ("keys", "session")
CONTAINERS = ("project", "imageinstance", "annotation")


@pytest.fixture
def portal() -> Iterator[anyio.from_thread.BlockingPortal]:
    with anyio.from_thread.start_blocking_portal("asyncio") as portal:
        yield portal


def _said(answer: Any) -> tuple[int, Any]:
    """All that an answer tells, without the time."""
    if answer.content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
            names = [name for name in packed.namelist() if name not in TIMED]
            return answer.status_code, [(name, packed.read(name)) for name in names]
    if answer.content[:5] == b"%PDF-":
        return answer.status_code, len(re.findall(rb"/Type /Page\b", answer.content))
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    return answer.status_code, CHANGING.sub("", f"{headers}\n{answer.content.decode('latin-1')}")


def _asked(world: World) -> list[dict[str, Any]]:
    """Words with which every address is asked once."""
    ids = world.ids
    place = {"project": ids["project"], "image": ids["imageinstance"]}
    return [{**place, "showMeta": "true", "format": "csv"}, {**place, "terms": ids["term"], "format": "xls"}]


def _walk(app: Any, person: Any, portal: Any, world: World) -> dict[str, tuple[int, Any]]:
    person.portal = portal
    found = {}
    for way in ways(app):
        if way.method != "GET" or way.is_open or any(word in way.path for word in OWN):
            continue
        for kind in CONTAINERS if "{domain_class}" in way.path or "{kind}" in way.path else CONTAINERS[:1]:
            path = way.path.replace("{domain_class}", kind).replace("{domain_id}", str(world.ids[kind]))
            path = fill(path.replace("history/{kind}/{id}", f"history/{kind}/{world.ids[kind]}"), world.ids)
            for number, words in enumerate((*_asked(world), sent_with(way, world.ids)["params"])):
                found[f"{path} {number}"] = _said(person.get(path, params=words))
    return found


def _draw_and_tell(alice: Any, world: World, bob: Any) -> None:
    """A shape on alice's layer, with all that can be said of one."""
    ids = world.ids
    body = {
        "image": ids["imageinstance"],
        "location": "POLYGON ((100 100, 150 100, 150 150, 100 100))",
        "term": [ids["term"]],
    }
    drawn = alice.post("/api/annotation.json", json=body).json()["annotation"]["id"]
    link = {"annotation": drawn, "group": ids["annotationgroup"]}
    sent = (
        ("/api/annotationlink.json", link),
        (f"/api/userannotation/{drawn}/comment.json", {"comment": "hidden", "receivers": [bob.id]}),
        (f"/api/domain/annotation/{drawn}/property.json", {"key": "hidden", "value": "hidden"}),
        (f"/api/domain/annotation/{drawn}/tag_domain_association.json", {"tag": ids["tag"]}),
        (f"/api/domain/annotation/{drawn}/description.json", {"data": "hidden"}),
        (f"/api/annotation/{drawn}/review.json", {}),
    )
    for address, said in sent:
        answer = alice.post(address, json=said)
        assert answer.status_code == 200, (address, answer.text)


@pytest.mark.parametrize("hidden", [True, False])
def test_what_is_drawn_on_a_hidden_layer_changes_no_answer(app, given, bob, tmp_path, portal, hidden):
    world = make_world(given, "alice", tmp_path, "zeppelin")
    alice, project = world.owner, f"/api/project/{world.ids['project']}"
    assert alice.post(f"{project}/user/{bob.id}.json").status_code == 200
    assert alice.put(f"{project}.json", json={"hideAdminsLayers": hidden}).status_code == 200
    before = _walk(app, bob, portal, world)
    _draw_and_tell(alice, world, bob)
    after = _walk(app, bob, portal, world)
    differ = [address for address, said in before.items() if said != after[address]]
    assert len([one for one in before.values() if one[0] == 200]) > 300
    # Where it is not hidden, the same walk sees it in many places.
    assert not differ if hidden else len(differ) > 40
