"""Routes that answer otherwise than the house does: each with its reason."""

OPEN = {
    *("GET /api/openapi.json", "GET /api/docs", "HEAD /api/docs"),
    *("GET /", "HEAD /", "GET /style.css", "HEAD /style.css"),
    *("GET /invitation", "HEAD /invitation"),
    *("POST /api/atrisys/invitation.json", "POST /api/atrisys/invitation/accept.json"),
    *("GET /account", "HEAD /account", "GET /projects", "HEAD /projects", "GET /project/{id}", "HEAD /project/{id}"),
    *("GET /storage", "HEAD /storage", "GET /ontologies", "HEAD /ontologies", "GET /admin", "HEAD /admin"),
    *("GET /ontologies/{id}", "HEAD /ontologies/{id}", "GET /admin/{part}", "HEAD /admin/{part}"),
    *("GET /project/{id}/{part}", "HEAD /project/{id}/{part}"),
    *("GET /project/{id}/image/{image}", "HEAD /project/{id}/image/{image}"),
    *("GET /assets/{name}", "HEAD /assets/{name}"),
    *("GET /api/server/ping.json", "GET /server/ping.json", "GET /server/ping"),
    *("POST /api/server/ping.json", "POST /server/ping.json", "POST /server/ping"),
    *("GET /status.json", "GET /api/status.json", "GET /configuration.json"),
    *("POST /api/atrisys/session.json", "OPTIONS /api/atrisys/uploads"),
}
"""Nobody in particular may come in here: what says nothing of anybody, and the door itself."""

FOR_ADMINISTRATORS = (
    *("GET /api/abstractimage/unused.json", "GET /api/userannotation.json"),
    *("GET /api/description.json", "GET /api/attachedfile.json"),
    *("GET /api/deletecommand.json", "GET /api/deletecommand"),
    *("GET /api/atrisys/audit.json", "GET /api/atrisys/audit/kinds.json"),
    *("GET /api/connectionFrequency.json", "GET /api/averageConnections.json"),
    *("GET /api/stats/all.json", "GET /api/stats/currentStats.json", "GET /api/stats/imageserver/total.json"),
    "GET /api/total/project/connections.json",
)
EXCEPTED = {
    # Concerns nothing but the stranger's own: an account with keys, sessions, what they make.
    **dict.fromkeys(("DELETE /api/atrisys/session.json", "DELETE /api/atrisys/sessions.json"), 200),
    **dict.fromkeys(("POST /api/user/current/keys", "POST /api/ontology.json", "POST /api/user.json"), 200),
    **dict.fromkeys(("DELETE /api/user/current.json", "POST /api/user/current.json"), 405),
    # One's own alone; others are answered alike whether they exist or not.
    "POST /api/token.json": 403,
    # Tags are everybody's words, and changed by their makers.
    "POST /api/tag.json": 200,
    **dict.fromkeys(("PUT /api/tag/{id}.json", "DELETE /api/tag/{id}.json"), 403),
    # Accounts and the roles that they hold are seen by all, and changed by themselves or administrators.
    "POST /api/user/{id}/role.json": 409,
    "POST /api/storage.json": 403,
    **dict.fromkeys(("POST /api/role.json", "PUT /api/role/{id}.json", "DELETE /api/role/{id}.json"), 403),
    # Settings of the installation, which administrators keep.
    "POST /api/configuration.json": 403,
    **{f"{method} /api/configuration/key/{{key}}.json": 403 for method in ("POST", "PUT", "DELETE")},
    **{
        f"{method} /api{path}": 403
        for method, path in (
            *(("GET", "/user/{name}/keys.json"), ("POST", "/atrisys/user/{name}/keys.json")),
            *(("PUT", "/user/{name}/password.json"), ("GET", "/user/{id}/friends.json")),
            *(("PUT", "/user/{name}.json"), ("DELETE", "/user/{name}.json")),
            *(("POST", "/user/{name}/lock.json"), ("DELETE", "/user/{name}/lock.json")),
            *(("DELETE", "/user/{id}/role/{role}.json"), ("PUT", "/user/{id}/role/{role}/define.json")),
            *(("GET", "/user/{id}/project.json"), ("GET", "/user/{id}/project/light.json")),
            *(("GET", "/user/{id}/imageinstance.json"), ("GET", "/user/{id}/imageinstance/light.json")),
            *(("GET", "/user/{id}/userannotation/count.json"), ("GET", "/user/{id}/reviewedannotation/count.json")),
        )
    },
    **dict.fromkeys(FOR_ADMINISTRATORS, 403),
    **dict.fromkeys(("GET /api/session/admin/open.json", "GET /session/admin/open.json"), 403),
    # Names nothing: a shape that is sent comes back with fewer points.
    **dict.fromkeys(("PUT /api/simplify.json", "POST /api/simplify.json"), 200),
    # Lists that want a container named.
    **dict.fromkeys(("GET /api/annotation.json", "GET /api/annotation/search.json"), 400),
    "GET /api/imageconsultation/resume.json": 400,
    "GET /api/annotation/included.json": 400,
    **dict.fromkeys(("GET /api/annotation/property/key.json", "GET /api/imageinstance/property/key.json"), 400),
}
"""What a stranger is answered where it is neither 404 (an address with ids, or a write) nor 200 (a list)."""

WITHOUT_HEAD = {
    "/api/atrisys/project/{id}/export.zip",
    "/api/atrisys/imageinstance/{id}/annotations.geojson",
    "/api/atrisys/imageinstance/{id}/mask.png",
    "/api/ontology/{id}/export",
    "/api/project/{id}/annotation/download",
    "/api/project/{id}/userannotation/download",
    "/api/project/{id}/algoannotation/download",
    "/api/project/{id}/reviewedannotation/download",
    "/api/project/{id}/annotations/export",
    "/api/project/{id}/user/download",
}
"""Made while they are sent: nothing is known of them beforehand."""
