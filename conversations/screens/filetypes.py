"""What kind of file an attachment is, for people: by its bytes where they prove it, else by its name."""

from __future__ import annotations

from functools import lru_cache

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Image types that pages show. The type was verified from the file's bytes when it was stored."""
_UNPROVEN = "application/octet-stream"
_BY_ENDING: dict[str, tuple[str, str | Promise]] = {
    "pdf": ("file-text", "PDF"),
    **dict.fromkeys(("doc", "docx", "odt", "rtf", "pages"), ("file-text", _("Document"))),
    **dict.fromkeys(("xls", "xlsx", "ods", "csv", "tsv", "numbers"), ("file-spreadsheet", _("Spreadsheet"))),
    **dict.fromkeys(("ppt", "pptx", "odp", "key"), ("presentation", _("Presentation"))),
    **dict.fromkeys(("zip", "gz", "tgz", "tar", "rar", "7z", "bz2", "xz", "zst"), ("file-archive", _("Archive"))),
    **dict.fromkeys(("txt", "log", "md"), ("file-text", _("Text"))),
    **dict.fromkeys(("html", "htm", "xml", "json", "js", "css", "py", "sh", "yaml", "yml"), ("file-code", _("Code"))),
    **dict.fromkeys(("ics", "ical"), ("calendar", _("Invitation"))),
    **dict.fromkeys(("eml", "msg"), ("mail", _("Mail"))),
    **dict.fromkeys(("vcf",), ("user-round", _("Contact"))),
    **dict.fromkeys(
        ("png", "jpg", "jpeg", "gif", "webp", "svg", "bmp", "tif", "tiff", "heic"), ("image", _("Picture"))
    ),
    **dict.fromkeys(("mp3", "wav", "m4a", "ogg", "flac", "opus", "amr"), ("music", _("Audio"))),
    **dict.fromkeys(("mp4", "mov", "webm", "avi", "mkv"), ("film", _("Video"))),
    **dict.fromkeys(
        ("exe", "msi", "dll", "bat", "cmd", "com", "scr", "vbs", "jar", "apk", "dmg"), ("package", _("Program"))
    ),
    **dict.fromkeys(("p7s", "p7m", "asc", "sig", "pgp"), ("shield", _("Signature"))),
}
_BY_TYPE = {"image": "png", "audio": "mp3", "video": "mp4", "text": "txt"}
_ARCHIVES = ("zip", "x-tar", "gzip", "x-rar", "x-7z", "x-bzip", "x-xz", "zstd")


@lru_cache(maxsize=2048)
def kind(name: str, content_type: str) -> tuple[str, str | Promise]:
    """The icon and the word for a file: `("file-text", "PDF")`."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    main, _slash, rest = content_type.partition("/")
    if content_type == _UNPROVEN or rest == "zip":  # an office document is a zip too
        return _BY_ENDING.get(ending, ("file-archive", _("Archive")) if rest == "zip" else ("paperclip", _("File")))
    if rest == "pdf":
        return _BY_ENDING["pdf"]
    if any(rest.startswith(one) for one in _ARCHIVES):
        return _BY_ENDING["zip"]
    proven = _BY_TYPE.get(main)
    return _BY_ENDING[proven] if proven else _BY_ENDING.get(ending, ("paperclip", _("File")))


def icon_of(file: object) -> str:
    """The icon for an attachment."""
    return _of(file)[0]


def word_for(file: object) -> str:
    """The word for an attachment's kind."""
    return str(_of(file)[1])


def _of(file: object) -> tuple[str, str | Promise]:
    return kind(str(getattr(file, "name", "")), str(getattr(file, "content_type", "")))
