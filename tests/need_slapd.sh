#!/bin/sh
# The tests of directories ask Debian's slapd; unpack it, with what it needs, when it is missing.
# Nothing is installed: an installed one would listen on this machine.
folder=.venv/slapd
command -v slapd >/dev/null 2>&1 && exit 0
[ -x "$folder/usr/sbin/slapd" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1; then
    echo "slapd is missing: unpacking Debian's package for the tests of directories …"
    mkdir -p "$folder/packages/partial"
    apt-get update -qq &&
        apt-get install -y -qq --download-only -o Dir::Cache::archives="$PWD/$folder/packages" slapd >/dev/null &&
        for package in "$folder"/packages/*.deb; do dpkg-deb -x "$package" "$folder"; done &&
        exit 0
fi
echo "slapd is missing and could not be fetched here: the tests of directories will be skipped."
echo "Install it with your package manager (Debian: apt-get install slapd) and run make test again."
