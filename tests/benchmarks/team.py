"""A whole team at work: `python -m tests.benchmarks.team`, fifty members on 100,000 conversations, for one minute.

Every fifth sees only what is of their team. Each member has an inbox with its stream open, looks through views and threads, and changes conversations that others change at
the same moment; now and then an answer is lost and the request sent again. It prints what each kind of request took, and ends
with an error where something was lost, done twice, answered wrongly, not shown to a stream, or shown to one that must not have it.
"""

from __future__ import annotations

import argparse
import random
import statistics
import threading
import time
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import django
import httpx2

from tests.benchmarks import served  # before Django reads its settings
from tests.benchmarks.apart import token

if TYPE_CHECKING:
    from accounts.models import User
    from tests.benchmarks.scene import Target

MEMBERS, SIZE, SECONDS = 50, 100_000, 60
OF_A_TEAM = 6
"""Conversations that the team has, of the thirty in which all members meet."""
LOST = 0.05
"""The share of answers that get lost: the page sends the same form once more."""
THINKS = (0.4, 1.6)  # seconds between two acts of one member
VIEWS = ("open", "unassigned", "mine", "open&sort=newest", "waiting", "solved", "open&q=order")
EXPECTED = {200, 302, 409, 422}
FRAGMENT = {"HX-Request": "true", "HX-Target": "open"}


@dataclass
class Kept:
    """What the team did, as its browsers know it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: list[str] = field(default_factory=list)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    written: dict[str, str] = field(default_factory=dict)  # what was accepted: send id → text
    refused: set[str] = field(default_factory=set)  # send ids

    def note(self, kind: str, answer: httpx2.Response, seconds: float) -> None:
        with self.lock:
            self.times[kind].append(seconds * 1000)
            self.statuses[kind, answer.status_code] += 1
            if answer.status_code not in EXPECTED:
                self.wrong.append(f"{kind} {answer.request.url}: {answer.status_code} {answer.text[:300]}")


class Worker(threading.Thread):
    """One member: an open stream, and acts with pauses in between."""

    def __init__(
        self, base: str, slug: str, cookie: str, pool: list[Target], end: float, kept: Kept, user: User
    ) -> None:
        super().__init__(daemon=True)
        self.user, self.assigns = str(user.pk), pool[OF_A_TEAM:]
        name, value = cookie.split("; ")[0].split("=", 1)
        self.http = httpx2.Client(base_url=f"{base}/w/{slug}", cookies={name: value}, timeout=60)
        self.pool, self.end, self.kept, self.random = pool, end, kept, random.Random(cookie)
        self.heard: set[int] = set()
        self.has_begun = threading.Event()

    def run(self) -> None:
        acts = (
            self.look,
            self.look,
            self.read,
            self.reply,
            self.note,
            self.assign,
            self.status,
            self.tags,
            self.priority,
        )
        try:
            while time.monotonic() < self.end:
                self.random.choice(acts)()
                time.sleep(self.random.uniform(*THINKS))
        except Exception as error:
            with self.kept.lock:
                self.kept.wrong.append(f"{type(error).__name__}: {error}")

    def listen(self) -> None:
        """Read the stream until the desk ends; the ids of the journal's lines are kept."""
        try:
            with self.http.stream("GET", "/inbox/stream", timeout=None) as stream:
                for line in stream.iter_lines():
                    if line.startswith("id: "):
                        self.heard.add(int(line[4:]))
                    self.has_begun.set()
        except httpx2.HTTPError:
            return

    # --- What members do -------------------------------------------------------------------------

    def ask(self, kind: str, method: str, path: str, **more: Any) -> httpx2.Response:
        began = time.perf_counter()
        answer = self.http.request(method, path, headers=FRAGMENT, **more)
        self.kept.note(kind, answer, time.perf_counter() - began)
        return answer

    def look(self) -> None:
        self.ask("list", "GET", f"/inbox?view={self.random.choice(VIEWS)}")

    def read(self, among: list[Target] | None = None) -> str:
        self.number = self.random.choice(among or self.pool).number
        return self.ask("thread", "GET", f"/inbox/{self.number}?view=open").text

    def change(self, kind: str, among: list[Target] | None = None, **given: str) -> httpx2.Response:
        page = self.read(among)
        given["csrfmiddlewaretoken"] = token(page)
        answer = self.ask(kind, "POST", f"/inbox/{self.number}/{kind}?view=open", data=given)
        if self.random.random() < LOST:  # as if it had not come: the page sends the form again
            answer = self.ask(f"{kind} again", "POST", f"/inbox/{self.number}/{kind}?view=open", data=given)
        return answer

    def write(self, kind: str) -> None:
        send_id = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        text = f"Soak {send_id}"
        answer = self.change(kind, body=text, send_id=send_id)
        with self.kept.lock:
            if answer.status_code == 200:
                self.kept.written[send_id] = text
            else:
                self.kept.refused.add(send_id)

    def reply(self) -> None:
        self.write("reply")

    def note(self) -> None:
        self.write("note")

    def assign(self) -> None:
        """None of the team's: it would lose sight of them."""
        if self.assigns:
            self.change("assign", among=self.assigns, to=self.random.choice(("", self.user)))

    def priority(self) -> None:
        self.change("priority", priority=self.random.choice(("low", "normal", "urgent")))

    def status(self) -> None:
        self.change("status", status=self.random.choice(("open", "pending", "resolved")))

    def tags(self) -> None:
        self.change("tags", tags=self.random.choice(("vip", "vip, billing", "")))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.team", description="A team at work.")
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--size", type=int, default=SIZE, help="conversations")
    parser.add_argument("--seconds", type=int, default=SECONDS)
    given = parser.parse_args()
    django.setup()
    from django.db import connection

    from accounts.permissions import Visibility
    from config.server import release
    from tests.benchmarks import seeding
    from tests.benchmarks.scene import arranged, members, team_of

    served.have_database()
    release.static_files()
    served.replace_database(seeding.template(given.size))
    scene = arranged()
    few = given.members // 5
    everything, theirs = scene.conversations, scene.conversations[:OF_A_TEAM]
    cookies = members(scene.slug, given.members - few)
    limited = members(scene.slug, few, Visibility.TEAMS)
    team_of(scene.slug, list(limited.values()), theirs)
    connection.close()
    kept = Kept()
    with served.running() as base:
        end = time.monotonic() + given.seconds
        workers = [Worker(base, scene.slug, cookie, everything, end, kept, user) for cookie, user in cookies.items()]
        workers += [Worker(base, scene.slug, cookie, theirs, end, kept, user) for cookie, user in limited.items()]
        for one in workers:
            threading.Thread(target=one.listen, daemon=True).start()
        for one in workers:
            assert one.has_begun.wait(60), "a stream did not begin"
        first = _last_event(scene.slug)
        for one in workers:
            one.start()
        for one in workers:
            one.join(given.seconds + 120)
        faults = [*kept.wrong, *_faults(scene.slug, first, kept, workers)]
    _report(kept, given)
    if faults:
        raise SystemExit(f"{len(faults)} faults:\n" + "\n".join(faults[:20]))


def _last_event(slug: str) -> int:
    from accounts.models import Event

    return Event.objects.filter(workspace__slug=slug).order_by("-pk").values_list("pk", flat=True)[0]


def _faults(slug: str, first: int, kept: Kept, workers: list[Worker]) -> list[str]:
    """What the database and the streams say otherwise than the browsers."""
    from accounts.models import Event
    from conversations.models import Conversation, Delivery, Message
    from conversations.screens.inbox.stream import NOT_SHOWN
    from tests.runtime.machine import eventually

    faults = []
    ours = {"workspace__slug": slug, "body__startswith": "Soak "}
    waiting = Delivery.all_workspaces.filter(**ours, message=None)  # until nobody can take it back any more
    written = Counter(
        [
            *Message.all_workspaces.filter(**ours).values_list("body", flat=True),
            *waiting.values_list("body", flat=True),
        ]
    )
    faults += [f"lost: {text}" for text in kept.written.values() if not written[text]]
    faults += [f"{count} times: {text}" for text, count in written.items() if count > 1]
    faults += [f"refused, and yet there: {send_id}" for send_id in kept.refused if written[f"Soak {send_id}"]]
    numbers = dict(Conversation.all_workspaces.filter(workspace__slug=slug).values_list("pk", "number"))
    events = Event.objects.filter(workspace__slug=slug, pk__gt=first, subject_type="conversation")
    shown = {
        pk: numbers[row] for pk, kind, row in events.values_list("pk", "type", "subject_id") if kind not in NOT_SHOWN
    }
    for name, one in enumerate(workers):
        own = {target.number for target in one.pool} if one.pool is not workers[0].pool else set(numbers.values())
        wanted = {pk for pk, number in shown.items() if number in own}
        try:
            eventually(lambda one=one, wanted=wanted: wanted <= one.heard, "the stream", within=30)  # type: ignore[misc]
        except AssertionError:
            faults.append(f"the stream of member {name} lacks {len(wanted - one.heard)} of {len(wanted)} events")
        if others := (shown.keys() & one.heard) - wanted:
            faults.append(f"the stream of member {name} has {len(others)} events that are not for them")
    print(f"{len(written)} messages and {len(shown)} events, on {len(workers)} streams")
    return faults


def _report(kept: Kept, given: argparse.Namespace) -> None:
    count = sum(len(times) for times in kept.times.values())
    print(f"{given.members} members, {given.size:,} conversations: {count / given.seconds:.0f} requests a second")
    for kind, times in sorted(kept.times.items()):
        spread = statistics.quantiles(times, n=20) if len(times) > 1 else times * 19
        answers = {status: many for (name, status), many in kept.statuses.items() if name == kind}
        print(
            f"  {kind:14} {len(times):5} × p50 {statistics.median(times):6.0f} ms  p95 {spread[-1]:6.0f} ms  {answers}"
        )


if __name__ == "__main__":
    main()
