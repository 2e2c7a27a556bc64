"""The tracer by itself, over a shop that is made up: what it calls a room, a climb and a return."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.architecture import trace
from tests.architecture.trace import Law

LAW = """
[tool.importlinter]
root_packages = ["street", "shop"]

[[tool.importlinter.contracts]]
type = "layers"
layers = ["street", "shop"]

[[tool.importlinter.contracts]]
type = "layers"
containers = ["shop"]
layers = ["till | window", "(brands)", "stock"]

[[tool.importlinter.contracts]]
type = "layers"
containers = ["street"]
layers = ["corner", "lamp"]

[[tool.importlinter.contracts]]
type = "independence"
modules = ["shop.brands.*"]
"""
STOCK = """
from contextlib import ContextDecorator, ExitStack
from functools import partial, wraps
hooks = []
def ring():
    for hook in hooks: hook()
def close():
    with ExitStack() as stack: stack.callback(hooks[0])
def call(given): return given()
def pass_on(*given): return call(given[0])
def pass_on_in_part(given): return call(partial(given))
def give_back(items): return [item for item in items]
def wrapped(verb):
    @wraps(verb)
    def inner(): return verb()
    return inner
class Transaction(ContextDecorator):
    def __enter__(self): return self
    def __exit__(self, *problem): return None
in_a_transaction = Transaction()
class Door:
    def open(self): return self.knock()
    def knock(self): return 0
"""
TILL = """
def answer(): return 1
def numbers(): yield 1
decorated = stock.wrapped(stock.in_a_transaction(answer))
class Door(stock.Door):
    def knock(self): return 1
def register():
    stock.hooks.append(answer)
    stock.ring()
def register_decorated():
    stock.hooks.append(decorated)
    stock.ring()
def register_with_a_library():
    stock.hooks.append(answer)
    stock.close()
def override(): return Door().open()
def hand(): return stock.call(answer)
def hand_further(): return stock.pass_on(answer) + stock.pass_on_in_part(answer)
def iterate(): return stock.give_back(numbers())
def decorate(): return decorated()
"""


@pytest.fixture
def law(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Law:
    for brand in ("acme", "other"):
        (tmp_path / "shop" / "brands" / brand).mkdir(parents=True)
        (tmp_path / "shop" / "brands" / brand / "__init__.py").touch()
    path = tmp_path / "pyproject.toml"
    path.write_text(LAW)
    made = Law.read(path, divided="shop")
    monkeypatch.setattr(trace, "law", lambda: made)
    return made


@pytest.fixture
def till(law: Law) -> Any:
    """The upper of two modules, which knows the lower one."""
    stock, upper = ModuleType("shop.stock"), ModuleType("shop.till")
    exec(STOCK, stock.__dict__)
    upper.__dict__["stock"] = stock
    exec(TILL, upper.__dict__)
    return upper


@pytest.mark.parametrize(
    ("name", "room"),
    [
        ("street.corner.lamp", "street"),
        ("shop.till", "shop.till"),
        ("shop.till.drawer", "shop.till"),
        ("shop.brands.acme.shoes", "shop.brands.acme"),
        ("shop.brands.prices", "shop.brands"),
        ("shop.cellar.rack", "shop"),
    ],
)
def test_room_is_the_innermost_part_of_the_desk_that_the_law_names(law: Law, name: str, room: str) -> None:
    assert law.room(name) == room


@pytest.mark.parametrize(
    ("caller", "callee", "climbs"),
    [
        ("shop.stock.shelf", "shop.till.drawer", True),
        ("shop.stock", "shop.brands.acme", True),
        ("shop.stock", "street.corner", True),
        ("shop.till", "shop.stock", False),
        ("shop.till", "shop.window", False),
        ("shop.brands.acme", "shop.brands.other", False),
        ("shop.stock", "shop.cellar", False),
        ("street.lamp", "street.corner", True),
    ],
)
def test_layers_say_what_leads_up(law: Law, caller: str, callee: str, climbs: bool) -> None:
    assert law.climbs(caller, callee) is climbs


@pytest.mark.parametrize(
    ("way", "climb"),
    [
        ("register", "shop.stock:ring -> shop.till:answer"),
        ("register_decorated", "shop.stock:ring -> shop.till:answer"),
        ("override", "shop.stock:Door.open -> shop.till:Door.knock"),
        ("hand", None),
        ("hand_further", None),
        ("iterate", None),
        ("decorate", None),
    ],
)
def test_callback_and_override_climb_and_what_was_handed_down_does_not(till: Any, way: str, climb: str | None) -> None:
    with trace.tracing() as seen:
        getattr(till, way)()
    assert (seen.climbs, seen.returns) == ({climb} - {None}, set())
    assert seen.modules == {"shop.stock", "shop.till"}


def test_what_a_library_calls_is_a_return(till: Any) -> None:
    with trace.tracing() as seen:
        till.register_with_a_library()
    assert (seen.climbs, seen.returns) == (set(), {"shop.stock -> shop.till"})


def test_threads_are_traced_from_their_beginning(till: Any) -> None:
    with ThreadPoolExecutor(1) as before:
        before.submit(int).result()
        with trace.tracing() as seen:
            before.submit(till.answer).result()
            assert not seen.modules
            with ThreadPoolExecutor(1) as meanwhile:
                meanwhile.submit(till.answer).result()
    assert seen.modules == {"shop.till"}
