"""Stations that will not connect, sensors that drift, and how to mount them."""

from __future__ import annotations

from conversations.demo.story import API, CALLBACK, CHAT, DISCORD, EMAIL, Story, answer, ask, colleague, note

STORIES = (
    Story(
        ("Station offline since the firmware update", "No data after update to 4.2", "{serial} is offline"),
        (
            ask(
                """Hi,

                my Station Pro ({serial}) updated itself to 4.2.0 last night and has been offline ever since. The light on
                the base blinks amber twice, pauses, and blinks again. I have unplugged it already.

                What else can I try?

                {first}""",
                """Hello, since the update to 4.2 my station {serial} shows "last seen yesterday" in the app. Two amber
                blinks, then nothing. It stands where it always stood, three metres from the router. {first}""",
                """{serial} has not sent a single reading since the firmware update. The other station in the same garden is
                fine, but that one is still on 4.1. Can I go back to the old version?""",
            ),
            answer(
                """Hi {first},

                two amber blinks mean that the station finds the network but is refused: 4.2.0 forgets the password when it
                contains a space or an umlaut. We are sorry about that; 4.2.1 corrects it.

                To bring yours back:
                1. Hold the button under the base for ten seconds, until the light turns white.
                2. In the app, choose Settings > Stations > {serial} > Set up Wi-Fi again.
                3. It fetches 4.2.1 by itself within a quarter of an hour.

                Your history stays where it is.

                Best regards,
                {me}"""
            ),
            ask(
                "That was it, it is back. There is indeed a space in our password. Thank you for the quick answer!",
                "White light, new set-up, and it is back online. Readings are coming in again. Thanks!",
            ),
        ),
        channels=(EMAIL, CHAT),
        tags=("hardware", "firmware"),
        priority="high",
        team="Hardware",
        weight=5,
    ),
    Story(
        ("Rain gauge counts twice as much as it rained", "Rain readings far too high"),
        (
            ask(
                """The rain gauge of my Station Pro in {city} reported 41 mm yesterday. The official one at the airport
                says 19, and my neighbour's tube says 20. The wind and temperature look right. Is it broken?""",
                """My gauge has doubled every shower since I cleaned it last week: 12 mm instead of 6, 30 instead of 15.
                I have attached a photo of how it sits now.""",
                files=("rain-gauge.png",),
            ),
            answer(
                """Hello {first}, exactly double is good news: the bucket is fine, but it tips onto its rest twice. That
                happens when the small grey counterweight has slipped after cleaning.

                Please open the lid and push the weight back until it touches the red mark. Then pour a measured 100 ml
                through slowly: the app should show 5.0 mm, give or take 0.2."""
            ),
            ask(
                """It shows 5.1 now. Wonderful. Can you correct the days in between?""",
                """4.9 mm, so that was the reason. Would it be possible to halve last week's values in my history?""",
            ),
            note("Corrected readings of {serial} for the eight days since cleaning, factor 0.5, with the admin tool."),
            answer(
                """Done: I have halved the rain of those days, and marked them as corrected, so that nobody wonders later.
                Monthly totals follow within the hour."""
            ),
        ),
        channels=(EMAIL, CHAT),
        tags=("hardware", "calibration"),
        team="Hardware",
        weight=3,
    ),
    Story(
        ("Rain gauge from batch 2611 never tips", "Gauge stays at zero", "No rain recorded at all"),
        (
            ask(
                """It has rained for two days in {city} and my new rain gauge has counted nothing. Batch 2611 stands on the
                label. The bucket does not move at all, it seems glued.""",
                """The gauge that arrived last week stays at 0.0 mm, even when I pour water into it. Label: batch 2611.
                Order {order}.""",
                """We set up four new Station Pro on school roofs. One of the gauges (batch 2611) does not tip. The others
                are from batch 2609 and work.""",
            ),
            note(
                "A bearing again? I have asked production about batch 2611 and opened a ticket.",
                "Another one of batch 2611. Linked to the ticket; do not send people through calibration.",
            ),
            answer(
                """Hi {first}, thank you for naming the batch, that spares us both a long search. In some gauges of batch
                2611 the bearing was glued by mistake. It cannot be repaired, so a new one is on its way to you today; you
                need not send the old one back.

                I am sorry for the two weeks of rain that you missed."""
            ),
        ),
        channels=(EMAIL, CALLBACK, API),
        tags=("hardware", "replacement"),
        priority="high",
        team="Hardware",
        ticket="batch-2611",
        reason="Several gauges of batch 2611 have a glued bearing; needs a word with production",
        weight=4,
    ),
    Story(
        ("Outdoor sensor reads 3 degrees too warm", "Temperature too high at noon"),
        (
            ask(
                """Between eleven and three the outdoor temperature is about three degrees above every other source. At
                night it agrees with the weather service to a tenth. Can I set an offset?""",
                """Every sunny day the station in {city} claims a heat record. In the shade of the shed it was 27, the app
                said 31. Is there a way to calibrate it?""",
            ),
            answer(
                """Hi {first}, right at night and too warm at noon nearly always means sun on the radiation shield, so an
                offset would make the nights wrong. Could you send me a photo of the mounting?

                The shield wants 1.5 m of free air below it, and no wall, roof or dark ground within two metres to the
                south."""
            ),
            ask("Here it is. It is on the south wall of the garage, I fear…", files=("mounting.png",)),
            answer(
                """That wall is a stove in the afternoon. The north side of the same garage would do, or a pole in the
                lawn. We have a pole mount for 19 euros, but a simple wooden post works as well.

                Give it three days in the new place and write again if it is still off by more than half a degree: I leave
                this open for a week."""
            ),
        ),
        channels=(EMAIL, DISCORD),
        tags=("hardware", "mounting"),
        team="Hardware",
        weight=3,
    ),
    Story(
        ("How long do the batteries last in winter?", "Battery at 12 % after two months"),
        (
            ask(
                """The app shows 12 % after only nine weeks. The box promised a year. We had minus ten several nights.""",
                """Quick question before I order: how long do the batteries of the Station Mini last when it is below
                freezing for weeks? I am in {city}.""",
            ),
            answer(
                """Alkaline cells lose about half of their capacity at minus ten. With lithium AA (Energizer L91 or the
                like) the Mini runs eleven to fourteen months, also in Finland. You can also set "Readings every 5
                minutes" for the winter, which nearly doubles it."""
            ),
            ask("Lithium it is then. Thanks, {me}!"),
        ),
        channels=(CHAT, DISCORD),
        tags=("hardware", "question"),
        priority="low",
        team="Hardware",
        weight=3,
    ),
    Story(
        ("Wind speed stuck at 0", "Anemometer does not move"),
        (
            ask(
                """The anemometer turns freely but the app says 0.0 km/h since Tuesday's storm. Serial {serial}.""",
                """Hi, no wind in the app for three days while the trees outside bend. The cups turn when I blow at them.""",
            ),
            answer(
                """Hi {first}, then the cups are fine and the pulses get lost on the way. Please look at the plug under the
                base: after a storm there is sometimes water in it. Dry it, press it in until it clicks, and tell me what
                the app shows under Diagnostics > Wind pulses."""
            ),
            ask("It says 0 pulses, also after drying. I attach the diagnostics file.", files=("diagnostics.txt",)),
            note(
                "reed_ok=false in the file: the reed contact is gone. Warranty until next spring, {order}. Send an arm, not a whole station."
            ),
            colleague(
                """Hello {first}, I have taken this over from {other}. Your file shows that the reed contact in the arm no
                longer closes, which a lightning nearby can do. It is covered by the warranty: a new arm leaves our
                warehouse tomorrow. Swapping it takes one screw and five minutes; the sheet is in the box."""
            ),
            ask("Great service, thank you both. I will write if anything is unclear."),
        ),
        channels=(EMAIL,),
        tags=("hardware", "warranty"),
        priority="high",
        team="Hardware",
        weight=3,
    ),
    Story(
        ("Can the Mini stand on a boat?", "Salt water and the Station Mini"),
        (
            ask(
                """Is the Mini sealed well enough for a sailing boat? Spray, not diving :)""",
                """Has anyone here run a Mini near the sea for longer than a year? Mine would stand twenty metres from the
                water in {city}.""",
            ),
            answer(
                """It is rated IP65, so spray is fine. Salt is the enemy of the contacts: a little contact grease in the
                battery tray once a year is enough. On a boat, wind direction is relative to the hull: the app has no
                compass correction yet, so take the wind with a grain of… salt."""
            ),
            ask("Ha. Good to know, then I wait for the correction. Is there a place where I can vote for it?"),
            answer("I have added your vote to the idea. You hear from us when it ships."),
        ),
        channels=(DISCORD, CHAT),
        tags=("question", "feature-request"),
        priority="low",
        team="Hardware",
    ),
    Story(
        ("Call me back: installer needs help on a roof", "Callback: mounting kit does not fit"),
        (
            ask(
                """Requested callback. Topic: mounting kit, tube of 48 mm. Best time: today before 16:00. The installer is
                on the roof of the school in {city} and the clamp is too small.""",
                """Requested callback. Topic: second clamp for the mast. I ordered the kit for 35 mm and the mast is 48.
                Reachable all day. {first}, {company}""",
            ),
            note(
                "Called back. The XL clamp fits up to 60 mm; sending one by courier, free, because our page says 'all masts'."
            ),
            answer(
                """Hello {first}, as promised on the phone: the XL clamp leaves today by courier and arrives before noon
                tomorrow. The page that said "fits all masts" is corrected. Thank you for not throwing it off the roof."""
            ),
        ),
        channels=(CALLBACK,),
        tags=("mounting", "callback"),
        priority="urgent",
        team="Hardware",
        weight=3,
    ),
)
