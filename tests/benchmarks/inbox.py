"""What the inbox costs: `python -m tests.benchmarks.inbox`, at 1 k and 100 k conversations, with a browser where there is one.

Statements, milliseconds of the server and compressed bytes of the list in each view and order; the weight of the page's
scripts; from a key to what is seen; and from a message that comes in to its row in another browser.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import shutil
import statistics
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django

from tests.benchmarks import served  # before Django reads its settings

SIZES = (1_000, 100_000)
ROUNDS = 15
POSTS = 40
HTMX = {"HX-Request": "true", "HX-Target": "desk", "Host": "127.0.0.1"}
PLACES = (
    "mine", "unassigned", "open", "open&sort=newest", "open&sort=deadline", "teams", "mentions", "waiting", "snoozed", "callbacks",
    "news", "failed", "assistant", "solved", "spam",
)  # fmt: skip

SEEN = """([key, part]) => new Promise((done) => {
  const old = document.getElementById(part)?.innerHTML;
  const began = performance.now();
  const look = () => {
    if (document.getElementById(part)?.innerHTML !== old) return requestAnimationFrame(() => done(performance.now() - began));
    if (performance.now() - began > 5000) return done(-1);
    requestAnimationFrame(look);
  };
  document.activeElement.blur();
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  look();
})"""
"""Milliseconds from a key to the frame after a part of the page has changed."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.inbox", description="Measure the inbox.")
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=SIZES, metavar="N", help="conversations of each database"
    )
    parser.add_argument("--no-browser", action="store_true", help="only the server's part")
    parser.add_argument("--keep", metavar="FILE", help="write the results there as JSON")
    given = parser.parse_args()
    django.setup()
    results = {str(size): measured(size, with_browser=not given.no_browser) for size in given.sizes}
    if given.keep:
        Path(given.keep).write_text(json.dumps(results, indent=1))


def measured(size: int, *, with_browser: bool) -> dict[str, Any]:
    """All figures of one size, printed as they come."""
    from config.server import release
    from tests.benchmarks import seeding
    from tests.benchmarks.scene import arranged

    served.have_database()
    release.static_files()
    served.replace_database(seeding.template(size))
    scene = arranged()
    print(f"{scene.conversation_count:,} conversations", flush=True)
    result: dict[str, Any] = {"fragments": dict(_fragments(scene)), "scripts": _scripts(scene)}
    if with_browser and shutil.which("chromium"):
        from django.db import connection

        connection.close()
        with served.running() as base:
            result["browser"] = _browser(base, scene)
    return result


def _client(scene: Any) -> Any:
    from django.test import Client

    client = Client(raise_request_exception=False)
    client.cookies.load(scene.agent)
    return client


def _fragments(scene: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of each view and order: statements, milliseconds in this process, compressed bytes, rows."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = _client(scene)
    for place in PLACES:
        path = f"/w/{scene.slug}/inbox?view={place}"

        def ask(path: str = path) -> Any:
            return client.get(path, headers=HTMX)

        ask(), ask()
        with CaptureQueriesContext(connection) as captured:
            answer = ask()
        statements = len(captured)  # before the log is emptied
        assert answer.status_code == 200, answer.content[:300]
        times = [_timed(ask) for _ in range(ROUNDS)]
        found = {
            "statements": statements,
            "ms_least": round(min(times), 1),  # what it costs where nobody else uses the machine
            "ms_p50": round(statistics.median(times), 1),
            "gzip": len(gzip.compress(answer.content)),
            "rows": len(re.findall(rb'class="row[ "]', answer.content)),
        }
        print(f"  {place:22} {found}", flush=True)
        yield place, found


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def _scripts(scene: Any) -> dict[str, int]:
    """Compressed bytes of each script that the page of a conversation loads, and their sum."""
    from django.contrib.staticfiles import finders

    client = _client(scene)
    page = client.get(f"/w/{scene.slug}/inbox/{scene.conversations[0].number}", headers={"Host": "127.0.0.1"})
    found: dict[str, int] = {}
    for path in re.findall(r'<script[^>]* src="/static/([^"]+)"', page.content.decode()):
        name = re.sub(r"\.[0-9a-f]{12}(?=\.)", "", path)
        file = finders.find(name)
        if file:
            found[name] = len(gzip.compress(Path(str(file)).read_bytes()))
    found["sum"] = sum(found.values())
    print(f"  scripts {found['sum']} bytes compressed", flush=True)
    return found


def _browser(base: str, scene: Any) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    result: dict[str, Any] = {}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        pages = []
        for _ in range(2):
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            name, value = scene.agent.split("; ")[0].split("=", 1)
            context.add_cookies([{"name": name, "value": value, "url": base}])
            page = context.new_page()
            page.goto(f"{base}/w/{scene.slug}/inbox?view=open")
            page.wait_for_selector("html[data-live-state=live]")
            pages.append(page)
        result["post_to_row"] = _post_to_row(base, scene, pages[1])
        result["key_to_paint"] = _keys(pages[0])
        browser.close()
    for name, found in result.items():
        print(f"  {name} {found}", flush=True)
    return result


def _keys(page: Any) -> dict[str, Any]:
    """The change of the header after `e` and `i`; the thread after `]`, fetched ahead or not."""
    result: dict[str, Any] = {}
    page.locator(".row").first.click()
    page.wait_for_selector("#open.is-open")
    for key, part in (("e", "head"), ("i", "head"), ("e", "head")):
        page.wait_for_timeout(1200)
        result.setdefault(f"{key}: {part}", []).append(round(page.evaluate(SEEN, [key, part]), 1))
    for _ in range(6):
        page.wait_for_timeout(1500)
        result.setdefault("]: fetched ahead", []).append(round(page.evaluate(SEEN, ["]", "open"]), 1))
    for _ in range(4):
        page.wait_for_selector("#open.is-open")
        result.setdefault("]: at once", []).append(round(page.evaluate(SEEN, ["]", "open"]), 1))
    return result


def _post_to_row(base: str, scene: Any, page: Any) -> dict[str, float]:
    """Milliseconds from sending a customer's message to the row that shows it."""
    number = page.locator(".row").first.get_attribute("data-number")
    target = next((one for one in scene.conversations if str(one.number) == number), None) or scene.conversations[0]
    page.goto(f"{base}/w/{scene.slug}/inbox?view=open&q=%23{target.number}")
    page.wait_for_selector("html[data-live-state=live]")
    page.wait_for_selector(f'.row[data-number="{target.number}"]')
    times = []
    for round_ in range(POSTS):
        text = f"Round {round_} of the measurement"
        request = urllib.request.Request(
            f"{base}/api/v1/conversations/{target.id}/messages",
            data=json.dumps({"role": "user", "body": text}).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {scene.key}"},
        )
        page.evaluate(
            """text => { window.seen = new Promise((done) => { const look = () => document.getElementById('listbox')
            .textContent.includes(text) ? done(Date.now()) : setTimeout(look, 5); look(); }); }""",
            text,
        )
        began = time.time() * 1000
        with urllib.request.urlopen(request, timeout=20):
            pass
        times.append(page.evaluate("() => window.seen") - began)
        page.wait_for_timeout(150)
    return {"p50": round(statistics.median(times)), "p95": round(statistics.quantiles(times, n=20)[-1])}


if __name__ == "__main__":
    main()
