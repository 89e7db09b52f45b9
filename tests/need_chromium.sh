#!/bin/sh
# The browser tests drive Debian's Chromium; install it when it is missing and can be installed.
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Chromium is missing: installing Debian's package for the browser tests …"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null && exit 0
fi
echo "Chromium is missing and could not be installed here: the browser tests will be skipped."
echo "Install it with your package manager (Debian: apt-get install chromium) and run make test again."
