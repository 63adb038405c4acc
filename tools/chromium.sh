#!/bin/sh
# Chromium for the tests that drive a browser: installed from Debian where we may; without it they are skipped.
set -eu
if command -v chromium >/dev/null || ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    exit 0
fi
echo "Installing Chromium for the tests that drive a browser …"
{ apt-get update -q && apt-get install -qy --no-install-recommends chromium fonts-noto-cjk; } >/dev/null ||
    echo "Chromium could not be installed."
