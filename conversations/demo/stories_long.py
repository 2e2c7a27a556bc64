"""The outage, told by many, and threads that went on for a while."""

from __future__ import annotations

from conversations.demo.story import API, CHAT, DISCORD, EMAIL, Story, answer, ask, colleague, note

OUTAGE = Story(
    (
        "API answers 503 since 9:40",
        "Dashboard empty, is something down?",
        "No readings for half an hour",
        "Getting 503 from /v2/readings",
        "Alerts from all stations at once: offline",
        "Is the API down?",
        "Data gap this morning",
    ),
    (
        ask(
            """Since 9:40 every call to /v2/readings answers 503. Our display in the town hall is empty. Is this on your
                side?""",
            """The dashboard shows "no data" for all of our stations. The app too. We have a regatta in an hour and
                need the wind!""",
            """None of my three stations has sent anything for half an hour. They are in three different towns, so I
                guess that it is not my Wi-Fi.""",
            """```
                $ curl -s -o /dev/null -w "%{http_code}" https://api.northwind.example/v2/readings
                503
                ```
                Fails for about one in two requests.""",
            """I just got "station offline" for all twelve stations of {company} within a minute.""",
            """Is the API down or is it just me? Status page says all green.""",
            """There is a gap between 9:38 and 10:50 in all of our data. Will it be filled?""",
        ),
        note(
            "Same cause: the disk of the ingest database is full. Linked to the ticket, keep answers short until we know more."
        ),
        answer(
            """Hello {first}, yes, this is us: the service that takes in readings is disturbed since 9:38. Stations keep
                their readings for two days and send them when it is back, so nothing is lost. I write again as soon as I
                know more.""",
            """Hi {first}, you are right, and it is on our side. We are working on it; your stations store everything
                meanwhile. More soon, here.""",
        ),
        answer(
            """It is over: since 11:15 readings flow again, and the stored ones have been filled in by 12:30. The cause
                was a full disk behind a monitor that had been silenced by mistake. I am sorry for the trouble.""",
            """All is back since 11:15, and the gap is filled. A full report follows on the status page tomorrow.""",
        ),
        ask(
            "Everything is there, also the gap. Thank you for telling us what it was.",
            "Confirmed, data is complete. Thanks for the honest explanation.",
            "Back to normal here.",
        ),
    ),
    channels=(EMAIL, API, CHAT, DISCORD),
    tags=("outage", "api"),
    priority="urgent",
    team="Developers",
    ticket="outage",
    reason="Ingest is down for everybody",
)

STORIES = (
    Story(
        ("Readings drift after a few hours: a long hunt",),
        (
            ask(
                """Hi, our Station Pro at the research field ({serial}) is right after every restart and drifts by up to four
                hPa within six hours. We have ruled out the altitude setting. Diagnostics attached.""",
                files=("diagnostics.txt",),
            ),
            answer(
                """Hi {first}, thank you for the file, that is a good start. Could you tell me whether the drift is always
                upwards, and whether the station stands in the sun in the morning?"""
            ),
            ask("Always upwards, and no: it stands in a ventilated hut, in the shade all day."),
            answer("Then heat is out. What does Diagnostics > Supply voltage say when it has drifted?"),
            ask("4.71 V when it has drifted, 5.02 V after a restart. Is that low?"),
            note(
                "4.71 is below what the pressure chip wants (4.75). A long cable? They have 40 m according to the order."
            ),
            answer(
                """That is the trace. The pressure sensor wants at least 4.75 V, and yours falls below it after a while. How
                long is the cable between the power supply and the station, and how thick?"""
            ),
            ask("Forty metres, 0.25 mm². It came with the mast."),
            answer(
                """Over forty metres such a thin cable loses nearly half a volt. Either put the power supply closer to the
                station, or use 0.75 mm². Both bring it above 5 V."""
            ),
            ask("We can move the supply on Thursday. I will report."),
            ask("Moved. 5.04 V, and so far no drift. I give it the weekend."),
            answer("That looks promising. I keep this open until Monday."),
            ask(
                """Three days, no drift at all: the curve lies on the reference within 0.2 hPa. We attach the plot for your
                album.""",
                files=("pressure.png",),
            ),
            colleague(
                """What a beautiful plot! With your permission we would like to show it in our guide on long cables, with
                your institute's name."""
            ),
            ask("With pleasure, please write 'Institute of Agrometeorology'. Thank you for your patience, all of you."),
            answer("Thank you, {first}, for measuring so carefully. It goes into the guide this week."),
        ),
        channels=(EMAIL,),
        tags=("hardware", "calibration", "guide"),
        priority="high",
        team="Hardware",
        contact="m.vogel@agromet.example",
        ticket="cable",
        reason="Pressure drifts on long thin cables; the mast kit ships one",
        weight=1,
    ),
    Story(
        ("Migrating 60 stations from our old provider",),
        (
            ask(
                """Hello, we run 60 stations for vineyards and would like to move to Northwind before the season. Can you
                import seven years of readings, and does your API speak the Davis format?"""
            ),
            answer(
                """Hello {first}, we have done that for two cooperatives already. Seven years are no problem, as CSV or
                Parquet. The Davis format is read by our import, not by the API; the columns are:

                ```
                station_id,measured_at,temp_c,rh,pressure_hpa,wind_ms,wind_dir,rain_mm
                ```

                `measured_at` in UTC, please. Would a trial with two stations help?"""
            ),
            ask("Yes please. Two stations are attached as a sample.", files=("sample.txt",)),
            note(
                "Imported into a sandbox: 2 stations, 7.4 years, 3.8 million rows in four minutes. 212 rows rejected, see below."
            ),
            answer(
                """Your sample is in: 3.8 million readings in four minutes. 212 rows were refused because the humidity is
                above 100. Shall we cut them to 100, or leave them out?"""
            ),
            ask("Cut to 100, please: that is fog, not an error."),
            answer("Done, and the import does it by itself for the others. When would you like to switch?"),
            ask("The week after Easter. We send the files on the Friday before."),
            colleague(
                """Hello {first}, I look after the move from our side. I have reserved that Friday and the Monday after. A
                check-list for the switch is in your account; the only thing I need from you is a list of who may see which
                vineyard."""
            ),
            ask("The list follows tomorrow. I look forward to it, and so do the vineyards."),
        ),
        channels=(EMAIL, API),
        tags=("sales", "import", "onboarding"),
        priority="high",
        team="Developers",
        contact="c.ferrante@cantine-unite.example",
        weight=1,
    ),
    Story(
        ("Which station for a school project?",),
        (
            ask("hi! i teach physics (grade 8) and we have 300 euros. mini or pro?"),
            answer("Hello {first}, what a nice question. Do you want to measure wind? The Mini cannot, the Pro can."),
            ask("wind would be great, the kids love storms"),
            answer(
                """Then the Pro. With the discount for schools it is 269 euros instead of 349, mast included. All I need is a
                mail from your school's address."""
            ),
            ask("sent! and can 28 kids look at the data at the same time?"),
            answer("All 28, and their parents: a school's dashboard is public if you switch it on, and free."),
            ask("you just made 28 friends"),
            answer("The code is in your mailbox. Please send us a picture of your first storm!"),
        ),
        channels=(CHAT,),
        tags=("sales", "schools"),
        priority="low",
        contact="j.haapala@koulu.example",
        weight=1,
    ),
    Story(
        ("Security report: reading token visible in URL",),
        (
            ask(
                """Hello, I believe that I have found a weakness: the share link of a station contains the reading token in the
                query, so that it ends up in the Referer of outgoing links. Steps:

                1. Open a shared station, /s/{serial}?t=…
                2. Click on "Map data © …"
                3. Look at the request headers of the map provider: `Referer` holds the whole address.

                I have not looked at anybody else's station. How would you like to proceed?"""
            ),
            note(
                "Confirmed. Referrer-Policy is missing on /s/. Mara informed. Reward according to the programme: 300."
            ),
            answer(
                """Hello {first}, thank you for the careful report, and for stopping where you did. We have confirmed it. As
                a first step all answers under /s/ carry `Referrer-Policy: no-referrer` since this morning; in the next
                release the token moves out of the address. May we name you on our thanks page?"""
            ),
            ask("Quick work! Yes, you may. I confirm that the Referer is empty now."),
            answer("The reward is on its way. Thank you for making Northwind a little safer."),
        ),
        channels=(EMAIL,),
        tags=("security",),
        priority="critical",
        team="Developers",
        contact="ines.k@researcher.example",
        ticket="security",
        reason="Token in the address of shared stations",
        weight=1,
    ),
)
