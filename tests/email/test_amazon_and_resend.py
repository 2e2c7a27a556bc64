"""What has to be asked of the provider: Amazon's certificate, the confirmation of a subscription, a mail that Resend keeps."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from django.core.cache import cache
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import clock
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations.channels.email import actions
from conversations.channels.email.ingress import fetching, kept_by_resend, sns, tasks
from conversations.channels.email.ingress.fetching import Unreachable
from conversations.models import Inbound, InboundMail, Mailbox, MailState, Message
from tests.email import calls
from tests.email.letters import letter
from tests.factories import MailboxFactory

pytestmark = pytest.mark.usefixtures("in_acme")
CERTIFICATE = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem"
CONFIRM = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"


@pytest.fixture
def mailbox(acme: Workspace) -> Mailbox:
    return MailboxFactory(workspace=acme, address="support@acme.example", inbound=Inbound.INGRESS)


def with_key(mailbox: Mailbox, **keys: str) -> Mailbox:
    by = Actor.system(mailbox.workspace_id)
    return actions.set_provider_keys(mailbox=mailbox, keys=keys, by=by, at=clock.now())


def queued(task: str) -> list[dict[str, Any]]:
    return list(ProcrastinateJob.objects.filter(task_name=task).order_by("pk").values_list("args", flat=True))


# --- Amazon ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def amazon() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def certified(amazon: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Amazon's certificate is where it says; what was asked for."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    at = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    built = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(amazon.public_key()).serial_number(1)
    )
    signed = (
        built.not_valid_before(at).not_valid_after(at + datetime.timedelta(days=3650)).sign(amazon, hashes.SHA256())
    )
    asked: list[str] = []

    def get(url: str, **how: Any) -> fetching.Answer:
        asked.append(url)
        return fetching.Answer(200, signed.public_bytes(serialization.Encoding.PEM))

    monkeypatch.setattr(fetching, "get", get)
    cache.delete(sns.kept_as(CERTIFICATE))
    yield asked
    cache.delete(sns.kept_as(CERTIFICATE))


def published(amazon: rsa.RSAPrivateKey, message: Any, kind: str = "Notification", **other: str) -> dict[str, Any]:
    given = {
        "Type": kind, "MessageId": "m1", "TopicArn": "arn:aws:sns:eu-central-1:1:mail", "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": "2026-11-30T09:00:00.000Z", "SignatureVersion": "1", "SigningCertURL": CERTIFICATE, **other,
    }  # fmt: skip
    text = "".join(f"{name}\n{given[name]}\n" for name in sns._SIGNED[kind] if name in given)
    used: hashes.HashAlgorithm = hashes.SHA256() if given["SignatureVersion"] == "2" else hashes.SHA1()
    given["Signature"] = base64.b64encode(amazon.sign(text.encode(), padding.PKCS1v15(), used)).decode()
    return given


@pytest.mark.parametrize("version", ["1", "2"])
def test_mail_that_amazon_signed_comes_in(
    mailbox: Mailbox, amazon: rsa.RSAPrivateKey, certified: list[str], version: str
) -> None:
    for text in ("One.", "Two."):
        call = published(amazon, calls.ses_received(letter(text)), SignatureVersion=version)
        sent = {**calls.as_json(call), "content_type": "text/plain; charset=UTF-8"}
        assert calls.post(mailbox, sent).status_code == 200
    assert [message.body for message in Message.objects.order_by("pk")] == ["One.", "Two."]
    assert certified == [CERTIFICATE]


CHANGES: list[dict[str, str]] = [
    {"Message": json.dumps(calls.ses_received(letter("Forged.")))},
    {"Signature": "AAAA"},
    {"Signature": "no base64 at all"},
    {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com.evil.example/x.pem"},
    {"SigningCertURL": "http://sns.eu-central-1.amazonaws.com/x.pem"},
    {"SigningCertURL": "https://evil@sns.eu-central-1.amazonaws.com/x.pem"},
    {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com:8443/x.pem"},
    {"SigningCertURL": "https://[::1/x.pem"},
    {"Type": "Gossip"},
]


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_what_amazon_did_not_sign_is_refused(
    mailbox: Mailbox, amazon: rsa.RSAPrivateKey, certified: list[str], number: int
) -> None:
    call = published(amazon, calls.ses_received(letter())) | CHANGES[number]
    assert calls.post(mailbox, calls.as_json(call)).status_code == 403
    assert not InboundMail.objects.exists()
    assert Mailbox.objects.get().refusals["not_signed"]["count"] == 1
    assert set(certified) <= {CERTIFICATE}


def test_call_is_asked_for_again_while_the_certificate_cannot_be_had(
    mailbox: Mailbox, amazon: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(url: str, **how: Any) -> None:
        raise Unreachable("away")

    cache.delete(sns.kept_as(CERTIFICATE))
    monkeypatch.setattr(fetching, "get", fail)
    assert calls.post(mailbox, calls.as_json(published(amazon, calls.ses_received(letter())))).status_code == 503


def test_subscription_is_confirmed_by_a_worker(
    mailbox: Mailbox, amazon: rsa.RSAPrivateKey, certified: list[str]
) -> None:
    call = published(amazon, "Confirm.", "SubscriptionConfirmation", SubscribeURL=CONFIRM, Token="t")
    assert calls.post(mailbox, calls.as_json(call)).status_code == 200
    (job,) = queued("confirm_at_amazon")
    tasks.confirm_at_amazon(**job)
    assert certified == [CERTIFICATE, CONFIRM]
    elsewhere = published(
        amazon, "Confirm.", "SubscriptionConfirmation", SubscribeURL="https://evil.example/?x", Token="t"
    )
    assert calls.post(mailbox, calls.as_json(elsewhere)).status_code == 403
    assert calls.post(mailbox, calls.as_json(published(amazon, "Bye.", "UnsubscribeConfirmation"))).status_code == 200
    tested = published(amazon, "Successfully validated SNS topic for Amazon SES event publishing.")
    assert calls.post(mailbox, calls.as_json(tested)).status_code == 200
    assert (len(queued("confirm_at_amazon")), InboundMail.objects.count()) == (1, 0)


def test_mail_that_is_only_in_s3_is_set_aside_with_what_to_change(
    mailbox: Mailbox, amazon: rsa.RSAPrivateKey, certified: list[str]
) -> None:
    notice = calls.ses_received(b"", action={"type": "S3", "bucketName": "b", "objectKey": "k"})
    assert calls.post(mailbox, calls.as_json(published(amazon, notice))).status_code == 200
    mail = InboundMail.objects.get()
    assert (mail.state, "S3" in mail.reason) == (MailState.QUARANTINED, True)


# --- Resend ---------------------------------------------------------------------------------------


class _Resend(BaseHTTPRequestHandler):
    """Resend's API, as far as the desk asks it."""

    answers: dict[str, tuple[int, bytes]] = {}
    keys: list[str] = []

    def do_GET(self) -> None:
        self.keys.append(self.headers.get("Authorization", ""))
        status, content = self.answers.get(self.path, (404, b"{}"))
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def resend(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Resend]]:
    settings.ALLOW_PRIVATE_HOSTS = True
    _Resend.answers, _Resend.keys = {}, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Resend)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setattr(kept_by_resend, "API", f"http://127.0.0.1:{server.server_port}")
    yield _Resend
    server.shutdown()
    server.server_close()
    thread.join()


RECEIVED = {
    "type": "email.received",
    "created_at": "2026-11-30T09:00:00Z",
    "data": {"email_id": "e 1/?", "from": "a@b.c"},
}
PATH = "/emails/receiving/e%201%2F%3F"


def work(attempts: int = 0) -> None:
    (job,) = queued("fetch_from_resend")
    tasks.fetch_from_resend(SimpleNamespace(job=SimpleNamespace(attempts=attempts)), **job)  # type: ignore[arg-type]


def test_mail_that_resend_keeps_is_fetched_raw(mailbox: Mailbox, resend: type[_Resend]) -> None:
    with_key(mailbox, resend_api_key="re_key")
    assert calls.post(mailbox, calls.as_json(RECEIVED)).status_code == 200
    resend.answers[PATH] = (200, json.dumps({"raw": {"download_url": f"{kept_by_resend.API}/raw"}}).encode())
    resend.answers["/raw"] = (200, letter("Kept by Resend."))
    work()
    work()
    assert [message.body for message in Message.objects.all()] == ["Kept by Resend."]
    assert resend.keys == ["Bearer re_key", ""] * 2


def test_mail_of_which_resend_has_parts_alone_is_made_again(mailbox: Mailbox, resend: type[_Resend]) -> None:
    with_key(mailbox, resend_api_key="re_key")
    calls.post(mailbox, calls.as_json(RECEIVED))
    given = {
        "from": "Ada <ada@example.com>", "to": ["support@acme.example"], "cc": [], "subject": "Hallo", "text": "Grüße", "html": None, "message_id": "<r1@example.com>",
        "headers": {"X-Tag": ["a", "b"]}, "attachments": [{"filename": "a.txt", "content_type": "text/plain", "download_url": f"{kept_by_resend.API}/file"}],
    }  # fmt: skip
    resend.answers |= {PATH: (200, json.dumps(given).encode()), "/file": (200, b"the file")}
    work()
    mail = InboundMail.objects.get()
    assert (mail.state, mail.from_address, mail.identifier) == (MailState.READ, "ada@example.com", "r1@example.com")
    assert mail.message is not None
    assert (mail.message.body, mail.message.attachments.get().name) == ("Grüße", "a.txt")


@pytest.mark.parametrize("status", [401, 404, 500])
def test_mail_that_cannot_be_fetched_is_tried_again_and_set_aside_in_the_end(
    mailbox: Mailbox, resend: type[_Resend], status: int
) -> None:
    with_key(mailbox, resend_api_key="re_key")
    calls.post(mailbox, calls.as_json(RECEIVED))
    resend.answers[PATH] = (status, b"no")
    with pytest.raises(Unreachable):
        work()
    assert not InboundMail.objects.exists()
    assert "Resend" in Mailbox.objects.get().failure
    work(attempts=tasks.ATTEMPTS)
    mail = InboundMail.objects.get()
    assert (mail.state, mail.code) == (MailState.QUARANTINED, "not_fetched")


def test_without_an_api_key_the_health_says_so(mailbox: Mailbox) -> None:
    calls.post(mailbox, calls.as_json(RECEIVED))
    with pytest.raises(Unreachable):
        work()
    assert (
        Mailbox.objects.get().failure == "A mail cannot be fetched from Resend: the mailbox has no API key of Resend."
    )


def test_nothing_is_fetched_from_private_addresses(settings: Any) -> None:
    settings.ALLOW_PRIVATE_HOSTS = False
    for url in (
        "https://127.0.0.1/raw",
        "http://example.com/raw",
        "https://[::1]/",
        "file:///etc/passwd",
        "https://",
        "x",
    ):
        with pytest.raises(Unreachable):
            fetching.get(url, largest=10, timeout=5)


# --- Signatures -----------------------------------------------------------------------------------


def test_call_that_resend_signed_is_taken_and_another_is_not(mailbox: Mailbox) -> None:
    secret = base64.b64encode(b"0" * 24).decode()
    mailbox = with_key(mailbox, resend_signing_secret=f"whsec_{secret}")
    body = json.dumps(RECEIVED)
    right = base64.b64encode(hmac.new(b"0" * 24, f"msg.1.{body}".encode(), hashlib.sha256).digest()).decode()
    for signature, status in ((f"v1,AAAA v1,{right}", 200), ("v1,AAAA", 403), ("", 403)):
        call = calls.as_json(RECEIVED, **{"Svix-Id": "msg", "Svix-Timestamp": "1", "Svix-Signature": signature})
        assert calls.post(mailbox, call).status_code == status
    assert len(queued("fetch_from_resend")) == 1


def test_call_that_sendgrid_signed_is_taken_and_another_is_not(mailbox: Mailbox) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    mailbox = with_key(mailbox, sendgrid_public_key=base64.b64encode(public).decode())
    call = calls.sendgrid()
    signature = base64.b64encode(key.sign(b"1764493200" + call["data"], ec.ECDSA(hashes.SHA256()))).decode()
    signed = {
        "X-Twilio-Email-Event-Webhook-Signature": signature,
        "X-Twilio-Email-Event-Webhook-Timestamp": "1764493200",
    }
    assert (
        calls.post(mailbox, {**call, "headers": signed | {"X-Twilio-Email-Event-Webhook-Timestamp": "2"}}).status_code
        == 403
    )
    assert calls.post(mailbox, call).status_code == 403
    assert calls.post(mailbox, {**call, "headers": signed}).status_code == 200
    assert InboundMail.objects.count() == 1
