"""Who appears in the demo: the team, its customers, and what they carry in their pockets. All of them are invented."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from accounts.permissions import Role

PASSWORD = "demo-parley-2026"  # noqa: S105  # printed by the command: a demo's logins are no secret


class Operator(NamedTuple):
    """A member of the demo's team."""

    email: str
    name: str
    role: Role
    teams: tuple[str, ...] = ()


MARA = Operator("mara@northwind.example", "Mara Lindqvist", Role.OWNER, ("Developers",))
ELENA = Operator("elena@northwind.example", "Elena Petrova", Role.ADMIN, ("Support", "Billing"))
JONAS = Operator("jonas@northwind.example", "Jonas Weber", Role.AGENT, ("Support", "Hardware", "Developers"))
PRIYA = Operator("priya@northwind.example", "Priya Raman", Role.AGENT, ("Support", "Billing", "Developers"))
TOM = Operator("tom@northwind.example", "Tom Okafor", Role.VIEWER)
TEAM = (MARA, ELENA, JONAS, PRIYA, TOM)
TEAMS = ("Support", "Hardware", "Developers", "Billing")

INES = Operator("ines@atelier.example", "Inês Duarte", Role.AGENT)


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who writes to Northwind."""

    name: str
    email: str
    company: str = ""
    city: str = "Utrecht"

    @property
    def first(self) -> str:
        return self.name.split()[0]

    @property
    def domain(self) -> str:
        return self.email.split("@")[1]


def _c(name: str, email: str, company: str = "", city: str = "Utrecht") -> Customer:
    return Customer(name, email, company, city)


# Those whom a story names by their email.
NAMED = (
    _c("Heike Brandt", "heike.brandt@posteo.example", "", "Kassel"),
    _c("Lucía Olmedo", "lucia@olmedo-vinos.example", "Viñedos Olmedo", "Valladolid"),
    _c("Étienne Marchal", "etienne.marchal@refuge-glacier.example", "Refuge du Glacier", "Briançon"),
    _c("佐藤 由紀", "yuki.sato@hatake.example", "畑アグリ", "長野"),
    _c("Rui Tavares", "rui.tavares@quintadoporto.example", "Quinta do Porto", "Porto"),
    _c("Agnieszka Nowak", "agnieszka.nowak@sad-nowak.example", "Sad Nowak", "Lublin"),
    _c("ليلى حداد", "layla.haddad@nakheel.example", "نخيل", "العين"),
    _c("Sanne de Wit", "s.dewit@waterschap-ijsselvallei.example", "Waterschap IJsselvallei", "Zwolle"),
    _c("Beat Aebischer", "beat.aebischer@thunersee.example", "", "Thun"),
    _c("Matthias Vogel", "m.vogel@agromet.example", "Institute of Agrometeorology", "Halle"),
    _c("Chiara Ferrante", "c.ferrante@cantine-unite.example", "Cantine Unite", "Asti"),
    _c("Juho Haapala", "j.haapala@koulu.example", "Koivulan koulu", "Tampere"),
    _c("Ines Kovač", "ines.k@researcher.example", "", "Zagreb"),
)

CUSTOMERS = (
    _c("Ada Bergström", "ada.bergstrom@fjallgard.example", "Fjällgård", "Östersund"),
    _c("Samuel Oyelaran", "samuel@lagosweather.example", "Lagos Weather Club", "Lagos"),
    _c("Grace Chen", "grace.chen@harborpilots.example", "Harbor Pilots", "Vancouver"),
    _c("Pieter van Dam", "pieter@vandam-tuinen.example", "Van Dam Tuinen", "Haarlem"),
    _c("Margaret O'Neill", "margaret.oneill@kerrymail.example", "", "Killarney"),
    _c("Tomasz Zieliński", "tomasz@zielinski.example", "", "Gdańsk"),
    _c("Fatima El Amrani", "fatima@oasisgrow.example", "Oasis Grow", "Agadir"),
    _c("Hannah Fischer", "hannah.fischer@stadtwerke-lahn.example", "Stadtwerke Lahn", "Marburg"),
    _c("Luca Romano", "luca.romano@velaclub.example", "Vela Club Garda", "Riva del Garda"),
    _c("Nora Haugen", "nora@haugenskogs.example", "Haugen Skog", "Bergen"),
    _c("David Okonkwo", "david.okonkwo@skyfarm.example", "Skyfarm", "Abuja"),
    _c("Isabel Moreau", "isabel.moreau@mairie-saintclair.example", "Mairie de Saint-Clair", "Saint-Clair"),
    _c("Kenji Watanabe", "kenji@umikaze.example", "Umikaze Sailing", "Kobe"),
    _c("Olga Ivanova", "olga@gardenlab.example", "Garden Lab", "Riga"),
    _c("Ben Whitaker", "ben@whitakerdrones.example", "Whitaker Drones", "Leeds"),
    _c("Sofia Papadaki", "sofia@meltemi.example", "Meltemi Charter", "Chania"),
    _c("Jakob Lund", "jakob.lund@skolenet.example", "Skolenet", "Aarhus"),
    _c("Amina Yusuf", "amina.yusuf@mbeya-coffee.example", "Mbeya Coffee", "Mbeya"),
    _c("Carlos Rivas", "carlos.rivas@huertos.example", "", "Murcia"),
    _c("Emily Carter", "emily.carter@riverbendschool.example", "Riverbend School", "Asheville"),
    _c("Viktor Horvat", "viktor@vetar.example", "Vetar", "Split"),
    _c("Linh Tran", "linh.tran@mekongdata.example", "Mekong Data", "Cần Thơ"),
    _c("Oskar Meyer", "oskar.meyer@meyerdach.example", "Meyer Dachbau", "Bremen"),
    _c("Ruth Abrams", "ruth.abrams@hillsidebees.example", "Hillside Bees", "Bristol"),
    _c("Mateo Silva", "mateo@altoscampos.example", "Altos Campos", "Mendoza"),
    _c("Eva Novotná", "eva.novotna@chmelnice.example", "", "Žatec"),
    _c("Patrick Dunne", "patrick@dunnegolf.example", "Dunne Golf Links", "Galway"),
    _c("Mei Lin", "mei.lin@orchid.example", "Orchid House", "Taichung"),
    _c("Anders Holm", "anders.holm@vindkraft.example", "Holm Vindkraft", "Kiruna"),
    _c("Zoë Peeters", "zoe@peeters-bloemen.example", "Peeters Bloemen", "Gent"),
    _c("Henrik Salo", "henrik.salo@saaristo.example", "", "Turku"),
    _c("Priscilla Adjei", "priscilla@cocoacoop.example", "Cocoa Co-op", "Kumasi"),
    _c("Georg Huber", "georg.huber@almhof.example", "Almhof Huber", "Kitzbühel"),
    _c("Nadia Rahman", "nadia.rahman@deltarice.example", "Delta Rice", "Khulna"),
    _c("Liam Walsh", "liam@surfreport.example", "Surf Report", "Bundoran"),
    _c("Clara Jensen", "clara.jensen@byhaver.example", "Byhaver", "København"),
    _c("Ibrahim Demir", "ibrahim@zeytin.example", "Zeytin Kooperatifi", "Ayvalık"),
    _c("Rosa Delgado", "rosa.delgado@bomberos-norte.example", "Bomberos Norte", "Antofagasta"),
    _c("Thomas Baker", "tom.baker@stormchase.example", "Storm Chase", "Norman"),
    _c("Aino Virtanen", "aino@virtanen-marjat.example", "Virtanen Marjat", "Kuopio"),
    _c("Marco Bianchi", "marco@bianchi-ulivi.example", "Bianchi Ulivi", "Lucca"),
    _c("Julie Lambert", "julie.lambert@parapente-alpes.example", "Parapente Alpes", "Annecy"),
    _c("Stefan Popescu", "stefan@popescu-vii.example", "Popescu Vii", "Focșani"),
    _c("Karin Lindgren", "karin.lindgren@kommun.example", "Kommun Vättern", "Jönköping"),
)


def pocket(customer: Customer, me: str, other: str, year: int, rng: Random) -> dict[str, str]:
    """What the names in braces stand for when a story is told of this customer by this agent."""
    order = f"NW-{rng.randrange(20_100, 29_900)}"
    return {
        "first": customer.first,
        "email": customer.email,
        "domain": customer.domain,
        "city": customer.city,
        "company": customer.company or f"the {customer.name.split()[-1]} household",
        "order": order,
        "invoice": f"{year}-{rng.randrange(4_100, 9_800)}",
        "vat": f"{rng.randrange(810_000_000, 869_999_999)}",
        "serial": f"WS2-{rng.randrange(16**6):06X}",
        "amount": rng.choice(("4.90", "8.90", "47.00", "89.00")),
        "me": me.split()[0],
        "other": other.split()[0],
    }


def fill(text: str, values: dict[str, str]) -> str:
    """The text with its names filled in; any other brace stays, since messages hold code."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text
