"""Accounts, roles, keys and sessions; members of projects; the client's own ways of asking."""

import base64
import hashlib
import hmac
import logging
from pathlib import Path

from cytomine import Cytomine
from cytomine.models import (
    AttachedFile,
    CurrentUser,
    Role,
    RoleCollection,
    Tag,
    TagCollection,
    UploadedFile,
    User,
    UserCollection,
    UserRoleCollection,
)
from ledger import see, tried


def drive(world):
    see_oneself(world)
    see_roles(world)
    see_members(world)
    see_connecting(world)
    see_plain_asking(world)
    see_models_asked(world)
    see_files(world)


def see_oneself(world):
    public, private = world.keys["alice"]
    me = CurrentUser().fetch()
    pair = {"publicKey": public, "privateKey": private}
    see("CurrentUser.fetch", [me.id, me.username, me.publicKey], [world.alice.id, "alice", public])
    see("CurrentUser.keys", me.keys(), pair)
    see("User.keys", User().fetch(world.alice.id).keys(), pair)
    # Whose keys they are is theirs alone to know.
    see("User.keys", User().fetch(world.bob.id).keys(), False)
    signed = base64.b64encode(hmac.new(private.encode(), b"\n\n\n", hashlib.sha1).digest()).decode()
    see("CurrentUser.signature", me.signature(), {"publicKey": public, "signature": signed})
    for method in ("update", "save"):
        me.firstname = f"Alice by {method}"
        getattr(me, method)()
        see(f"CurrentUser.{method}", world.rows(f"user/{world.alice.id}.json")["firstname"], me.firstname)
    client = world.client
    client.set_credentials(*world.keys["bob"])
    see("Cytomine.set_credentials", client.current_user.username, "bob")
    client.set_credentials(public, "not the private key")
    see("Cytomine.set_credentials", [client.current_user, client.get("project.json")], [False, False])
    client.set_credentials(public, private)
    client._current_user = None
    client.set_current_user()
    see("Cytomine.set_current_user", client.current_user.username, "alice")


def see_roles(world):
    client = world.become("ada")
    told = world.rows("role.json", "ada")
    role = Role().fetch(told[-1]["id"])
    see("Role.fetch", role.authority, told[-1]["authority"])
    for method in ("save", "delete", "update"):
        see(f"Role.{method}", tried(getattr(role, method)), "NotImplementedError")
    see("RoleCollection.fetch", [one.authority for one in RoleCollection().fetch()], [row["authority"] for row in told])
    of_ada = [one.authority for one in UserRoleCollection({"user": world.ada.id}).fetch()]
    asked = [one.authority for one in UserRoleCollection().fetch_with_filter("user", world.alice.id)]
    for key in ("UserRoleCollection.fetch", "UserRoleCollection.fetch_with_filter", "UserRoleCollection/user"):
        see(key, [sorted(of_ada), asked], [["ROLE_ADMIN", "ROLE_USER"], ["ROLE_USER"]])
    client.close_admin_session()
    closed = [client.current_user.adminByNow, world.rows("session/admin/info.json", "ada")["adminByNow"]]
    see("Cytomine.close_admin_session", closed, [False, False])
    client.open_admin_session()
    opened = [client.current_user.adminByNow, world.rows("session/admin/info.json", "ada")["adminByNow"]]
    see("Cytomine.open_admin_session", opened, [True, True])
    world.become("alice")
    see("Cytomine.open_admin_session", client.open_admin_session(), False)


def see_members(world):
    project, charlie = world.other_project, world.charlie.id

    def standing():
        """Whether charlie is a member, and a manager."""
        return [charlie in (world.ids(f"project/{project.id}/{word}.json")) for word in ("user", "admin")]

    for word, options, wanted in (
        ("add_user", {"id_user": charlie}, [True, False]),
        ("add_user", {"id_user": charlie, "admin": True}, [True, True]),
        ("delete_user", {"id_user": charlie, "admin": True}, [True, False]),
        ("delete_user", {"id_user": charlie}, [False, False]),
    ):
        getattr(project, word)(**options)
        for key in (f"Project.{word}", *(f"Project.{word}({option})" for option in ("id_user", "admin"))):
            see(key, standing(), wanted)
    # Members of a project may be asked for as its managers alone.
    managers = [UserCollection({"project": world.project.id}, admin=said).fetch() for said in (True, False)]
    ids = [sorted(one.id for one in several) for several in managers]
    see("UserCollection?admin", ids, [[world.alice.id], sorted([world.alice.id, world.bob.id])])


def see_connecting(world):
    host, (public, private) = world.host, world.keys["bob"]
    words = ["--host", host, "--public_key", public, "--private_key", private, "--log_level", "CRITICAL"]
    for key, client in (
        ("Cytomine.connect", Cytomine.connect(host, public, private, 60, use_cache=False)),
        ("Cytomine.connect_from_cli", Cytomine.connect_from_cli(words)),
    ):
        see(key, client.current_user.username, "bob")
    nowhere = Cytomine.__new__(Cytomine)
    vars(nowhere).update(vars(client), _host="127.0.0.1:9")
    see("Cytomine.is_alive", [client.is_alive(), nowhere.is_alive()], [True, False])
    waited = [client.wait_to_accept_connection(), nowhere.wait_to_accept_connection(0.1, 0.1)]
    see("Cytomine.wait_to_accept_connection", waited, [True, False])
    world.things["client"] = Cytomine.connect(host, *world.keys["alice"], logging.ERROR)


def see_plain_asking(world):
    client = world.client
    see("Cytomine.get", client.get("user/current.json")["id"], world.alice.id)
    see("Cytomine.get", client.get("project/0.json"), False)
    made = client.post("tag.json", '{"name": "by hand"}')["tag"]
    see("Cytomine.post", world.rows(f"tag/{made['id']}.json")["name"], "by hand")
    client.put(f"tag/{made['id']}.json", '{"name": "renamed by hand"}')
    see("Cytomine.put", world.rows(f"tag/{made['id']}.json")["name"], "renamed by hand")
    see("Cytomine.delete", [client.delete(f"tag/{made['id']}.json"), world.rows(f"tag/{made['id']}.json")], [True, 404])


def see_models_asked(world):
    """What the models use, used by itself."""
    client = world.client
    one = client.post_model(Tag("by the client"))
    address = f"tag/{one.id}.json"
    see("Cytomine.post_model", world.rows(address)["name"], "by the client")
    again = Tag()
    again.id = one.id
    see("Cytomine.get_model", client.get_model(again).name, "by the client")
    one.name = "put by the client"
    client.put_model(one)
    see("Cytomine.put_model", world.rows(address)["name"], "put by the client")
    see("Cytomine.delete_model", [client.delete_model(one), world.rows(address)], [True, 404])
    several = TagCollection()
    several.extend([Tag("posted 1"), Tag("posted 2")])
    posted = client.post_collection(several)
    names = [row["name"] for row in world.rows("tag.json")]
    see("Cytomine.post_collection", [posted, "posted 1" in names, "posted 2" in names], [True, True, True])
    got = client.get_collection(TagCollection(), {})
    see("Cytomine.get_collection", [tag.name for tag in got], names)


def see_files(world):
    client = world.client
    Path("by the client.txt").write_text("sent")
    file = AttachedFile(world.project)
    where = {"domainClassName": file.domainClassName, "domainIdent": file.domainIdent}
    file = client.upload_file(file, "by the client.txt", where, "attachedfile.json")
    see("Cytomine.upload_file", world.bytes(f"attachedfile/{file.id}/download").decode(), "sent")
    got = client.download_file(f"attachedfile/{file.id}/download", "got by the client.txt")
    see("Cytomine.download_file", [got, Path("got by the client.txt").read_text()], [True, "sent"])
    missing = client.download_file("attachedfile/0/download", "nothing.txt")
    see("Cytomine.download_file", [missing, Path("nothing.txt").exists()], [False, False])
    Path("sent by the client.tif").write_bytes(world.slide.read_bytes())
    told = {"stain": "H&E", "case": "12"}
    sent = client.upload_image("sent by the client.tif", world.storage.id, world.project.id, told, sync=True)
    image = sent.images[0]
    base, instance = image["abstractImage"], image["imageInstances"][0]
    address = f"domain/be.cytomine.domain.image.AbstractImage/{base.id}/property.json"
    said = {row["key"]: row["value"] for row in world.rows(address)}
    see("Cytomine.upload_image", {key: said.get(key) for key in told}, told)
    listed = instance.id in world.ids(f"project/{world.project.id}/imageinstance.json")
    back = world.bytes(f"uploadedfile/{sent.id}/download") == world.slide.read_bytes()
    see(
        "Cytomine.upload_image",
        [listed, back, UploadedFile().fetch(sent.id).status],
        [True, True, UploadedFile.DEPLOYED],
    )
