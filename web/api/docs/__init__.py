"""The pages for people: the OpenAPI document as one page, rendered here, without a script and without another host."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

router = APIRouter(include_in_schema=False)
_FOLDER = Path(__file__).parent
_STYLE = (_FOLDER / "style.css").read_bytes()
_STYLE_VERSION = hashlib.sha256(_STYLE).hexdigest()[:12]
_METHODS = ("get", "post", "put", "patch", "delete")


@router.get("/docs")
async def page(request: Request) -> Response:
    """Show every endpoint with its fields, examples and refusals."""
    return HTMLResponse(_rendered(json.dumps(request.app.openapi())), headers={"Cache-Control": "no-cache"})


@router.get("/docs/style.css")
async def style() -> Response:
    """Give the look; the page asks for it by its content, so it can be kept for good."""
    return Response(_STYLE, media_type="text/css", headers={"Cache-Control": "public, max-age=31536000, immutable"})


@cache
def _rendered(document: str) -> str:
    templates = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)
    templates.filters |= {"marked": marked, "typed": typed, "pretty": pretty, "plain_name": plain_name}
    told = json.loads(document)
    sections = [
        {"tag": tag, "operations": [one for one in _operations(told) if tag["name"] in one["tags"]]}
        for tag in told["tags"]
    ]
    return templates.get_template("page.html").render(
        api=told, sections=sections, schemas=told["components"]["schemas"], style_version=_STYLE_VERSION
    )


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"method": method, "path": f"{_root(found, document)}{path}", **found[method]}
        for path, found in document["paths"].items()
        for method in _METHODS
        if method in found
    ]


def _root(found: dict[str, Any], document: dict[str, Any]) -> str:
    """Tell what stands before a path: the contract's base, or nothing for what lies outside of it."""
    url: str = found.get("servers", document["servers"])[0]["url"]
    return url.rstrip("/")


def marked(text: str) -> Markup:
    """Write paragraphs, `code` and **bold** as HTML; that is all that our texts use."""
    paragraphs = []
    for paragraph in text.strip().split("\n\n"):
        code = str(escape(paragraph)).split("`")
        parts = [f"<code>{part}</code>" if at % 2 else _bold(part) for at, part in enumerate(code)]
        paragraphs.append(f"<p>{''.join(parts)}</p>")
    return Markup("".join(paragraphs))  # noqa: S704 - escaped above


def _bold(text: str) -> str:
    return "".join(f"<strong>{part}</strong>" if at % 2 else part for at, part in enumerate(text.split("**")))


def typed(schema: dict[str, Any]) -> Markup:
    """Name the type of a value, with a link where it is described on its own."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return Markup('<a href="#schema-{}">{}</a>').format(name, plain_name(name))
    if "anyOf" in schema:
        return Markup(" or ").join(typed(option) for option in schema["anyOf"])
    if "enum" in schema:
        return Markup(" or ").join(Markup("<code>{}</code>").format(one) for one in schema["enum"])
    if "const" in schema:
        return Markup("<code>{}</code>").format(schema["const"])
    if schema.get("type") == "array":
        return Markup("list of {}").format(typed(schema.get("items", {})))
    kind = schema.get("format") or schema.get("type") or "anything"
    return escape(f"{kind}{_limits(schema)}")


def _limits(schema: dict[str, Any]) -> str:
    words = {"minimum": "from", "maximum": "to", "minLength": "at least", "maxLength": "at most"}
    said = [f"{word} {schema[name]}" for name, word in words.items() if name in schema]
    return f", {' '.join(said)}" if said else ""


def pretty(value: object) -> str:
    """Write JSON for people."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def plain_name(name: str) -> str:
    """Write `Page_Patient_` as people say it."""
    return f"page of {name.removeprefix('Page_').removesuffix('_')}" if name.startswith("Page_") else name
