"""Templates: the Jinja environment, and how a page or a part of one is rendered."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from web import words
from web.formats import FILTERS

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
MACROS = ("ui", "forms", "charts", "tables")
"""The macro files; each is a global of its name, so that full pages and parts find them alike."""


def asset_version() -> str:
    """Return a short hash over every static file: part of their addresses, so that browsers may keep them for good."""
    digest = sha256()
    for path in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def environment(*, reload: bool = False) -> Environment:
    """Build the environment: strict about undefined names, everything escaped, every sentence through gettext."""
    env = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=reload,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    env.filters.update(FILTERS)
    version = asset_version()
    env.globals["static"] = lambda path: f"/static/{version}/{path}"
    for name in MACROS:
        env.globals[name] = env.get_template(f"macros/{name}.html").module
    return env


def render(env: Environment, template: str, language: str = "en", /, **context: Any) -> str:
    """Render one template in one language."""
    with words.speaking(language):
        return env.get_template(template).render(locale=words.locale(), **context)
