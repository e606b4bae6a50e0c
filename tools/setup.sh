#!/bin/sh
# Makes .tools/ENV from tools/ENV.lock. Does nothing when it was made from the
# very same lock by the very same Python before.
#
#   tools/setup.sh ministack
#
# What it made is run as .tools/ENV/bin/NAME, python included.
set -eu

cd "$(dirname "$0")/.."
env=${1:?usage: tools/setup.sh ENV, where tools/ENV.lock exists}
lock=tools/$env.lock
dir=.tools/$env

die() {
    echo "setup.sh: $*" >&2
    exit 1
}

[ -f "$lock" ] || die "no $lock; there are: $(cd tools && echo *.lock)"
python=${PYTHON:-python3}
command -v "$python" >/dev/null ||
    die "no $python; cure: sudo apt-get install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "$python is older than 3.11; cure: PYTHON=python3.11 make ..."

export PIP_ROOT_USER_ACTION=ignore
# The version is part of the stamp: a venv does not outlive its interpreter.
stamp=$({ cat "$lock"; "$python" --version; } | sha256sum | cut -d' ' -f1)
[ "$(cat "$dir/stamp" 2>/dev/null || true)" = "$stamp" ] && exit 0

echo "setup.sh: making $dir from $lock" >&2
rm -rf "$dir"
mkdir -p .tools
if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    "$python" -m venv "$dir"
    "$dir/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$lock"
elif "$python" -m pip --version >/dev/null 2>&1; then
    # Debian ships Python without ensurepip. A --target folder does as well,
    # with wrappers of our own that know where its packages are.
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps \
        --target "$dir/lib" -r "$lock"
    mkdir -p "$dir/bin"
    wrap() { # NAME COMMAND...
        name=$1
        shift
        printf '#!/bin/sh\nPYTHONPATH="%s" exec %s "$@"\n' "$PWD/$dir/lib" "$*" >"$dir/bin/$name"
        chmod +x "$dir/bin/$name"
    }
    wrap python "$(command -v "$python")"
    wrap python3 "$(command -v "$python")"
    for script in "$dir"/lib/bin/*; do
        [ -f "$script" ] || continue
        case $(head -c 2 "$script") in
            '#!') wrap "${script##*/}" "$(command -v "$python")" "$PWD/$script" ;;
            *) wrap "${script##*/}" "$PWD/$script" ;;
        esac
    done
else
    die "$python has neither venv nor pip; cure: sudo apt-get install python3-venv"
fi
echo "$stamp" >"$dir/stamp"
