#!/bin/sh
# Draws docs/images/path.svg and dashboard.png anew, from stacks/service.yaml as it is now.
#
#   tools/pictures.sh
#
# Python writes both pages, a headless Chromium takes the picture of the dashboard's.
set -eu

cd "$(dirname "$0")/.."

die() {
    echo "pictures.sh: $*" >&2
    exit 1
}

browser=${CHROMIUM:-chromium}
command -v "$browser" >/dev/null || die "no $browser; cure: sudo apt-get install chromium, or CHROMIUM=google-chrome make pictures"
[ -x .tools/wire/bin/python ] || die "no .tools/wire; cure: make tools"

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
export PYTHONPATH=tests/stack PYTHONDONTWRITEBYTECODE=1
.tools/wire/bin/python -m dashboard path docs/images/path.svg
.tools/wire/bin/python -m dashboard page "$made/dashboard.svg"
size=$(sed -n '1s/.* width="\([0-9]*\)" height="\([0-9]*\)".*/\1,\2/p' "$made/dashboard.svg")

# Chromium starts no sandbox for root, and without the network it looks for nothing there.
set -- --headless --disable-gpu --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$made/browser"
[ "$(id -u)" != 0 ] || set -- "$@" --no-sandbox
"$browser" "$@" --window-size="$size" --screenshot="$made/dashboard.png" "file://$made/dashboard.svg" 2>"$made/said" ||
    die "$(cat "$made/said")"
[ -s "$made/dashboard.png" ] || die "no picture: $(cat "$made/said")"
mv "$made/dashboard.png" docs/images/dashboard.png
