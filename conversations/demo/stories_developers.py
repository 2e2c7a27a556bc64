"""What programmers ask about the API: webhooks, limits, signatures and time zones."""

from __future__ import annotations

from conversations.demo.story import API, CHAT, DISCORD, EMAIL, Story, answer, ask, colleague, note

STORIES = (
    Story(
        ("Webhook signature does not match", "401 on our side: signature mismatch"),
        (
            ask(
                """Hi, we verify your webhooks in Python and the signature never matches:

                ```python
                expected = hmac.new(SECRET.encode(), json.dumps(request.json).encode(), hashlib.sha256).hexdigest()
                if not hmac.compare_digest(expected, request.headers["X-Northwind-Signature"]):
                    abort(401)
                ```

                The secret is copied from the dashboard. What are we missing?""",
                """Our Node service rejects all webhooks since we switched the secret on:

                ```js
                const mac = crypto.createHmac('sha256', secret).update(JSON.stringify(req.body)).digest('hex');
                console.log(mac === req.get('X-Northwind-Signature')); // false, always
                ```

                Is the algorithm documented anywhere?""",
            ),
            answer(
                """Hi {first}, you are signing the JSON after it was parsed and printed again, so the bytes differ (spaces,
                order of keys). Sign the body exactly as it arrived:

                ```python
                expected = hmac.new(SECRET.encode(), request.get_data(), hashlib.sha256).hexdigest()
                ```

                In Express that means `express.raw({ type: 'application/json' })` on this one route."""
            ),
            ask("Of course. Works now, and I feel a little silly. Maybe a line in the docs would save the next one."),
            answer(
                "You are the third this quarter, so it is our page that is silly. The line is in the docs as of today."
            ),
        ),
        channels=(EMAIL, API, DISCORD),
        tags=("api", "webhooks"),
        team="Developers",
        weight=4,
    ),
    Story(
        ("429 although we stay under the limit", "Rate limit reached with 40 requests a minute"),
        (
            ask(
                """We get 429 from /v2/readings with about 40 requests a minute. The plan says 60. Response headers:

                ```
                X-RateLimit-Limit: 60
                X-RateLimit-Remaining: 0
                Retry-After: 17
                ```

                Company: {company}""",
                """Since Monday a quarter of our calls end with 429. Nothing changed on our side, we poll 20 stations every
                30 seconds. Can you see what is counted?""",
            ),
            answer(
                """Hello {first}, the limit is per key, not per server, and your staging system uses the same key: I see
                two source networks that add up to 83 a minute. A second key for staging solves it at once.

                And a hint: `GET /v2/readings?stations=a,b,c` answers up to fifty stations in one call, so that your
                twenty stations need two requests a minute instead of forty."""
            ),
            ask("Two keys and the combined call: we are at 4 requests a minute now. Thanks a lot."),
        ),
        channels=(API, EMAIL),
        tags=("api", "limits"),
        priority="high",
        team="Developers",
        weight=3,
    ),
    Story(
        ("Timestamps jump at the change to winter time", "One hour of readings appears twice"),
        (
            ask(
                """Our import found two readings for every minute between 02:00 and 03:00 on the night of the clock change.
                We ask with `?tz=Europe/Berlin`. Is that a bug on your side or on ours?""",
                """How do I tell the two 02:30 apart on the last Sunday of October? `local_time` is the same for both.""",
            ),
            answer(
                """Both are real: the hour happens twice in local time. Please store `measured_at`, which is UTC and never
                repeats, and make local time only for showing it:

                ```sql
                SELECT measured_at AT TIME ZONE 'Europe/Berlin' AS shown, value
                FROM readings ORDER BY measured_at;
                ```

                `local_time` carries the offset too (`+02:00`, then `+01:00`), if you need to keep it."""
            ),
            ask("I had dropped the offset when importing. Understood, thank you for the example."),
        ),
        channels=(EMAIL, API),
        tags=("api", "question"),
        team="Developers",
    ),
    Story(
        ("Is there a Go client?", "Official SDK for Go"),
        (
            ask(
                "Is there a Go client for your API or do I write my own?",
                "We are moving from Python to Go. Do you plan an official SDK? An OpenAPI file would do as well.",
            ),
            answer(
                """There is no official one yet, but the OpenAPI file is complete and tested against the server. With
                oapi-codegen you have a typed client in a minute:

                ```sh
                oapi-codegen -package northwind -generate types,client https://api.northwind.example/openapi.json > northwind.go
                ```

                Tell me if anything in it reads badly in Go; the next one will thank you."""
            ),
            ask("It compiled at the first try, which I did not expect. Thanks!"),
        ),
        channels=(DISCORD, CHAT),
        tags=("api", "question"),
        priority="low",
        team="Developers",
        weight=3,
    ),
    Story(
        ("Export of five years takes forever", "CSV export ends with a 504"),
        (
            ask(
                """The export of five years for station {serial} breaks off after a minute with 504. One year works. I need
                it for a report that is due on Friday.""",
                """GET /v2/export?from=2019 ends with a gateway timeout, every time. Is there another way to get all the
                data of {company}?""",
            ),
            answer(
                """Hi {first}, above a year please use the asynchronous export:

                ```sh
                curl -X POST https://api.northwind.example/v2/exports \\
                     -H "Authorization: Bearer $KEY" -d '{"station": "{serial}", "format": "parquet"}'
                ```

                It answers at once with an id, and a mail with the link follows in a few minutes. I have started one for
                you already, so that Friday is safe."""
            ),
            ask("The file is here, 2.1 million rows. You saved my week."),
            answer("Glad to hear it. Good luck with the report!"),
        ),
        channels=(EMAIL, CHAT),
        tags=("api", "export"),
        priority="high",
        team="Developers",
        weight=3,
    ),
    Story(
        ("Webhooks arrive twice", "Duplicate deliveries of reading.created"),
        (
            ask(
                """Since last week we receive about one in two hundred `reading.created` events twice, a few seconds apart,
                with the same `id`. Our counters are off because of that.""",
                """The same event reached us twice again: id evt_81c4, 12:04:07 and 12:04:19. Expected?""",
            ),
            note(
                "Their endpoint takes 11-14 s at peak, we give up after 10 and send again. Log attached to the ticket."
            ),
            answer(
                """Hello {first}, that is our delivery doing its job: your endpoint took longer than ten seconds to answer,
                so we assumed that it was lost and sent it again. Deliveries are at least once, by design.

                Two things help: answer 200 first and work afterwards, and ignore an `id` that you have seen (a unique
                index on it is enough)."""
            ),
            ask("We answered after writing to three systems, so that explains it. A queue is in place now, 80 ms."),
            answer("80 ms is lovely. I see no repeated deliveries to you since yesterday afternoon."),
        ),
        channels=(API, EMAIL),
        tags=("api", "webhooks"),
        team="Developers",
        weight=3,
    ),
    Story(
        ("CORS error in the browser", "Blocked by CORS policy"),
        (
            ask(
                """From our page I get: "Access to fetch at 'https://api.northwind.example/v2/now' from origin
                'https://{domain}' has been blocked by CORS policy". It works with curl.""",
                """fetch() to /v2/now fails on our live site, but not on localhost. Console says CORS. Any idea?""",
            ),
            answer(
                """Hi! The public key of your project allows `http://localhost:3000` only. Add `https://{domain}` under
                Keys > Allowed origins, without a slash at the end. It works within a second; no need to publish again.

                And please make sure that it is the public key, never the secret one, that stands in the page."""
            ),
            ask("It was the slash at the end. Works."),
        ),
        channels=(CHAT, DISCORD),
        tags=("api", "cors"),
        team="Developers",
        weight=3,
    ),
    Story(
        ("MQTT: lost connection every 30 minutes", "MQTT client disconnects like clockwork"),
        (
            ask(
                """Every thirty minutes, to the second:

                ```
                12:00:00 client disconnected rc=7
                12:00:05 connected, flags=0, rc=0
                ```

                Library: paho 2.1, keepalive 3600.""",
                """Our Home Assistant loses the broker twice an hour. The log says "socket error". Other brokers are fine.""",
            ),
            answer(
                """The load balancer closes what was silent for thirty minutes. With `keepalive=60` the client pings and
                stays connected. We will put that into the guide as the default."""
            ),
            ask("Stable for six hours now. Perfect."),
            colleague("I have added it to the guide, with your log as the example, if that is all right. {me}"),
        ),
        channels=(DISCORD, EMAIL),
        tags=("mqtt", "question"),
        team="Developers",
        weight=2,
    ),
    Story(
        ("How do I page through alerts?", "Cursor of /v2/alerts"),
        (
            ask(
                "What is the right way to page through /v2/alerts? `page=2` seems to skip some when new ones arrive.",
                "`offset` on /v2/alerts gives me the same alert twice from time to time. Is there a cursor?",
            ),
            answer(
                """Use the cursor, it does not move when rows are added:

                ```python
                url = "https://api.northwind.example/v2/alerts?limit=100"
                while url:
                    page = session.get(url).json()
                    yield from page["items"]
                    url = page["next"]
                ```

                `page=` is kept for old clients only."""
            ),
        ),
        channels=(DISCORD, API),
        tags=("api", "question"),
        priority="low",
        team="Developers",
        weight=3,
    ),
)
