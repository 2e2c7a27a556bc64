"""Parcels, bills, subscriptions and accounts."""

from __future__ import annotations

from conversations.demo.story import API, CALLBACK, CHAT, EMAIL, MANUAL, Story, answer, ask, colleague, note

STORIES = (
    Story(
        ("Where is my order {order}?", "Order {order} not arrived", "Tracking has not moved for six days"),
        (
            ask(
                """Hello, I ordered a Station Pro two weeks ago (order {order}) and the tracking says "in transit" since
                last Thursday. Could you find out where it is?""",
                """Order {order} was to arrive on Monday. The carrier's page says delivered, but nobody here in {city} has
                seen a parcel, and the neighbours have nothing either.""",
                """Is there any news about {order}? The tracking number shows nothing but "label created".""",
            ),
            answer(
                """Hi {first}, I am sorry for the wait. I have opened a search with the carrier for {order}; they answer
                within two working days. If it has not turned up by then, we send another one at once and need nothing
                from you."""
            ),
            note("Carrier: parcel sits in the wrong depot. New one sent, {order}-R, arrives on Thursday."),
            answer(
                """Good news and bad news: your parcel was found, in the wrong city. A new one left this afternoon and
                arrives the day after tomorrow; should the first arrive as well, just refuse it at the door."""
            ),
            ask("It came this morning. Thank you for not making me chase it.", "Arrived, everything complete. Thanks!"),
        ),
        channels=(EMAIL, CHAT, CALLBACK),
        tags=("shipping",),
        team="Support",
        weight=6,
    ),
    Story(
        ("Invoice with our VAT number", "Please correct invoice {invoice}"),
        (
            ask(
                """Dear team,

                our accountant sent invoice {invoice} back: our VAT number is missing. It is NL{vat}B01. Could you issue it
                again?

                Kind regards,
                {first}, {company}""",
                """Hello, could invoice {invoice} be made out to {company} instead of to me personally? The address stays
                the same. Many thanks!""",
            ),
            answer(
                """Hello {first}, of course. The corrected invoice is attached to your account under Billing > Invoices,
                the old one is marked as replaced, and both went to your mailbox. Future ones will be right by themselves."""
            ),
            ask("Received, thank you. Our accountant is happy, which is rare."),
        ),
        channels=(EMAIL,),
        tags=("billing", "invoice"),
        priority="low",
        team="Billing",
        weight=5,
    ),
    Story(
        ("Charged twice this month", "Double charge of {amount} euros"),
        (
            ask(
                """There are two charges of {amount} euros on my card this month, on the 2nd and on the 4th. I have one
                subscription. Please refund one of them.""",
                """My bank shows {amount} € twice. Did something go wrong with the renewal?""",
            ),
            answer(
                """Hi {first}, you are right, and I am sorry: the first payment was reported as failed by the bank, so that
                we tried again, and then both went through. I have refunded {amount} euros just now. Banks take three to
                five days to show it."""
            ),
            ask("I see the refund already. Thanks for sorting it out so fast."),
        ),
        channels=(EMAIL, CHAT),
        tags=("billing", "refund"),
        priority="high",
        team="Billing",
        weight=4,
    ),
    Story(
        ("Return of a Station Mini", "I would like to send it back", "Return {order}"),
        (
            ask(
                """I would like to return the Station Mini from order {order}. It works, but my balcony is too sheltered to
                measure any wind. It is nine days old and in its box.""",
                """Can I exchange the Mini ({order}) for a Pro? I have had it for a week and would pay the difference.""",
            ),
            answer(
                """Hello {first}, certainly: you have thirty days. The label is in your account under Orders > {order} >
                Return. When the parcel is scanned, the money is on its way; you need not wait until it reaches us.

                If you would rather have a Pro, order it now and write me its number: then I take the shipping off."""
            ),
            ask("Label printed, parcel handed in. Thanks for making it easy."),
        ),
        channels=(EMAIL, CHAT),
        tags=("returns",),
        team="Support",
        weight=4,
    ),
    Story(
        ("Cannot sign in after changing my email", "Sign-in link never arrives"),
        (
            ask(
                """I changed my email in the app yesterday and now neither the old nor the new one is accepted. My stations
                go on, but I am locked out.""",
                """The sign-in mail does not arrive at {email}, also not in the spam folder. I have tried five times.""",
            ),
            answer(
                """Hi {first}, the new address was never confirmed, so that the account waited between the two. I have sent
                a fresh link to {email}; it is good for an hour. If it hides from you, tell me and I will look at the
                mail log."""
            ),
            note("Mail log: soft bounce, their mailbox was full until this morning. Second link went through."),
            ask("I am in! My mailbox was full, which is nobody's fault but mine. Thank you, {me}."),
        ),
        channels=(CHAT, EMAIL),
        tags=("account", "sign-in"),
        priority="high",
        team="Support",
        weight=4,
    ),
    Story(
        ("Quote for 40 stations", "Offer for {company}", "Volume pricing"),
        (
            ask(
                """Good morning,

                {company} would like to equip forty schools with a Station Pro each. Could you send us an offer with
                delivery to one address, and a price for three years of data?

                {first}""",
                """Do you give a discount from ten stations on? We would need a quote on paper for {company} by the end of
                the month.""",
            ),
            note("List price minus 12 % from 40 on, minus 5 % from 10 on. Elena signs above 10k."),
            answer(
                """Good morning {first}, that sounds like a lovely project. The offer is attached to your account: forty
                Station Pro, mounting kits included, one delivery, three years of data, twelve per cent off the list. It is
                good for sixty days.

                Should the schools want to share their data publicly, the API is free for them."""
            ),
            ask("Thank you, that is within our budget. I take it to the board next week."),
            answer("Wonderful. I have put a reminder for the week after and keep my fingers crossed."),
        ),
        channels=(EMAIL, CALLBACK),
        tags=("sales", "quote"),
        priority="high",
        team="Billing",
        weight=3,
    ),
    Story(
        ("Please delete my data", "Request under the GDPR"),
        (
            ask(
                """I have sold my station and ask you to delete my account and everything that you hold about me, according
                to article 17. Please confirm.""",
                """Under article 15 of the GDPR please send me a copy of all personal data that you hold about me. My
                account is {email}.""",
            ),
            note("Identity confirmed through the account's email. Runbook: privacy/requests, deadline is a month."),
            answer(
                """Hello {first}, I confirm your request. It is carried out within seven days: account, stations and
                messages. Invoices we must keep for ten years, apart from everything else. You receive one last mail when
                it is done."""
            ),
        ),
        channels=(EMAIL, API),
        tags=("privacy", "gdpr"),
        priority="high",
        team="Support",
        ticket="privacy",
        reason="A request with a legal deadline",
        weight=2,
    ),
    Story(
        ("Upgrade from Plus to Team", "Which plan for three households?"),
        (
            ask(
                """I have three stations in three households and three people who want alerts. Do I need Team, or is Plus
                enough?""",
                """What happens to the rest of my year if I go from Plus to Team today?""",
            ),
            answer(
                """Plus is for one person with any number of stations; Team adds more people, and costs 4 euros more a
                month. If you switch today, the rest of your year is counted against it, to the day, and nothing is lost."""
            ),
            ask("Then I switch. Found the button, all done."),
        ),
        channels=(CHAT,),
        tags=("billing", "question"),
        priority="low",
        team="Billing",
        weight=4,
    ),
    Story(
        ("Cancel my subscription", "Cancellation at the end of the year"),
        (
            ask(
                """Please cancel my subscription at the end of the current period. Nothing wrong with it, I am moving into
                a flat without a garden.""",
                """I cannot find where to cancel. Please end it for the account {email}.""",
            ),
            answer(
                """Hi {first}, done: it ends with the paid period, and nothing is charged after that. Your readings stay
                for a year, should there be a garden again one day. You can download them under Settings > Export."""
            ),
            ask("Thank you for being uncomplicated. I may well be back."),
        ),
        channels=(EMAIL, CHAT),
        tags=("billing", "cancellation"),
        team="Billing",
        weight=3,
    ),
    Story(
        ("Following up on your outage report", "Your station is back: one question"),
        (
            answer(
                """Hello {first},

                you told us last month that {serial} dropped out at night. Our records show that it has been online without
                a break for nine days now. Do you see the same at your end?

                Best regards,
                {me}, Northwind""",
                """Hello {first},

                the spare part for {serial} should have reached you by now. Was everything in the box, and does the station
                send again?

                {me}""",
            ),
            ask("Yes, it has been flawless since the new power supply. Kind of you to ask!"),
        ),
        channels=(MANUAL,),
        tags=("follow-up",),
        team="Support",
        weight=4,
    ),
    Story(
        ("Parcel arrived with a broken mast", "Damaged on arrival: {order}"),
        (
            ask(
                """The box of order {order} was crushed on one side and the mast is bent. Photo attached. The station itself
                seems fine.""",
                """Delivered today, and the mounting arm is snapped in two. I have kept the packaging. Order {order}.""",
                files=("parcel.png",),
            ),
            answer(
                """That parcel has seen some weather of its own. I am sorry! A new mast is packed and leaves today. Please
                keep the box until Friday, in case the carrier wants to look at it."""
            ),
            ask("The new mast is here and straight as an arrow. Thanks."),
        ),
        channels=(EMAIL, CHAT),
        tags=("shipping", "damage"),
        team="Support",
        weight=3,
    ),
    Story(
        ("Alert came three hours late", "Frost alert too late"),
        (
            ask(
                """The frost alert was set to 2 degrees. It was 1.4 at 23:10 and the push came at 02:05, when the blossoms
                were gone. Why?""",
                """Alerts arrive in bundles, hours after the fact. For a storm warning that is not much use. Station
                {serial}.""",
            ),
            answer(
                """Hello {first}, I understand how annoying that is after months of care. Your alert has "quiet hours from
                22 to 2" set, so that it waited until they were over. For frost I would switch them off: Alerts > Frost >
                Quiet hours.

                Since you are not the first, I have asked our app team to let frost and storm through quiet hours."""
            ),
            colleague(
                """A short word from the app team: from 5.8 on, frost and storm alerts come through quiet hours unless you
                say otherwise. It is in beta, would you like to try it?"""
            ),
            ask("Gladly! I have joined the beta. Thank you both for taking it seriously."),
        ),
        channels=(EMAIL, CHAT),
        tags=("app", "alerts"),
        priority="high",
        team="Support",
        weight=3,
    ),
    Story(
        ("Dark mode for the web dashboard?", "Feature idea: compare two stations"),
        (
            ask(
                """The app is dark at night, the web dashboard blinds me. Is a dark mode planned?""",
                """It would be great to lay two stations over each other in one chart. We have one in the valley and one on
                the hill, and the difference is what we want to see.""",
            ),
            answer(
                """Thank you for the idea! It is on our list, and your vote has been counted. I cannot promise a date, but
                you will hear from us first when there is something to try."""
            ),
        ),
        channels=(CHAT, EMAIL),
        tags=("feature-request",),
        priority="low",
        team="Support",
        weight=5,
    ),
)
