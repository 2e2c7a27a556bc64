"""The servers of well-known mail providers, by the domain of an address or by the server's name."""

from __future__ import annotations

from dataclasses import dataclass

from conversations.channels.email.wire.endpoints import ImapServer, SmtpServer


@dataclass(frozen=True, slots=True)
class KnownServers:
    """A provider: its servers, whom to sign in with instead of a password (if anybody), and what a password has to be."""

    title: str
    imap: ImapServer
    smtp: SmtpServer
    oauth: str = ""
    hint: str = ""


def _provider(
    title: str, imap: str, smtp: str, *, starttls: bool = False, oauth: str = "", hint: str = ""
) -> KnownServers:
    outgoing = SmtpServer(smtp, 587, "starttls") if starttls else SmtpServer(smtp, 465, "tls")
    return KnownServers(title, ImapServer(imap, 993, "tls"), outgoing, oauth, hint)


_APP_PASSWORD = "{} takes an app password here, which you make in the security settings of your account there."  # noqa: S105
_IMAP_OFF = "{} keeps IMAP off until you turn it on in its settings, under POP3 and IMAP."

_GOOGLE = _provider(
    "Google",
    "imap.gmail.com",
    "smtp.gmail.com",
    oauth="google",
    hint="With Google, use an app password or sign in with Google.",
)
_MICROSOFT = _provider(
    "Microsoft",
    "outlook.office365.com",
    "smtp.office365.com",
    starttls=True,
    oauth="microsoft",
    hint="Microsoft takes no passwords here: sign in with Microsoft.",
)
_OUTLOOK = _provider(
    "Outlook.com",
    "outlook.office365.com",
    "smtp-mail.outlook.com",
    starttls=True,
    oauth="microsoft",
    hint="Microsoft takes no passwords here: sign in with Microsoft.",
)
_FASTMAIL = _provider("Fastmail", "imap.fastmail.com", "smtp.fastmail.com", hint=_APP_PASSWORD.format("Fastmail"))
_ICLOUD = _provider("iCloud", "imap.mail.me.com", "smtp.mail.me.com", starttls=True, hint=_APP_PASSWORD.format("Apple"))
_YAHOO = _provider("Yahoo", "imap.mail.yahoo.com", "smtp.mail.yahoo.com", hint=_APP_PASSWORD.format("Yahoo"))
_AOL = _provider("AOL", "imap.aol.com", "smtp.aol.com", hint=_APP_PASSWORD.format("AOL"))
_ZOHO = _provider(
    "Zoho",
    "imap.zoho.com",
    "smtp.zoho.com",
    hint="Zoho keeps IMAP off until you turn it on in its settings, and takes an app password where two-factor sign-in is on.",
)
_ZOHO_EU = _provider("Zoho", "imap.zoho.eu", "smtp.zoho.eu", hint=_ZOHO.hint)
_GMX = _provider("GMX", "imap.gmx.net", "mail.gmx.net", starttls=True, hint=_IMAP_OFF.format("GMX"))
_GMX_COM = _provider("GMX", "imap.gmx.com", "mail.gmx.com", starttls=True, hint=_IMAP_OFF.format("GMX"))
_WEB_DE = _provider("WEB.DE", "imap.web.de", "smtp.web.de", starttls=True, hint=_IMAP_OFF.format("WEB.DE"))
_MAILBOX_ORG = _provider("mailbox.org", "imap.mailbox.org", "smtp.mailbox.org")
_POSTEO = _provider("Posteo", "posteo.de", "posteo.de")
_T_ONLINE = _provider(
    "Telekom",
    "secureimap.t-online.de",
    "securesmtp.t-online.de",
    hint="Telekom takes a password for mail programs, which you set in its customer centre.",
)
_YANDEX = _provider("Yandex", "imap.yandex.com", "smtp.yandex.com", hint=_APP_PASSWORD.format("Yandex"))
_QQ = _provider("QQ Mail", "imap.qq.com", "smtp.qq.com", hint=_APP_PASSWORD.format("QQ Mail"))
_NETEASE = _provider("NetEase", "imap.163.com", "smtp.163.com", hint=_APP_PASSWORD.format("NetEase"))
_GANDI = _provider("Gandi", "mail.gandi.net", "mail.gandi.net")
_OVH = _provider("OVHcloud", "ssl0.ovh.net", "ssl0.ovh.net")
_IONOS = _provider("IONOS", "imap.ionos.com", "smtp.ionos.com")
_IONOS_DE = _provider("IONOS", "imap.ionos.de", "smtp.ionos.de")

_DOMAINS = {
    "gmail.com": _GOOGLE,
    "googlemail.com": _GOOGLE,
    "onmicrosoft.com": _MICROSOFT,
    "office365.com": _MICROSOFT,
    "outlook.com": _OUTLOOK,
    "outlook.de": _OUTLOOK,
    "outlook.fr": _OUTLOOK,
    "outlook.es": _OUTLOOK,
    "hotmail.com": _OUTLOOK,
    "hotmail.co.uk": _OUTLOOK,
    "hotmail.de": _OUTLOOK,
    "hotmail.fr": _OUTLOOK,
    "live.com": _OUTLOOK,
    "msn.com": _OUTLOOK,
    "fastmail.com": _FASTMAIL,
    "fastmail.fm": _FASTMAIL,
    "icloud.com": _ICLOUD,
    "me.com": _ICLOUD,
    "mac.com": _ICLOUD,
    "yahoo.com": _YAHOO,
    "yahoo.co.uk": _YAHOO,
    "yahoo.de": _YAHOO,
    "yahoo.fr": _YAHOO,
    "ymail.com": _YAHOO,
    "aol.com": _AOL,
    "zoho.com": _ZOHO,
    "zohomail.com": _ZOHO,
    "zohomail.eu": _ZOHO_EU,
    "gmx.net": _GMX,
    "gmx.de": _GMX,
    "gmx.at": _GMX,
    "gmx.ch": _GMX,
    "gmx.com": _GMX_COM,
    "web.de": _WEB_DE,
    "mailbox.org": _MAILBOX_ORG,
    "posteo.de": _POSTEO,
    "posteo.net": _POSTEO,
    "t-online.de": _T_ONLINE,
    "yandex.com": _YANDEX,
    "qq.com": _QQ,
    "163.com": _NETEASE,
}
_ELSEWHERE = (_GANDI, _OVH, _IONOS, _IONOS_DE)
"""Providers whose customers have domains of their own."""
_HOSTS = {server.host: one for one in (*_DOMAINS.values(), *_ELSEWHERE) for server in (one.smtp, one.imap)} | {
    _MICROSOFT.imap.host: _MICROSOFT
}


def known_servers(address: str) -> KnownServers | None:
    """The servers for an address of a well-known provider; None for a domain that says nothing about its servers."""
    domain = address.rpartition("@")[2].strip().lower().rstrip(".")
    while domain:
        if domain in _DOMAINS:
            return _DOMAINS[domain]
        domain = domain.partition(".")[2]
    return None


def known_host(host: str) -> KnownServers | None:
    """The provider whose server this is; None for others."""
    return _HOSTS.get(host.lower().rstrip("."))
