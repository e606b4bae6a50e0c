#!/bin/sh
# Sets up the rivals that the bench compares Nightshift with: what each of them runs
# with, and the zip that would be uploaded to Lambda. Does nothing where both were made
# from the very same files before.
#
#   bench/rivals/setup.sh
#
# Makes .tools/bench-python and .tools/bench-node; each variant.toml names what is there.
set -eu

cd "$(dirname "$0")/../.."
root=$PWD
rivals=$root/bench/rivals

die() {
    echo "setup.sh: $*" >&2
    exit 1
}

export PIP_ROOT_USER_ACTION=ignore

# made DIR STAMP: whether DIR was made from what STAMP is a digest of.
made() {
    [ "$(cat "$1/stamp" 2>/dev/null || true)" = "$2" ]
}

digest() {
    sha256sum | cut -d' ' -f1
}

# zipped DIR: DIR.zip, with DIR's files at its top.
zipped() {
    "$python" -c 'import shutil, sys; shutil.make_archive(sys.argv[1], "zip", sys.argv[1])' "$1"
}

# installed OPTION...: by the Python that $by names.
installed() {
    "$by" -m pip install --quiet --disable-pip-version-check --no-deps "$@"
}

set_up_python() {
    from=$rivals/python
    dir=$root/.tools/bench-python
    stamp=$({ cat "$from"/*.py "$from"/*.lock "$rivals/setup.sh"; "$python" --version; } | digest)
    made "$dir" "$stamp" && return
    echo "setup.sh: making .tools/bench-python" >&2
    rm -rf "$dir"
    mkdir -p "$dir/bin"
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        "$python" -m venv "$dir"
        by=$dir/bin/python
        installed --requirement "$from/requirements.lock" --requirement "$from/runtime.lock"
    elif "$python" -m pip --version >/dev/null 2>&1; then
        # Debian ships Python without ensurepip. A --target folder does as well, with
        # a wrapper that knows where its packages are.
        by=$python
        installed --requirement "$from/requirements.lock" --requirement "$from/runtime.lock" --target "$dir/lib"
        # The interpreter itself: a shim on PATH would be started with every process.
        real=$("$python" -c 'import sys; print(sys.executable)')
        printf '#!/bin/sh\nPYTHONPATH="%s" exec "%s" "$@"\n' "$dir/lib" "$real" >"$dir/bin/python"
        chmod +x "$dir/bin/python"
    else
        die "$python has neither venv nor pip; cure: sudo apt-get install python3-venv"
    fi
    # What is uploaded: without the runtime's own packages, and without compiled files,
    # as the usual packagers leave them out.
    installed --requirement "$from/requirements.lock" --no-compile --target "$dir/package"
    rm -rf "$dir/package/bin"
    cp "$from"/*.py "$dir/package"
    zipped "$dir/package"
    echo "$stamp" >"$dir/stamp"
}

set_up_node() {
    from=$rivals/node
    dir=$root/.tools/bench-node
    stamp=$({ cat "$from"/src/*.js "$from"/package*.json "$rivals/setup.sh"; node --version; } | digest)
    made "$dir" "$stamp" && return
    echo "setup.sh: making .tools/bench-node" >&2
    rm -rf "$dir"
    mkdir -p "$dir"
    cp -R "$from/src" "$from/package.json" "$from/package-lock.json" "$dir"
    (
        cd "$dir"
        npm ci --silent --no-audit --no-fund
        npm run --silent bundle
    )
    zipped "$dir/package"
    echo "$stamp" >"$dir/stamp"
}

python=${PYTHON:-python3}
command -v "$python" >/dev/null ||
    die "no $python; cure: sudo apt-get install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "$python is older than 3.11; cure: PYTHON=python3.11 bench/rivals/setup.sh"
for program in node npm; do
    command -v $program >/dev/null || die "no $program; cure: sudo apt-get install nodejs npm"
done
node -e 'process.exit(Number(parseInt(process.versions.node) < 20))' ||
    die "node is older than 20; cure: put a newer one first on PATH"

set_up_python
set_up_node
