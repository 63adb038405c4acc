#!/bin/sh
# The official JavaScript client, locked as the page's own packages are: sh tools/client_javascript.sh
set -eu
home=.clients/javascript

echo "Installing the JavaScript client into $home …"
rm -rf "$home"
mkdir -p "$home"
cp requirements/client-javascript/package.json requirements/client-javascript/package-lock.json web/.npmrc "$home"
sh tools/npm.sh --prefix "../$home" ci --silent --ignore-scripts
touch "$home/.ready"
