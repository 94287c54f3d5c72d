"""Templates: the Jinja environment, and how a page or a part of one is rendered."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from web import words
from web.assets import Assets
from web.formats import FILTERS

_TEMPLATES = Path(__file__).parent / "templates"
_MACROS = ("ui", "forms", "charts", "tables")
"""The macro files; each is a global of its name, so that full pages and parts find them alike."""


class Views:
    """Renders templates: strict about undefined names, everything escaped, every sentence through gettext."""

    def __init__(self, assets: Assets) -> None:
        self.environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            extensions=["jinja2.ext.i18n"],
        )
        self.environment.install_gettext_callables(  # type: ignore[attr-defined]
            words.gettext, words.ngettext, newstyle=True, pgettext=words.pgettext
        )
        self.environment.filters.update(FILTERS)
        self.environment.globals["static"] = assets.address
        for name in _MACROS:
            self.environment.globals[name] = self.environment.get_template(f"macros/{name}.html").module

    def render(self, template: str, /, **context: Any) -> str:
        """Render one template in the language that is being spoken (`words.speaking`)."""
        return self.environment.get_template(template).render(locale=words.locale(), **context)
