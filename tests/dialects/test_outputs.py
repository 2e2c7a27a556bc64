"""An output's fields print its rows, by the rules that `conversations/api/outputs.py` states."""

from __future__ import annotations

from types import SimpleNamespace as Row
from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from conversations.api import outputs
from conversations.api.twins import Twins

COLOURS = Twins({"red": ("crimson", "scarlet"), "": ("none",)}, otherwise="grey")


class Wheel(outputs.Output):
    size = serializers.IntegerField()


class Car(outputs.Output):
    object = outputs.Constant("car")
    id = serializers.UUIDField(source="public_id")
    owner = serializers.CharField(source="holder.name", allow_null=True)
    note = serializers.CharField(allow_null=True, allow_blank=True)
    label = serializers.CharField()
    wings = outputs.always(None, serializers.IntegerField(allow_null=True))
    colour = outputs.Word(COLOURS)
    trim = outputs.Word(COLOURS, allow_null=True)
    spare = Wheel(allow_null=True)
    wheels = Wheel(many=True)
    itself = Wheel(source="*")
    token = serializers.CharField(required=False)
    trace = serializers.UUIDField(required=False, allow_null=True)
    value = serializers.IntegerField(source="size")

    def get_trace(self, row: Any) -> Any:
        return row.trace

    def get_label(self, row: Any) -> str:
        return f"{row.holder.name}'s"


def car(**values: Any) -> Row:
    usual = {"public_id": 7, "holder": Row(name="Ada"), "note": "", "colour": "crimson", "trim": "crimson"}
    return Row(**{**usual, "spare": None, "wheels": [], "size": 4, "token": None, "trace": empty, **values})


def test_fields_print_what_their_source_names_in_their_order() -> None:
    printed = Car(car(wheels=[Row(size=1), Row(size=2)], spare=Row(size=3), token="t")).data
    assert list(printed.items()) == [
        ("object", "car"),
        ("id", "7"),
        ("owner", "Ada"),
        ("note", ""),
        ("label", "Ada's"),
        ("wings", None),
        ("colour", "red"),
        ("trim", "red"),
        ("spare", {"size": 3}),
        ("wheels", [{"size": 1}, {"size": 2}]),
        ("itself", {"size": 4}),
        ("token", "t"),
        ("value", 4),
    ]


def test_text_that_may_be_null_and_not_blank_is_null_where_it_is_blank() -> None:
    assert Car(car(holder=Row(name=""))).data["owner"] is None
    assert Car(car(note="")).data["note"] == ""


def test_nothing_is_null_or_left_out_where_the_field_is_not_required() -> None:
    printed = Car(car(spare=None, token=None, trace=None)).data
    assert (printed["spare"], printed["trace"]) == (None, None)
    assert "token" not in printed
    assert "trace" not in Car(car(trace=empty)).data


def test_value_that_a_format_does_not_know_has_a_word_too() -> None:
    printed = Car(car(colour="mauve", trim="none")).data
    assert (printed["colour"], printed["trim"]) == ("grey", None)


def test_many_rows_print_as_a_list() -> None:
    assert Wheel([Row(size=1), Row(size=2)], many=True).data == [{"size": 1}, {"size": 2}]
