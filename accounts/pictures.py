"""Pictures of people: whatever was uploaded becomes a small square that the desk has encoded itself."""

from __future__ import annotations

import io
import uuid
import warnings

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.errors import Invalid

SIDE = 256
"""Pixels of each side."""
MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 50_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
CONTENT_TYPE = "image/webp"


def encoded(content: bytes) -> bytes:
    """The middle of a picture as a square WebP, turned upright, without anything else that was in the file. Raises Invalid."""
    from PIL import Image, ImageOps  # only uploads of pictures need it

    if len(content) > MOST_BYTES:
        raise Invalid("a picture has at most 10 MB", field="picture")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image: Image.Image = Image.open(io.BytesIO(content), formats=FORMATS)
            if image.width * image.height > MOST_PIXELS:
                raise Invalid("this picture has too many pixels", field="picture")
            image.draft("RGB", (SIDE * 2, SIDE * 2))  # a large JPEG is decoded at about the size that is kept
            image = ImageOps.exif_transpose(image)
            image = image.convert("RGBA" if image.has_transparency_data else "RGB")
            square = ImageOps.fit(image, (SIDE, SIDE), Image.Resampling.LANCZOS)
            written = io.BytesIO()
            square.save(written, "WEBP", quality=85)
    except Invalid:
        raise
    except Exception as error:  # Pillow's readers raise whatever a broken file leads to
        raise Invalid("this is not a picture that can be read; use JPEG, PNG, WebP or GIF", field="picture") from error
    return written.getvalue()


def store(picture: bytes) -> str:
    """Put an encoded picture into the storage, under a name that nobody can guess; returns the name."""
    return default_storage.save(f"pictures/{uuid.uuid4()}.webp", ContentFile(picture))


def version(path: str) -> str:
    """What tells one picture of a person from the next, in its address."""
    return path.rpartition("/")[2].partition(".")[0][:8]
