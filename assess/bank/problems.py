"""What can be wrong with what was handed in? Every `what` of this floor and the values it carries.

A rule of the bank says no with a Reason whose values hold `what`, a short fixed key, and the facts
beside it. The English sentences stand in `assess/translations/en/LC_MESSAGES/problems.po` under
these keys; a test holds table and catalogue together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from assess.reasons import Code, Helper, Reason, Value

SAYS: Final[Mapping[str, tuple[str, ...]]] = {
    # A text, wherever it stands.
    "nul": ("column",),
    "surrogate": ("column", "character"),
    # A question.
    "no_stem": (),
    "stem_too_long": ("found", "allowed"),
    "too_few_options": ("found", "allowed"),
    "too_many_options": ("found", "allowed"),
    "option_empty": ("column",),
    "option_too_long": ("column", "found", "allowed"),
    "text_too_long": ("column", "found", "allowed"),
    "no_key": (),
    "one_key_needed": ("found",),
    "kind_unknown": ("found", "allowed"),
    "level_unknown": ("found", "allowed"),
    "scoring_unknown": ("found", "allowed"),
    "facility_not_share": ("found",),
    "facility_not_per_cent": ("found",),
    "set_without_stimulus": ("set",),
    "stimulus_without_set": (),
    # A row of a table.
    "no_identifier": (),
    "identifier_too_long": ("found", "allowed"),
    "identifier_unseen": ("found",),
    "identifier_repeated": ("identifier", "first"),
    "set_stimulus_differs": ("set", "first"),
    "outcome_unknown": ("outcome", "framework"),
    "outcome_without_framework": ("outcome",),
    "key_not_read": ("found",),
    "key_outside_options": ("found", "allowed"),
    "key_repeated": ("found",),
    "yes_or_no_needed": ("column", "found"),
    "text_needed": ("column", "found"),
    "list_needed": ("column", "found"),
    "rationale_without_option": ("column",),
    "fields_differ": ("found", "allowed"),
    "line_too_long": ("allowed",),
    "csv_broken": (),
    "json_broken": ("column",),
    "json_no_object": ("found",),
    "json_key_repeated": ("column",),
    "column_unknown": ("column", "allowed"),
    # A file that is no table at all.
    "file_empty": (),
    "file_too_large": ("allowed",),
    "file_too_many_lines": ("allowed",),
    "rows_refused": ("allowed", "first"),
    "file_workbook": (),
    "file_not_utf8": ("line", "byte"),
    "file_format_unknown": ("name",),
    "json_no_lines": (),
    "header_none": ("columns", "found"),
    "header_missing": ("columns", "found"),
    "header_broken": ("line",),
    "header_repeated": ("columns",),
    "header_unknown": ("columns", "allowed"),
    "csv_unclosed": ("line",),
    "field_too_large": ("line", "allowed"),
    "gzip_damaged": (),
    "gzip_too_large": ("allowed",),
    "difficulty_not_read": ("where", "found"),
    # A document in YAML.
    "document_too_large": ("found", "allowed"),
    "yaml_broken": ("line", "column"),
    "yaml_alias": ("line",),
    "yaml_key_repeated": ("line", "key"),
    "yaml_too_deep": ("line", "allowed"),
    "yaml_character": ("line",),
    "yaml_value": (),
    "document_no_mapping": (),
    "schema_unknown": ("found", "allowed"),
    "key_missing": ("where",),
    "key_unknown": ("where", "allowed"),
    "value_text_needed": ("where", "found"),
    "value_code_needed": ("where", "found"),
    "value_number_needed": ("where", "found"),
    "value_range": ("where", "found", "least", "most"),
    "value_share_needed": ("where", "found"),
    "share_range": ("where", "found", "least", "most"),
    "share_too_fine": ("where", "found"),
    "per_cent_needed": ("where", "found"),
    "per_cent_range": ("where", "found", "least", "most"),
    "per_cent_too_fine": ("where", "found"),
    "band_upside_down": ("where",),
    "value_truth_needed": ("where", "found"),
    "value_wall_clock_needed": ("where", "found"),
    "window_empty": ("where",),
    "window_of_two_kinds": ("where",),
    "window_closes_first": ("where",),
    "value_list_needed": ("where", "found"),
    "value_mapping_needed": ("where", "found"),
    "value_empty": ("where",),
    "value_too_long": ("where", "found", "allowed"),
    "value_choice": ("where", "found", "allowed"),
    "value_nul": ("where",),
    "value_repeated": ("where", "found"),
    "name_not_plain": ("where", "found"),
    "resource_text_or_url": ("where",),
    "url_needed": ("where", "found"),
    # A framework.
    "code_has_slash": ("where", "found"),
    "group_unit_missing": ("where", "unit"),
    "unit_group_missing": ("where", "group"),
    "count_differs": ("where", "declared", "found"),
    # A specification that cannot be published.
    "no_quotas": (),
    "quota_short": ("outcome", "need", "have"),
    "cell_short": ("outcome", "narrowed", "need", "have", "elsewhere", "broken"),
    "conflict_quota": ("conflict", "demands", "outcome", "narrowed", "need"),
    "conflict_enemies": ("conflict", "demands", "items"),
    "enemy_unknown": ("group", "items"),
    "undecided": (),
    "hardly_found": ("failed", "trials"),
    "conflict_case": ("conflict", "demands", "items"),
    "questions_differ": ("need", "have"),
    "outcome_without_item": ("outcome",),
    "no_form": (),
    "cut_above_length": ("need", "have"),
    "practice_terms": ("field",),
    "cut_below_one": ("have",),
    "minimum_above_count": ("outcome", "need", "have"),
    "outcome_without_quota": ("outcome",),
    "outcome_not_in_framework": ("outcome",),
    "quota_not_assessed": ("outcome",),
    "feedback_reason_missing": ("level",),
    # A move that an item version cannot make.
    "move_not_allowed": ("move", "state"),
}


def problem(what: str, **values: Value) -> Reason:
    """A reason E-MALFORMED that carries `what` and its values; raises as `because` does."""
    return because(Code.MALFORMED, what, values)


def because(code: Code, what: str, values: Mapping[str, Value]) -> Reason:
    """A reason of any code that carries `what` and its values; its author can help.

    Raises ValueError where the key or its values are not those of the table: a catalogue sentence
    would fail on them later, in front of a person.
    """
    if what not in SAYS or set(values) != set(SAYS[what]):
        raise ValueError(f"problem {what!r} does not carry {sorted(values)}")
    return Reason(code, {"what": what, **values}, None, Helper.AUTHOR)


SHOWN = 80  # characters of a wrong value that are shown back


def shown(value: object) -> str:
    """A wrong value, short enough for a message, as a file has it: `true`, `12`, `some text...`."""
    match value:
        case None:
            text = "null"
        case bool():
            text = str(value).lower()
        case str():
            text = value
        case list() | tuple():
            text = "[…]"  # its text could be as deep, and as long, as the file
        case Mapping():
            text = "{…}"
        case int() if value.bit_length() > 64:
            text = "> 64 bit"  # Python refuses to write out numbers of thousands of digits
        case _:
            text = str(value)
    # A message must be storable and printable whatever the file held.
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[: SHOWN + 1])
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
