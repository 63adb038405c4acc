#!/bin/sh
# One of the official Python clients in an environment of its own: sh tools/client.sh VERSION PYTHON
set -eu
version=$1
own=$2
home=.clients/$version

# Client 4.3.0 and what it pins end with Python 3.12.
for python in "$own" python3.12 python3.11; do
    if "$python" -c 'import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null; then
        break
    fi
    python=
done
if [ -z "$python" ]; then
    echo "Client $version is left out, and its tests are skipped: it needs Python 3.11 or 3.12 (Debian 12: apt-get install python3.11-venv)."
    exit 0
fi

echo "Installing client $version into $home …"
rm -rf "$home"
"$python" -m venv "$home"
pip="$home/bin/python -m pip --disable-pip-version-check --no-input install -q --require-hashes"
# The two older ones are source archives whose setup.py needs a setuptools of its time, locked as everything else.
$pip -r requirements/client-build.txt
$pip --use-pep517 --no-build-isolation -r "requirements/client-$version.txt"
"$home/bin/python" -c 'import cytomine.models'
touch "$home/.ready"
