"""Django's own ASGI handler under the same uvicorn: `python -m tests.benchmarks.bare_process`."""

from __future__ import annotations

import os

from tests.benchmarks.running_desk import settings

if __name__ == "__main__":
    settings.DATABASES["default"]["NAME"] = settings.DATABASES["default"]["TEST"]["NAME"]
    import uvicorn
    from django.core.asgi import get_asgi_application

    uvicorn.run(
        get_asgi_application(),
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
    )
