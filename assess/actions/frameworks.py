"""Loading a framework: the outcomes that items are placed at and tests are made of."""

from __future__ import annotations

from dataclasses import dataclass

from assess import store
from assess.actions.context import Context, record
from assess.bank.outcomes import Framework, read_framework
from assess.journal import Event
from assess.reasons import Refused
from assess.store import frameworks


@dataclass(frozen=True, slots=True)
class Loaded:
    """A framework is there; `changed` says whether this deed changed anything."""

    framework: Framework
    changed: bool


def load(context: Context, text: str) -> Loaded | Refused:
    """Load a framework from the text of its YAML file; loading it again changes nothing."""
    framework = read_framework(text)
    if isinstance(framework, Refused):
        return framework
    with store.write() as session:
        store.alone(session, f"framework:{framework.id}")
        changed = frameworks.save(session, framework, context.now)
        if changed:
            facts = {"framework": framework.id, "digest": framework.digest}
            record(session, context, Event.FRAMEWORK_LOADED, facts)
    return Loaded(framework, changed)
