"""What the demo's team has written down: articles for customers and for itself, and the answers it keeps at hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from accounts.models import Workspace
from accounts.permissions import Actor
from conversations.demo.cast import ELENA, JONAS, MARA, PRIYA, Operator
from conversations.demo.story import said
from conversations.knowledge import actions as knowledge_actions
from conversations.models import ArticleVisibility

PUBLIC, INTERNAL = ArticleVisibility.PUBLIC, ArticleVisibility.INTERNAL


class Written(NamedTuple):
    """A text, who wrote it, and how many days ago."""

    name: str
    by: Operator
    days: int
    body: str
    visibility: ArticleVisibility = PUBLIC
    is_draft: bool = False


def write(workspace: Workspace, actors: Mapping[str, Actor], now: datetime) -> None:
    """Fill the knowledge base; `actors` are the team by email."""
    for article in ARTICLES:
        by, at = actors[article.by.email], now - timedelta(days=article.days, hours=3)
        made = knowledge_actions.create_article(
            workspace=workspace,
            title=article.name,
            body=said(article.body),
            visibility=article.visibility,
            by=by,
            at=at,
        )
        if not article.is_draft:
            knowledge_actions.publish_article(article=made, by=by, at=at + timedelta(minutes=20))
    for macro in MACROS:
        by, at = actors[macro.by.email], now - timedelta(days=macro.days)
        knowledge_actions.create_macro(workspace=workspace, name=macro.name, body=said(macro.body), by=by, at=at)


ARTICLES = (
    Written(
        "Bring a station back online after an update",
        JONAS,
        29,
        """After the update to firmware 4.2.0 some stations blink amber twice, pause, and blink again. They find the
        network and are refused: 4.2.0 forgets a Wi-Fi password that holds a space or an umlaut. Version 4.2.1
        corrects it.

        ## What to do
        1. Hold the button under the base for ten seconds, until the light turns white.
        2. In the app, choose Settings > Stations > your station > Set up Wi-Fi again.
        3. Wait a quarter of an hour: the station fetches 4.2.1 by itself.

        Your history stays where it is. Readings that were taken while the station was offline are sent
        afterwards, up to 14 days of them.

        ## What the light says
        - White, steady: waiting to be set up.
        - Green, once a minute: online, all is well.
        - Amber, twice: the network is there but refuses the password.
        - Red: the batteries are nearly empty.

        If the light stays amber after these steps, write to us with the serial number under the base (it begins
        with WS2).
        """,
    ),
    Written(
        "Calibrate the rain gauge",
        JONAS,
        27,
        """A gauge that shows exactly twice the rain is not broken: its bucket tips onto its rest twice. That happens
        when the small grey counterweight has slipped, mostly after cleaning.

        ## Put the weight back
        1. Open the lid with a quarter turn to the left.
        2. Push the grey weight back until it touches the red mark.
        3. Pour a measured 100 ml of water through, slowly, over about two minutes.
        4. The app should now show 5.0 mm, give or take 0.2.

        ## Correct what was counted wrong
        Tell us the days, and we halve them in your history. Corrected values are marked, so that nobody wonders
        later; monthly totals follow within the hour.

        ## A gauge that never tips
        If the batch number inside the lid is 2611, the bearing may have been glued by mistake. Such a gauge
        cannot be repaired: write to us with a photo of the number, and we send a new one.
        """,
    ),
    Written(
        "Where to mount the outdoor sensor",
        ELENA,
        26,
        """Right at night and too warm at noon nearly always means sun on the radiation shield. An offset would only
        make the nights wrong; a better place helps.

        - 1.5 m of free air below the shield.
        - No wall, roof or dark ground within two metres to the south.
        - The north side of a garage or a post in the lawn are good places; a south wall is a stove in the
        afternoon.

        A pole mount is 19 euros in the shop; a wooden post does as well. Give a new place three days before you
        judge it. If the sensor is then still off by more than half a degree, write to us with a photo.
        """,
    ),
    Written(
        "Batteries, winter and how long they last",
        JONAS,
        24,
        """Alkaline cells lose about half of their capacity at -10 °C. With lithium AA cells (L91 or the like) a
        Station Mini runs eleven to fourteen months, far in the north as well.

        To make them last longer, set Readings to every 5 minutes for the winter: Settings > Stations > your
        station > Readings. That nearly doubles it.

        Rechargeable cells work in summer alone: their 1.2 volts are too few in the cold, and the station
        restarts.
        """,
    ),
    Written(
        "Track an order, and what we do when it is late",
        PRIYA,
        23,
        """Every order has a number that begins with NW and a tracking link in the mail that says it has left. Within
        the EU a parcel takes two to four working days.

        ## If tracking has not moved for four days
        Write to us with the order number. We open a search with the carrier, who answers within two working days.
        If the parcel has not turned up by then, we send another one at once, and you need not do anything.

        ## If something arrived broken
        Send a photo of the parcel and of the part. The new part leaves the same day; please keep the box until
        Friday of that week, in case the carrier wants to look at it.
        """,
    ),
    Written(
        "Return something within thirty days",
        PRIYA,
        22,
        """You have thirty days from the day it arrived, for any reason.

        1. Sign in and choose Orders > your order > Return.
        2. Print the label, or show the code at the counter.
        3. Hand the parcel in.

        The money is on its way as soon as the parcel is scanned; you need not wait until it reaches us. Banks
        take three to five days to show it.

        If you would rather have another model, order it first and write us both numbers: then we take the
        shipping off.
        """,
    ),
    Written(
        "Invoices, VAT numbers and double charges",
        ELENA,
        20,
        """## Add a VAT number or another name
        Open Billing > Details and add it there. For an invoice that is already out, write to us with its number:
        we replace it, mark the old one as replaced, and mail the new one to you. Future ones will be right by
        themselves.

        ## Two charges in one month
        If your bank reported a payment as failed and carried it out later, both may have gone through. Write to
        us with the two days and the amount, and we refund one of them the same day.

        Old invoices are under Billing > Invoices, for ten years.
        """,
    ),
    Written(
        "Verify the signature of a webhook",
        MARA,
        18,
        """Every webhook carries `X-Northwind-Signature`: an HMAC-SHA256 of the body with your secret, in
        hexadecimal. Sign the body exactly as it arrived. JSON that was parsed and printed again has other spaces
        and another order of keys, and never matches.

        ```python
        expected = hmac.new(SECRET.encode(), request.get_data(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers["X-Northwind-Signature"]):
            abort(401)
        ```

        In Express, use `express.raw({ type: 'application/json' })` on this one route.

        ## Deliveries may come twice
        An endpoint that takes longer than ten seconds is tried again. Answer 200 first and work afterwards, and
        ignore an `id` that you have seen: a unique index on it is enough.
        """,
    ),
    Written(
        "Rate limits, and how to stay below them",
        MARA,
        16,
        """The limit is 60 requests a minute, per key and not per server. A staging system with the same key counts
        too: give it a key of its own under Keys > New key.

        `GET /v2/readings?stations=a,b,c` answers up to fifty stations in one call. Twenty stations then need two
        requests a minute instead of forty.

        A refused request is answered with 429 and `Retry-After` in seconds. Wait that long; trying sooner starts
        the minute anew.
        """,
    ),
    Written(
        "Goodwill: what you may give without asking",
        ELENA,
        14,
        """For everyone in Support and Billing. When in doubt, be generous and leave a note in the conversation.

        - Shipping that took longer than ten days: refund the shipping.
        - A wrong answer of ours that cost somebody a day: one month of Plus.
        - A part that broke within three years: send it, whatever the warranty says.
        - Anything up to 50 euros in one year and household: your own judgement.

        Above that, ask Elena in the conversation. Never promise an amount before you have asked.
        """,
        visibility=INTERNAL,
    ),
    Written(
        "When the ingest is down: who does what",
        MARA,
        9,
        """Signs: several customers report a gap that begins at the same minute, and the status page is still green.

        1. Open one ticket, and link every conversation to it. Do not answer one by one.
        2. Tell Developers with the first and the last minute of the gap.
        3. Set the status page to "Readings delayed". It may be wrong for ten minutes; silence may not.
        4. When it is over, answer all of them at once from the ticket.

        Stations keep 14 days of readings and send them afterwards: nothing is lost, and we say so in the first
        sentence.
        """,
        visibility=INTERNAL,
    ),
    Written(
        "Frost alerts and quiet hours",
        PRIYA,
        2,
        """An alert waits until your quiet hours are over. For frost that is too late: switch them off under Alerts >
        Frost > Quiet hours.

        From version 5.8 of the app on, frost and storm alerts come through quiet hours unless you say otherwise.

        TO DO: ask the app team for the day of the release, and add a picture of the switch.
        """,
        is_draft=True,
    ),
)

MACROS = (
    Written(
        "Ask for the serial number",
        JONAS,
        28,
        """Hi {{customer.first_name}},

        could you send me the serial number of your station? It begins with WS2 and stands under the base, next to
        the button. With it I can see what the station has told us last.

        {{agent.name}}
        """,
    ),
    Written(
        "Parcel is being searched for",
        PRIYA,
        24,
        """Hello {{customer.first_name}},

        I am sorry for the wait. I have opened a search with the carrier; they answer within two working days. If
        your parcel has not turned up by then, we send another one at once, and you need not do anything.

        Your case is #{{conversation.number}}, should you want to call us about it.

        {{agent.name}}
        """,
    ),
    Written(
        "Refund is on its way",
        ELENA,
        20,
        """Hello {{customer.first_name}},

        I have just sent the money back to the way you paid. Banks take three to five days to show it. If it is
        not there after a week, write to me here and I follow it up.

        {{agent.name}}
        """,
    ),
    Written(
        "How to return something",
        PRIYA,
        16,
        """Hello {{customer.first_name}},

        of course: you have thirty days. The label is in your account under Orders > your order > Return. As soon
        as the parcel is scanned, the money is on its way.

        {{agent.name}}
        """,
    ),
    Written(
        "Handing over to the developers",
        JONAS,
        12,
        """Hi {{customer.first_name}},

        thank you for the details. I have shown them to our developers, who know that part better than I do. One
        of them answers you here, today or tomorrow; you need not write again.

        {{agent.name}}
        """,
    ),
    Written(
        "All is well, closing",
        JONAS,
        8,
        """Glad that it works again, {{customer.first_name}}! I close this now. Just write here if anything comes
        back: it opens again by itself.

        {{agent.name}}
        """,
    ),
)
