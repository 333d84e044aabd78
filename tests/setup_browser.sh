#!/bin/sh
# Gives the page tests a browser and axe-core, or fails: they are never skipped for want of one.
# Usage: sh tests/setup_browser.sh PYTHON
set -eu
python="$1"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/polyglot-zeroshot"

have_browser() {
    command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 ||
        "$python" -c 'import os, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as p: sys.exit(not os.path.exists(p.chromium.executable_path))'
}

if ! have_browser; then
    if command -v apt-get >/dev/null 2>&1; then
        root=""
        [ "$(id -u)" = 0 ] || root="sudo"
        $root apt-get update -qq && $root apt-get install -y -qq chromium fonts-noto-core fonts-noto-cjk || true
    fi
    have_browser || "$python" -m playwright install chromium
    have_browser
fi

if [ ! -f "$cache/axe/node_modules/axe-core/axe.min.js" ]; then
    mkdir -p "$cache/axe"
    if command -v npm >/dev/null 2>&1; then
        npm install --silent --no-save --prefix "$cache/axe" axe-core@4
    else
        echo "npm is needed to fetch axe-core for the accessibility test: install Node.js." >&2
        exit 1
    fi
fi
