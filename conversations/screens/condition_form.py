"""The editor of a condition: rows of a field, an operator and a value, in groups, as a form that works without script."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts import queries as account_queries
from accounts.errors import Invalid
from conversations import conditions
from conversations.conditions.context import RELATIVE, iso_date
from conversations.conditions.descriptions import OPERATORS
from conversations.conditions.descriptions import RELATIVE as RELATIVE_NAMES
from conversations.conditions.grammar import MOST_LEAVES
from conversations.conditions.kinds import KINDS
from conversations.queries import mails as mail_queries
from conversations.screens.condition_parts import DATE, ROOT, Box, Row, dumped, fault_of, of_form, plain, read, value_of
from conversations.screens.sentences import sentence
from tickets import queries as ticket_queries
from tickets import tags
from tickets.models import Attribute

JSON, JSON_BEFORE, EDIT = "condition", "condition_before", "edit"
"""The names of the text in JSON, of what it was when the form was made, and of the buttons that add and take away."""
MOST_TAGS = 300
MODE_NAMES: Mapping[str, str | Promise] = {
    "all": lazy("All of these"),
    "any": lazy("Any of these"),
    "none": lazy("None of these"),
}
UNITS: Mapping[str, str | Promise] = {
    "m": lazy("minutes"),
    "h": lazy("hours"),
    "d": lazy("days"),
    "w": lazy("weeks"),
}

Options = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Widget:
    """What a row's value is typed into or chosen from."""

    kind: str
    options: Options = ()


class Editor:
    """A condition on a subject that is being edited. `json` reads it, and notes what is wrong in its rows."""

    def __init__(self, subject: str, root: Box, *, text: str | None = None, fault: str = "") -> None:
        self.subject, self.root, self.fault = subject, root, fault
        self._text = text
        self._text_before = "" if fault else None

    # --- Made of what is stored, or sent ---

    @classmethod
    def of_json(cls, subject: str, value: Any) -> Editor:
        """Of a stored condition, whatever has become of what it names."""
        found = read(value, ROOT)
        root = found if isinstance(found, Box) else Box(ROOT, parts=[found] if found else [])
        if isinstance(found, Row):
            found.path = f"{ROOT}.0"
        return cls(subject, root)

    @classmethod
    def of_post(cls, subject: str, sent: QueryDict, stored: Any = None) -> Editor:
        """Of a form: its rows, unless the JSON was changed, which goes before them; without rows it is the JSON alone.

        A form that has neither leaves what is stored.
        """
        text = sent.get(JSON, "")
        if JSON not in sent and f"{ROOT}.mode" not in sent:
            return cls.of_json(subject, stored or {})
        before = sent.get(JSON_BEFORE)
        is_plain = f"{ROOT}.mode" not in sent
        if is_plain or (before is not None and plain(text) != plain(before)):
            return cls._of_text(subject, text, None if is_plain else of_form(sent))
        return cls(subject, of_form(sent))

    @classmethod
    def _of_text(cls, subject: str, text: str, rows: Box | None) -> Editor:
        try:
            value = json.loads(text or "{}")
        except (ValueError, RecursionError):
            return cls(subject, rows or Box(ROOT), text=text, fault=_("This is not JSON."))
        if not isinstance(value, dict):
            return cls(subject, rows or Box(ROOT), text=text, fault=_("A condition must be an object."))
        try:
            conditions.parse(value, subject)
        except Invalid as error:
            fault = f"{error.field}: {sentence(error)}" if error.field else sentence(error)
            return cls(subject, rows or Box(ROOT), text=text, fault=fault)
        return cls.of_json(subject, value)

    # --- Changed by its buttons ---

    def edited(self, action: str) -> Row | Box | None:
        """Do what one of the buttons says: `add`, `group`, `remove` or `shape`, and a path. Returns what is new or changed."""
        verb, _colon, path = action.partition(":")
        if verb in ("add", "group"):
            box = self._part(path)
            if not isinstance(box, Box) or sum(1 for _row in self.root.rows()) >= MOST_LEAVES:
                return None
            number = max((int(part.path.rpartition(".")[2]) for part in box.parts), default=-1) + 1
            place = f"{box.path}.{number}"
            made: Row | Box = Row(place) if verb == "add" else Box(place, "any", [Row(f"{place}.0")])
            if isinstance(made, Box) and not box.may_nest:
                return None
            box.parts.append(made)
            return made
        if verb == "remove":
            above = self._part(path.rpartition(".")[0])
            if isinstance(above, Box):
                above.parts = [part for part in above.parts if part.path != path]
            return None
        part = self._part(path)
        if isinstance(part, Row):
            self._shape(part)
        return part

    def _shape(self, row: Row) -> None:
        """Leave of a row what still means something, once its field or its operator is another one."""
        kind = self._kind(row.field) if row.field else ""
        if not kind:
            row.operator, row.values = "", []
            return
        if row.operator not in KINDS[kind]:
            row.operator = next(iter(KINDS[kind]))
        widget = self.widget(Row(row.path, row.field, row.operator))
        if widget.kind in ("select", "ticks"):
            known = {value for value, _label in widget.options}
            row.values = [one for one in row.values if one in known]
        elif widget.kind in ("date", "moment"):
            row.values = [one for one in row.values if iso_date(one)]

    def _part(self, path: str) -> Row | Box | None:
        at: Row | Box | None = self.root
        if path == ROOT:
            return at
        steps = path.split(".")
        if steps[0] != ROOT:
            return None
        for n in range(2, len(steps) + 1):
            place = ".".join(steps[:n])
            at = next((one for one in at.parts if one.path == place), None) if isinstance(at, Box) else None
        return at

    # --- Read ---

    @cached_property
    def fields(self) -> Mapping[str, conditions.Field]:
        """What may be asked, by name."""
        return {one.name: one for one in conditions.fields(self.subject, self._in_use)}

    @cached_property
    def _attributes(self) -> list[Attribute]:
        return list(Attribute.objects.order_by("position", "pk"))

    @property
    def _in_use(self) -> list[Attribute]:
        return [row for row in self._attributes if row.archived_at is None]

    def json(self) -> dict[str, Any] | None:
        """The condition; None where something is wrong, which is noted at its row or for the whole."""
        if self.fault:
            return None
        made, is_whole = self._made(self.root)
        if not is_whole:
            return None
        if self.root.mode == "all" and len(self.root.parts) == 1:  # the one condition itself
            made = made["all"][0]
        try:
            return conditions.parse(made, self.subject, self._attributes).as_json()
        except Invalid as error:
            self.fault = sentence(error)
            return None

    def _made(self, box: Box) -> tuple[dict[str, Any], bool]:
        found, is_whole = [], True
        for part in box.parts:
            if isinstance(part, Box):
                inner, is_right = self._made(part)
                found.append(inner)
            else:
                leaf = self._leaf(part)
                is_right = leaf is not None
                found.append(leaf or {})
            is_whole = is_whole and is_right
        return {box.mode: found}, is_whole

    def _leaf(self, row: Row) -> dict[str, Any] | None:
        """The JSON of a row, or None with what is wrong noted."""
        if not row.field:
            row.fault = _("Choose a field.")
            return None
        kind = self._kind(row.field)
        if not kind:
            row.fault = _("This no longer exists. Choose another field, or remove the condition.")
            return None
        if row.operator not in KINDS[kind]:
            row.fault = _("Choose how to compare.")
            return None
        leaf = {"field": row.field, row.operator: value_of(row, kind)}
        if leaf[row.operator] in ("", [], None):
            row.fault = _("Choose or fill in a value.")
            return None
        try:
            conditions.parse(leaf, self.subject, self._attributes)
        except Invalid as error:
            row.fault = fault_of(row, kind) or sentence(error)
            return None
        return leaf

    def _kind(self, name: str) -> str:
        if name in self.fields:
            return self.fields[name].kind
        try:  # one that was archived
            leaf = conditions.parse({"field": name, "exists": True}, self.subject, self._attributes).root
        except Invalid:
            return ""
        assert isinstance(leaf, conditions.Leaf)
        return leaf.field.kind

    @property
    def text(self) -> str:
        """The JSON as people edit it: what they typed, where that is wrong."""
        if self._text is not None and self.fault:
            return self._text
        made = self.json()
        if made is None:
            return self._text if self._text is not None else dumped(self._made(self.root)[0])
        return dumped(made)

    # --- Shown ---

    modes = MODE_NAMES

    @property
    def before(self) -> str:
        """The JSON of the rows, by which a change of the text is seen; what is wrong counts as one."""
        return self._text_before if self._text_before is not None else self.text

    def field_groups(self, row: Row) -> list[tuple[str, Options]]:
        """The fields to choose from, in groups; one that is gone stays where a row asks it."""
        own = _("Conversation") if self.subject == "conversation" else _("Ticket")
        groups: dict[str, list[tuple[str, str]]] = {own: []}
        for one in self.fields.values():
            if ".attribute." in f".{one.name}":
                title = _("Custom attributes")
            elif one.name.startswith("contact"):
                title = _("Customer")
            elif one.name.startswith("ticket."):
                title = _("Ticket")
            else:
                title = own
            label = str(one.label)
            if one.name.startswith(("contact.attribute.", "ticket.attribute.")):
                of = _("customer") if one.name.startswith("contact") else _("ticket")
                label = _("%(name)s (%(of)s)") % {"name": label, "of": of}
            groups.setdefault(title, []).append((one.name, label))
        if row.field and row.field not in self.fields:
            groups[_("Removed")] = [(row.field, _("%(name)s (removed)") % {"name": self._name_of_removed(row.field)})]
        return list(groups.items())

    def _name_of_removed(self, name: str) -> str:
        beginning, _dot, key = name.rpartition("attribute.")
        subject = beginning.removesuffix(".") or self.subject
        return next((row.name for row in self._attributes if (row.subject, row.key) == (subject, key)), name)

    def operators(self, row: Row) -> Options:
        """How the row's field may be compared."""
        kind = self._kind(row.field) if row.field else ""
        return [(one, str(OPERATORS[one])) for one in KINDS[kind]] if kind else []

    def widget(self, row: Row) -> Widget:
        """What the row's value is typed into or chosen from."""
        kind = self._kind(row.field) if row.field else ""
        if not kind or not row.operator:
            return Widget("none")
        if row.operator == "exists" or kind.endswith("yes_or_no"):
            return Widget("select", [("true", _("Yes")), ("false", _("No"))])
        if row.operator in ("older_than", "newer_than"):
            return Widget("age", [(unit, str(label)) for unit, label in UNITS.items()])
        if kind == "moment":
            words = [(word, str(RELATIVE_NAMES[word])) for word in RELATIVE]
            return Widget("moment", [(DATE, _("a date …")), *words])
        offered = self._offered(row, kind)
        is_list = row.operator in ("in", "not_in")
        if offered is not None:
            known = [value for value, _label in offered]
            others = [(one, self._unoffered(one, kind)) for one in row.values if one and one not in known]
            return Widget("ticks" if is_list else "select", [*offered, *others])
        if is_list:
            return Widget("lines")
        return Widget({"number": "number", "day": "date"}.get(kind, "text"))

    def _unoffered(self, value: str, kind: str) -> str:
        """The label of a value that is asked for and cannot be chosen: it was removed, or is a tag in another case."""
        is_known = kind == "tags" and tags.key(value) in {tags.key(name) for name, _label in self._tags}
        return value if is_known else _("%(name)s (removed)") % {"name": value}

    def _offered(self, row: Row, kind: str) -> Options | None:
        """What a field may be compared with, by name; None for what is typed."""
        if kind in ("choice", "optional_choice"):
            found = self.fields.get(row.field)
            return [(value, str(label)) for value, label in found.choices] if found else []
        if kind == "member":
            return [("me", _("Me")), ("nobody", _("Unassigned")), *self._members]
        if kind == "team":
            return [("mine", _("My teams")), ("none", _("No team")), *self._teams]
        if kind == "tags":
            return self._tags
        if row.field == "mailbox" and row.operator in ("is", "is_not", "in", "not_in"):
            return self._mailboxes
        return None

    @cached_property
    def _members(self) -> list[tuple[str, str]]:
        return [(str(one.pk), one.name or one.email) for one in account_queries.assignable()]

    @cached_property
    def _teams(self) -> list[tuple[str, str]]:
        return [(str(one.pk), one.name) for one in account_queries.teams()]

    @cached_property
    def _tags(self) -> list[tuple[str, str]]:
        return [(one, one) for one in ticket_queries.tag_names(MOST_TAGS)]

    @cached_property
    def _mailboxes(self) -> list[tuple[str, str]]:
        return [(str(one.pk), one.address) for one in mail_queries.mailboxes()]
