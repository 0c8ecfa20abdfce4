"""Does a field of a document hold what it must? Asked of one mapping, all problems collected.

A `Fields` reads a mapping key by key. Each reading returns a value of the right type; where there
is none it notes the problem, with the path of the field, and returns a stand-in. Whoever reads
looks at `problems` at the end and throws the stand-ins away if there is any.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from math import isclose
from typing import Final

from assess.bank.items import FACILITY_SCALE
from assess.bank.problems import because, shown
from assess.reasons import Code, Reason

MAX_TEXT = 5_000  # characters of any text in a document
_ABSENT: Final = object()


class Fields:
    """A mapping from outside, at a path such as `quotas[2]`, and the problems found so far."""

    def __init__(self, document: Mapping[str, object], where: str, problems: list[Reason]) -> None:
        self._document = document
        self._where = where
        self.problems = problems

    def at(self, key: str) -> str:
        """The path of a field: `quotas[2].count`."""
        return f"{self._where}.{key}" if self._where else key

    def only(self, keys: Collection[str]) -> None:
        """Note every key that is not one of these."""
        for key in self._document:
            if key not in keys:
                self._note("key_unknown", shown(key), allowed=", ".join(keys))

    def text(self, key: str, default: str | None = None, limit: int = MAX_TEXT) -> str:
        """Text, stripped; without a default it must be there and not be empty."""
        value = self._value(key, default is None)
        if value is None or value is _ABSENT:
            if value is None and default is None:
                self._note("value_empty", key)
            return default or ""
        if not isinstance(value, str):
            self._note("value_text_needed", key, found=shown(value))
            return default or ""
        value = value.strip()
        if not value and default is None:
            self._note("value_empty", key)
        if len(value) > limit:
            self._note("value_too_long", key, found=len(value), allowed=limit)
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            self._note("value_nul", key)
        return value

    def code(self, key: str, limit: int = 100) -> str:
        """A code: text without a slash. A number is refused: 5.10 would be read as 5.1."""
        value = self._document.get(key, "")
        if isinstance(value, int | float):
            self._note("value_code_needed", key, found=shown(value))
            return ""
        code = self.text(key, limit=limit)
        if "/" in code:
            self._note("code_has_slash", key, found=shown(code))
        return code

    def number(self, key: str, least: int, most: int, default: int | None = None) -> int:
        """A whole number between `least` and `most`, both allowed."""
        value = self._value(key, default is None)
        if value is _ABSENT:
            return least if default is None else default
        return self._whole(value, key, least, most)

    def numbers(self, key: str, least: int, most: int, limit: int) -> tuple[int, ...]:
        """A list of up to `limit` whole numbers; one number alone is a list of one."""
        value = self._value(key, False)
        if value is _ABSENT or value is None:
            return ()
        if isinstance(value, int):
            value = [value]
        return tuple(
            self._whole(entry, f"{key}[{place}]", least, most)
            for place, entry in enumerate(self._listed(value, key, limit), start=1)
        )

    def share(self, key: str, least: int, most: int, default: int | None = None) -> int:
        """A share such as 0.01 in whole thousandths, between `least` and `most` thousandths."""
        value = self._value(key, default is None)
        if value is _ABSENT:
            return least if default is None else default
        return self._thousandths(value, key, least, most)

    def shares(self, key: str, size: int, least: int, most: int) -> tuple[int, ...]:
        """A list of exactly `size` shares in whole thousandths; empty where it is none."""
        values = self._listed(self._value(key, True), key, size)
        if values and len(values) != size:
            self._note("value_list_needed", key, found=shown(values))
            return ()
        return tuple(
            self._thousandths(value, f"{key}[{place}]", least, most)
            for place, value in enumerate(values, start=1)
        )

    def lists(self, key: str, limit: int) -> Iterator[tuple[str, Fields]]:
        """The lists of a list: each as fields, under its key there."""
        for place, entry in enumerate(self._listed(self._value(key, False), key, limit), start=1):
            inner = f"{key}[{place}]"
            yield inner, Fields({inner: entry}, self._where, self.problems)

    def texts(self, key: str, limit: int, least: int = 0) -> tuple[str, ...]:
        """A list of `least` to `limit` texts, each once."""
        found: list[str] = []
        sound = len(self.problems)
        entries = self._listed(self._value(key, False), key, limit)
        if len(entries) < least and len(self.problems) == sound:  # else it is no list to count
            self._note("value_range", key, found=len(entries), least=least, most=limit)
        for place, entry in enumerate(entries, start=1):
            one = Fields({f"{key}[{place}]": entry}, self._where, self.problems)
            text = one.text(f"{key}[{place}]", limit=500)
            if text in found:
                self._note("value_repeated", f"{key}[{place}]", found=shown(text))
            found.append(text)
        return tuple(found)

    def truth(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self._value(key, False)
        if value is _ABSENT:
            return default
        if not isinstance(value, bool):
            self._note("value_truth_needed", key, found=shown(value))
            return default
        return value

    def wall_clock(self, key: str) -> datetime | None:
        """A date and time without a zone, such as 2026-12-01 09:00; None where it is absent.

        To the minute: seconds are refused, since they are not kept.
        """
        text = self.text(key, "", limit=40)
        if not text:
            return None
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            found = None
        sound = found is not None and found.tzinfo is None and len(text) >= len("2026-12-01 09:00")
        if not sound or found is None or found.second or found.microsecond:
            self._note("value_wall_clock_needed", key, found=shown(text))
            return None
        return found

    def choice(self, key: str, allowed: Collection[str], default: str) -> str:
        """One of the allowed words."""
        value = self._value(key, False)
        if value is _ABSENT:
            return default
        if not isinstance(value, str) or value not in allowed:
            self._note("value_choice", key, found=shown(value), allowed=", ".join(allowed))
            return default
        return value

    def mappings(self, key: str, limit: int, needed: bool = True) -> Iterator[Fields]:
        """The mappings of a list, each as fields of its own."""
        value = self._value(key, needed)
        for place, entry in enumerate(self._listed(value, key, limit), start=1):
            where = f"{key}[{place}]"
            if isinstance(entry, Mapping):
                yield Fields(entry, self.at(where), self.problems)
            else:
                self._note("value_mapping_needed", where, found=shown(entry))

    def mapping(self, key: str) -> Fields:
        """The mapping at a key; empty when absent."""
        value = self._value(key, False)
        if value is not _ABSENT and not isinstance(value, Mapping):
            self._note("value_mapping_needed", key, found=shown(value))
        return Fields(value if isinstance(value, Mapping) else {}, self.at(key), self.problems)

    def items(self) -> Iterator[tuple[str, object]]:
        """Every key with its raw value, in the document's order."""
        yield from self._document.items()

    def raw(self, key: str) -> str | int | float | list[object] | None:
        """The value as it stands, unchecked; None for a mapping or nothing, which no code is."""
        value = self._document.get(key)
        return value if isinstance(value, str | int | float | list) else None

    def has(self, key: str) -> bool:
        """Is the key there with a value other than null?"""
        return self._document.get(key) is not None

    def _value(self, key: str, needed: bool) -> object:
        value = self._document.get(key, _ABSENT)
        if value is _ABSENT and needed:
            self._note("key_missing", key)
        return value

    def _whole(self, value: object, key: str, least: int, most: int) -> int:
        if value is None:
            self._note("value_empty", key)
            return least
        if isinstance(value, bool) or not isinstance(value, int):
            self._note("value_number_needed", key, found=shown(value))
            return least
        if not least <= value <= most:
            self._note("value_range", key, found=shown(value), least=least, most=most)
            return least
        return value

    def _thousandths(self, value: object, key: str, least: int, most: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._note("value_share_needed", key, found=shown(value))
            return least
        scaled = round(value * FACILITY_SCALE) if abs(value) <= 1 else most + 1
        if not least <= scaled <= most:
            between = (f"{bound / FACILITY_SCALE:g}" for bound in (least, most))
            low, high = between
            self._note("share_range", key, found=shown(value), least=low, most=high)
            return least
        if not isclose(value * FACILITY_SCALE, scaled, abs_tol=1e-6):
            self._note("share_too_fine", key, found=shown(value))
        return scaled

    def _listed(self, value: object, key: str, limit: int) -> list[object]:
        if value is _ABSENT or value is None:
            return []
        if not isinstance(value, list):
            self._note("value_list_needed", key, found=shown(value))
            return []
        if len(value) > limit:
            self._note("value_too_long", key, found=len(value), allowed=limit)
            return []
        return value

    def _note(self, what: str, key: str, **values: str | int) -> None:
        self.problems.append(because(Code.MALFORMED, what, {"where": self.at(key), **values}))
