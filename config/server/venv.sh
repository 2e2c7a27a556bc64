#!/bin/sh
# Makes .venv and installs exactly the locked packages: `config/server/venv.sh runtime` to run a desk, `config/server/venv.sh hosts` to run
# one with S3 or Redis, `config/server/venv.sh dev` to work on it.
# It takes no time when nothing has changed. A virtual environment for development stays one, and so does one for S3 and Redis.
set -eu
cd "$(dirname "$0")/../.."
want=$1
stamp=.venv/.installed

say() { echo "$*" >&2; }
lock_of() { if [ "$1" = runtime ]; then echo requirements.lock; else echo "requirements-$1.lock"; fi; }
state_of() { echo "$1 $(cksum <"$(lock_of "$1")")"; }
is_recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

case "$(cat "$stamp" 2>/dev/null || true)" in dev\ *) want=dev ;; hosts\ *) [ "$want" = dev ] || want=hosts ;; esac
if [ "$(cat "$stamp" 2>/dev/null || true)" = "$(state_of "$want")" ] && is_recent .venv/bin/python; then
    exit 0
fi

if ! is_recent .venv/bin/python; then
    python=
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null 2>&1 && is_recent "$candidate"; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        say "Parley needs Python 3.11 or newer, and none was found (python3 is $(python3 -V 2>&1 || echo missing))."
        exit 1
    fi
    say "Making .venv with $("$python" -V)."
    if ! "$python" -m venv --clear .venv; then
        say "The virtual environment could not be made. On Debian and Ubuntu: apt-get install python3-venv"
        exit 1
    fi
fi

# uv installs in seconds what takes pip half a minute. It is a tool of ours, not of the desk's: it gets its own folder.
uv=
for candidate in uv .venv/tools/bin/uv; do
    if "$candidate" --version >/dev/null 2>&1; then
        uv=$candidate
        break
    fi
done
if [ -z "$uv" ] && .venv/bin/python -m pip install --quiet --target .venv/tools uv 2>/dev/null; then
    uv=.venv/tools/bin/uv
fi

lock=$(lock_of "$want")
say "Installing the packages of $lock."
# Bytecode is compiled here and now, because a machine may be set to write none later (PYTHONDONTWRITEBYTECODE).
if [ -z "$uv" ] || ! "$uv" pip sync --quiet --python .venv/bin/python --compile-bytecode --require-hashes "$lock"; then
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip --default-pip >/dev/null
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
fi
state_of "$want" >"$stamp"
