"""What one looks at: the room, its snapshot, its documents, an object, a step, a field. All GET, nothing changes."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app import scenarios
from app.api import errors
from app.api.breath import breathing
from app.api.objects import Ref
from app.apimachinery import yamltext
from app.apimachinery.openapi import explain
from app.apimachinery.openapi.blank import blank
from app.apimachinery.scheme import schema
from app.apimachinery.scheme.scheme import Scheme
from app.apimachinery.scheme.shapes import Struct
from app.look import Look
from app.rooms import Room, Rooms, is_viewer_key
from app.web import access, kubeconfig, language, present, security

ROOM = "loopscope_room"
ORIGIN = "loopscope_origin"  # a cookie for the addresses of a fork alone: the room that it comes from
YEAR_S = 31_536_000
DAY_S = 86_400
AHEAD = 200  # steps in which the next that people follow is looked for
LONGEST_SEARCH = 400  # a kind, a namespace and a name together

blueprint = Blueprint("pages", __name__)


def rooms() -> Rooms:
    found: Rooms = current_app.extensions["rooms"]
    return found


@blueprint.get("/")
def home() -> AnyResponse:
    """The room of the visitor's cookie, or a new one: a living cluster at once."""
    security.allow("look")
    known = request.cookies.get(ROOM)
    try:
        room = rooms().get(known) if known and not is_viewer_key(known) else None
    except errors.NotFound:
        room = None
    is_new = room is None
    if room is None:
        security.allow("room")
        room = rooms().create()
    # The language travels along: url_for leaves out what is None.
    response = redirect(url_for("pages.room", id=room.id, lang=request.args.get("lang")))
    if is_new:
        access.own(response, room)
    response.set_cookie(ROOM, room.id, max_age=YEAR_S, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


@blueprint.get("/rooms/<id>")
def room(id: str) -> AnyResponse:
    """With `owner`, the secret of whoever made it, it is theirs from now on in this browser."""
    security.allow("look")
    room = rooms().get(id)
    _ = language.here()
    if (secret := request.args.get("owner")) is not None:
        return _taken_over(room, id, secret)
    config = kubeconfig.of(id)
    said = current_app.extensions["sharing"].said_of(room)
    told = _(str(said.text), **said.values) if said else ""
    why_not = access.why_not()
    may = {"role": access.role(room).name.lower(), "why_not": _(why_not) if why_not else ""}
    more = {"kubeconfig": config, "said": told, "origin": ORIGIN in request.cookies, **may}
    page = lambda: rendered("room.html", **more, **present.page(room, scenarios.every(), _))  # noqa: E731
    html = room.drawn(page)
    return make_response(html)


@blueprint.get("/rooms/<id>/snapshot")
def snapshot(id: str) -> Response:
    """The live regions of the page as of a frame; drawn once per frame and language."""
    security.allow("look")
    room = rooms().get(id)
    _ = language.here()
    html = room.snapshot(
        ("snapshot", _.lang),
        lambda: rendered("snapshot.html", **present.page(room, scenarios.every(), _)),
    )
    return make_response(html)


@blueprint.get("/rooms/<id>/documents")
def documents(id: str) -> Response:
    """The tabs with what people wrote; drawn once per frame."""
    security.allow("look")
    room = rooms().get(id)
    return jsonify(room.snapshot("documents", lambda: [each.to_json() for each in present.documents(room.cluster)]))


@blueprint.get("/rooms/<id>/system")
def system(id: str) -> Response:
    """What every cluster has, and the page shows nowhere else."""
    security.allow("look")
    room = rooms().get(id)
    return make_response(room.drawn(lambda: render_template("_system.html", system=present.system(room.look))))


@blueprint.get("/rooms/<id>/objects/<kind>/<namespace>/<name>")
def inspect(id: str, kind: str, namespace: str, name: str) -> Response:
    """An object that is gone keeps its Events; one that there never was is a 404."""
    security.allow("look")
    room = rooms().get(id)
    ref = _ref(room.cluster.scheme, kind, namespace, name)
    _ = language.here()
    described = request.args.get("view") == "describe"
    return make_response(
        room.drawn(lambda: render_template("_inspector.html", room=room, **_inspected(room, ref, _, described)))
    )


@blueprint.get("/rooms/<id>/objects/<kind>/<namespace>/<name>/yaml")
def yaml(id: str, kind: str, namespace: str, name: str) -> Response:
    security.allow("look")
    room = rooms().get(id)
    ref = _ref(room.cluster.scheme, kind, namespace, name)
    obj = room.get(ref)
    if obj is None:
        raise errors.not_found(room.cluster.scheme.kind(ref.kind).resource, ref.name)
    return Response(yamltext.dump(obj), mimetype="text/plain")


@blueprint.get("/rooms/<id>/steps/<int:number>")
def step(id: str, number: int) -> Response:
    """The page as it was at that step, or at the nearest before it that people follow; with `forward` from it on."""
    security.allow("past")
    room = rooms().get(id)
    _ = language.here()

    forward = "forward" in request.args
    known_by = min(number + AHEAD, room.cluster.trace.count) if forward else number

    def draw(look: Look) -> str:
        detail = present.step_detail(look, number, _, forward=forward) or present.step_detail(look, known_by, _)
        if detail is None:
            raise errors.NotFound(_("Step %(n)s is not kept any more.", n=number))
        return render_template("_step.html", room=room, **detail)

    return make_response(rooms().hindsight.look(room, known_by, draw))


@blueprint.get("/rooms/<id>/ruler")
def ruler(id: str) -> Response:
    """What people did since the room began, each at its place in time."""
    security.allow("look")
    room, _ = rooms().get(id), language.here()
    return jsonify(room.drawn(lambda: present.ruler(room.look, room.journal, _)))


@blueprint.get("/rooms/<id>/changes")
def changes(id: str) -> Response:
    """What changed: of one `object`, by one `loop`, in one `field`; `q` are words that one of these has."""
    security.allow("past")
    room, _ = rooms().get(id), language.here()
    asked = (request.args.get(name, "")[:LONGEST_SEARCH] for name in ("q", "object", "loop", "field"))
    wanted = present.Wanted(*asked)
    return make_response(
        room.drawn(lambda: render_template("_changes.html", room=room, **present.changes(room.look, wanted, _)))
    )


@blueprint.get("/rooms/<id>/why/<kind>/<namespace>/<name>")
def why(id: str, kind: str, namespace: str, name: str) -> Response:
    """The chain of causes that led to an object, an Event, or the `endpoint` of a Service."""
    security.allow("look")
    room = rooms().get(id)
    ref = _ref(room.cluster.scheme, kind, namespace, name)
    _, endpoint = language.here(), request.args.get("endpoint", "")
    return make_response(
        room.drawn(lambda: render_template("_why.html", room=room, **present.why_of(room.look, ref, endpoint, _)))
    )


@blueprint.get("/rooms/<id>/verdict")
def verdict(id: str) -> Response:
    """The shortest trace that shows what came of a fault that a loop was given."""
    security.allow("look")
    room, _ = rooms().get(id), language.here()
    return make_response(room.drawn(lambda: render_template("_why.html", room=room, **present.verdict_of(room, _))))


@blueprint.get("/rooms/<id>/explain")
def explain_field(id: str) -> Response:
    """What the editor shows for a field, and which fields may stand inside it."""
    security.allow("look")
    kind, path = request.args.get("kind", ""), request.args.get("path", "")
    scheme = rooms().get(id).cluster.scheme
    shape = _type(scheme, kind)
    about = explain.describe_field(shape, path)
    fields = explain.fields_at(shape, path)
    row = scheme.lookup(kind)
    lasting = row is None or row.is_own
    response = jsonify(
        type=about.type,
        description=about.description,
        required=about.required,
        enum=about.enum,
        fields=[{"name": child.name, "type": child.type, "required": child.required} for child in fields],
        lasting=lasting,
    )
    response.cache_control.private = True
    response.cache_control.max_age = DAY_S if lasting else 0
    return response


@blueprint.get("/rooms/<id>/kinds")
def kinds(id: str) -> Response:
    """What one can begin to write an object of."""
    security.allow("look")
    scheme = rooms().get(id).cluster.scheme
    rows = [row for row in scheme.kinds() if not row.is_local and row.kind != "Event"]
    return jsonify(sorted(row.kind if scheme.lookup(row.kind) == row else row.key for row in rows))


@blueprint.get("/rooms/<id>/blank")
def blank_manifest(id: str) -> Response:
    """The smallest object of a kind, as the editor begins with it."""
    security.allow("look")
    scheme, kind = rooms().get(id).cluster.scheme, request.args.get("kind", "")
    row = scheme.lookup(kind)
    if row is None or row.is_local:
        raise errors.NotFound(f'the server doesn\'t have a resource type "{kind[:80]}"')
    text = yamltext.dump(blank(scheme.definition(row.key)), sort_keys=False)
    return Response(text, mimetype="text/plain")


def _taken_over(room: Room, id: str, secret: str) -> AnyResponse:
    """Raises Forbidden."""
    if is_viewer_key(id) or not room.access.is_owned_by(secret):
        _ = language.here()
        raise errors.Forbidden(_("This is no owner link of this room. Ask whoever made it for another."))
    response = redirect(url_for("pages.room", id=id, lang=request.args.get("lang")))
    access.own(response, room)
    return response


def title_of(room: Room, _: present.Words) -> str:
    """What its owner calls it, or else its lesson."""
    return room.access.title or room.scenario.title[_.lang]


def rendered(template: str, **context: Any) -> str:
    """What may be large; others have the process in between."""
    current_app.update_template_context(context)
    return "".join(breathing(current_app.jinja_env.get_template(template).generate(context)))


def _type(scheme: Scheme, kind: str) -> Struct:
    """Of a kind that is served, or else one of Kubernetes' that is not. Raises NotFound in kubectl's words."""
    row = scheme.lookup(kind)
    shape = scheme.definition(row.key).shape if row else schema.known(kind)
    if shape is None:
        raise errors.NotFound(f'couldn\'t find resource for "{kind}"')
    return shape


def _ref(scheme: Scheme, kind: str, namespace: str, name: str) -> Ref:
    row = scheme.lookup(kind)
    if row is None:
        raise errors.NotFound(f'the server doesn\'t have a resource type "{kind}"')
    return Ref(row.key, namespace if row.namespaced and namespace != "-" else "", name)


def _inspected(room: Room, ref: Ref, _: present.Words, described: bool) -> dict[str, Any]:
    view = present.inspector(room.look, ref, _, described=described)
    if view["gone"] and not view["events"]:
        raise errors.not_found(room.cluster.scheme.kind(ref.kind).resource, ref.name)
    return view
