"""What people do outside of projects.

The columns of each table are the people of its world, as its `…_COLUMNS` names them.
"""

from rights.deeds import Deed

ADMINS = "no no no yes"
USERS = "no yes yes yes"
EVERYBODY = "yes yes yes yes"

PLATFORM_COLUMNS = ("guest", "user", "admin without session", "admin")
_NEWCOMER = {"username": "newcomer", "firstname": "New", "lastname": "Comer", "email": "new@example.org",
             "password": "a long new password"}  # fmt: skip
PLATFORM = [
    Deed("list accounts", "GET /api/user.json", EVERYBODY),
    Deed("read an account", "GET /api/user/{other}.json", EVERYBODY),
    Deed("list roles", "GET /api/role.json", EVERYBODY),
    Deed("make an account", "POST /api/user.json", USERS, body=_NEWCOMER),
    Deed("make an administrator", "POST /api/user.json", ADMINS, body={**_NEWCOMER, "role": "ROLE_ADMIN"}),
    Deed("edit one's account", "PUT /api/user/{me}.json", EVERYBODY, body={"firstname": "Other"}),
    Deed("edit another's account", "PUT /api/user/{other}.json", ADMINS, body={"firstname": "Other"}),
    Deed(
        "set another's password", "PUT /api/user/{other}/password.json", ADMINS, body={"password": "another long one"}
    ),
    Deed("delete an account", "DELETE /api/user/{other}.json", ADMINS),
    Deed("lock an account", "POST /api/user/{other}/lock.json", ADMINS),
    Deed("unlock an account", "DELETE /api/user/{locked}/lock.json", ADMINS),
    Deed("read one's keys", "GET /api/user/{me}/keys.json", EVERYBODY),
    Deed("read another's keys", "GET /api/user/{other}/keys.json", "no no no no"),
    Deed("renew another's keys", "POST /api/atrisys/user/{other}/keys.json", ADMINS),
    Deed("give a low role", "POST /api/user/{other}/role.json", USERS, body={"role": "ROLE_GUEST"}),
    Deed("lift a guest", "POST /api/user/{pure_guest}/role.json", ADMINS, body={"role": "ROLE_USER"}),
    Deed("give ADMIN", "POST /api/user/{other}/role.json", ADMINS, body={"role": "ROLE_ADMIN"}),
    Deed("give oneself SUPER_ADMIN", "POST /api/user/{me}/role.json", ADMINS, body={"role": "ROLE_SUPER_ADMIN"}),
    Deed("take a role", "DELETE /api/user/{other}/role/{user_role}.json", ADMINS),
    Deed("set all roles", "PUT /api/user/{other}/role/ROLE_ADMIN/define.json", ADMINS),
    Deed("make a role", "POST /api/role.json", ADMINS, body={"authority": "ROLE_NEW"}),
    Deed("open the admin session", "GET /session/admin/open.json", "no no yes yes"),
    Deed("see another's projects", "GET /api/user/{other}/project.json", ADMINS),
    Deed("see another's images", "GET /api/user/{other}/imageinstance.json", ADMINS),
    Deed("make a project", "POST /api/project.json", USERS, body={"name": "new"}),
    Deed("make an ontology", "POST /api/ontology.json", USERS, body={"name": "new"}),
    Deed("make a storage", "POST /api/storage.json", USERS, body={"name": "new"}),
    Deed("make another's storage", "POST /api/storage.json", ADMINS, body={"name": "new", "user": "{other}"}),
    Deed("make a slide's record", "POST /api/abstractimage.json", USERS, body={"originalFilename": "new.svs"}),
    Deed("read tags", "GET /api/tag.json", EVERYBODY),
    Deed("make a tag", "POST /api/tag.json", USERS, body={"name": "new"}),
    Deed("rename another's tag", "PUT /api/tag/{tag}.json", ADMINS, body={"name": "renamed"}),
    Deed("delete another's tag", "DELETE /api/tag/{tag}.json", ADMINS),
    Deed("rename one's used tag", "PUT /api/tag/{used_tag}.json", ADMINS, body={"name": "renamed"}),
    Deed("read a setting for all", "GET /api/configuration/key/for_all.json", EVERYBODY),
    Deed("read a setting for users", "GET /api/configuration/key/for_users.json", "unseen yes yes yes"),
    Deed("read a setting for admins", "GET /api/configuration/key/for_admins.json", "unseen unseen unseen yes"),
    Deed(
        "keep a setting", "PUT /api/configuration/key/for_all.json", ADMINS, body={"value": "new", "readingRole": "ALL"}
    ),
    Deed("forget a setting", "DELETE /api/configuration/key/for_all.json", ADMINS),
    *(
        Deed(f"see {path}", f"GET /api/{path}.json", ADMINS, params={"period": "day"})
        for path in (
            *("stats/all", "stats/currentStats", "stats/imageserver/total", "deletecommand", "userannotation"),
            *("abstractimage/unused", "description", "attachedfile", "connectionFrequency"),
        )
    ),
]

STORAGE_COLUMNS = ("stranger", "guest", "reader", "writer", "keeper", "owner", "admin")
"""The guest may WRITE, the keeper holds ADMINISTRATION."""
_READERS = "unseen yes yes yes yes yes yes"
_WRITERS = "unseen no no yes yes yes yes"
_KEEPERS = "unseen no no no yes yes yes"
STORAGE = [
    Deed("see a storage", "GET /api/storage/{storage}.json", _READERS),
    Deed("see who uses it", "GET /api/storage/{storage}/user.json", _READERS),
    Deed("see how much", "GET /api/storage/{storage}/usersstats.json", _READERS),
    Deed("see a file", "GET /api/uploadedfile/{file}.json", _READERS),
    Deed("have a file's bytes", "GET /api/uploadedfile/{file}/download", "unseen no no no no yes yes"),
    Deed("add a file", "POST /api/uploadedfile.json", _WRITERS,
         body={"storage": "{storage}", "filename": "new.svs", "originalFilename": "new.svs", "size": 1}),
    Deed("rename a file", "PUT /api/uploadedfile/{file}.json", _WRITERS, body={"originalFilename": "renamed.svs"}),
    Deed("delete a file", "DELETE /api/uploadedfile/{file}.json", _WRITERS),
    Deed("see a slide", "GET /api/abstractimage/{base}.json", _READERS),
    Deed("calibrate a slide", "PUT /api/abstractimage/{base}.json", _WRITERS, body={"magnification": 40}),
    Deed("delete a slide", "DELETE /api/abstractimage/{base}.json", _WRITERS),
    Deed("add a plane", "POST /api/abstractslice.json", _WRITERS,
         body={"image": "{base}", "channel": 0, "zStack": 1, "time": 0}),
    Deed("rename a plane", "PUT /api/abstractslice/{plane}.json", _WRITERS, body={"zName": "top"}),
    Deed("tag a slide", "POST /api/domain/AbstractImage/{base}/tag_domain_association.json", _WRITERS,
         body={"tag": "{tag}"}),
    Deed("rename a storage", "PUT /api/storage/{storage}.json", _KEEPERS, body={"name": "renamed"}),
    Deed("give it away", "PUT /api/storage/{storage}.json", "unseen no no no no no yes", body={"user": "{stranger}"}),
    Deed("delete a storage", "DELETE /api/storage/{empty}.json", _KEEPERS),
    Deed("share it", "POST /api/storage/{storage}/user/{stranger}.json", _KEEPERS),
    Deed("give another right", "PUT /api/storage/{storage}/user/{reader}.json", _KEEPERS,
         params={"permission": "WRITE"}),
    Deed("give oneself all rights", "PUT /api/storage/{storage}/user/{me}.json",
         "unseen no no no yes cannot yes", params={"permission": "ADMINISTRATION"}),
    Deed("take somebody out", "DELETE /api/storage/{storage}/user/{reader}.json", "unseen no yes no yes yes yes"),
    Deed("leave it", "DELETE /api/storage/{storage}/user/{me}.json", "unseen yes yes yes yes cannot unseen"),
    Deed("describe it", "POST /api/domain/Storage/{storage}/description.json", _KEEPERS, body={"data": "words"}),
]  # fmt: skip

ONTOLOGY_COLUMNS = ("stranger", "contributor", "manager of one", "manager of all", "guest", "creator", "admin")
"""Two projects use the ontology; the guest manages both."""
_ALL_WHO_USE_IT = "unseen yes yes yes yes yes yes"
_EDITORS = "unseen no no yes no yes yes"
_NOT_WHILE_USED = "unseen no no cannot no cannot cannot"
_GIVERS = "unseen no yes yes no yes yes"
ONTOLOGY = [
    Deed("see an ontology", "GET /api/ontology/{ontology}.json", _ALL_WHO_USE_IT),
    Deed("see its terms", "GET /api/ontology/{ontology}/term.json", _ALL_WHO_USE_IT),
    Deed("see a term", "GET /api/term/{term}.json", _ALL_WHO_USE_IT),
    Deed("take it as a file", "GET /api/ontology/{ontology}/export", _ALL_WHO_USE_IT),
    Deed("rename it", "PUT /api/ontology/{ontology}.json", _EDITORS, body={"name": "renamed"}),
    Deed("add a term", "POST /api/term.json", "unseen no no yes yes yes yes",
         body={"name": "new", "ontology": "{ontology}", "color": "#00FF00"}),
    Deed("rename a term", "PUT /api/term/{term}.json", _EDITORS, body={"name": "renamed"}),
    Deed("delete a term", "DELETE /api/term/{term}.json", _EDITORS),
    Deed("put a term below another", "POST /api/relation/parent/term.json", _EDITORS,
         body={"term1": "{second}", "term2": "{third}"}),
    Deed("take it out", "DELETE /api/relation/parent/term1/{term}/term2/{second}.json", _EDITORS),
    Deed("describe it", "POST /api/domain/Ontology/{ontology}/description.json", _EDITORS, body={"data": "words"}),
    Deed("delete it while it is used", "DELETE /api/ontology/{ontology}.json", _NOT_WHILE_USED),
    Deed("delete it", "DELETE /api/ontology/{unused}.json", "unseen unseen unseen unseen unseen yes yes"),
    Deed("give it to a new project", "POST /api/project.json", _GIVERS, body={"name": "new", "ontology": "{ontology}"}),
]  # fmt: skip
