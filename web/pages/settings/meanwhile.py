"""A record that somebody else changed while it was open in a form: what changed, beside each field, and a way on."""

import json
from collections.abc import Mapping

from web.forms import Form
from web.words import gettext


def remember(form: Form, values: Mapping[str, object], version: int) -> Form:
    """Show `values`, and keep with the form what it was opened with."""
    form.fill(values)
    return form.fill({"seen": json.dumps({name: form.values[name] for name in values}), "version": version})


def merge(form: Form, values: Mapping[str, object], version: int, shown: Mapping[str, str] | None = None) -> Form:
    """Say what of the record is now `values`; `shown` are words for values that are codes.

    What only the other person changed is taken over; what both did stays as it was typed. Saving again then writes it.
    """
    seen, theirs = _read(form.values["seen"]), Form(form.id, form.csrf).fill(values).values
    for name in values:
        typed = form.values[name]
        if theirs[name] == seen.get(name, "") or theirs[name] == typed:
            continue
        said = (shown or {}).get(name, theirs[name]) or gettext("nothing")
        if typed == seen.get(name, ""):
            form.values[name] = theirs[name]
            form.object(gettext("Changed meanwhile to: %(value)s") % {"value": said}, name)
        else:
            form.object(gettext("Somebody else wrote meanwhile: %(value)s") % {"value": said}, name)
    form.fill({"seen": json.dumps({name: theirs[name] for name in values}), "version": version})
    return form.object(
        gettext(
            "Somebody else has changed this meanwhile. What changed is said beside each field; save again if it fits."
        )
    )


def version_of(form: Form) -> int | None:
    """Read the version that the form was opened with."""
    return int(form.values["version"]) if form.values["version"].isdecimal() else None


def _read(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}
