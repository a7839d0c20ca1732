# Python packages of tests, each by its version and hash: sourced by the scripts that need them, after speak.sh.

# python_packages NAME REQUIREMENTS: an environment with them in .build/python/NAME, made anew when the list has changed.
python_packages() {
    local venv=.build/python/$1 requirements=$2 log=.build/python-$1.log
    cmp -s "$requirements" "$venv/requirements.txt" && return
    rm -rf "$venv"
    mkdir -p "$(dirname "$venv")"
    echo "getting the Python packages of the tests (once) …"
    if ! { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r "$requirements"; } >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        complain "the Python packages of the tests could not be installed" "the whole output: $log"
        exit 1
    fi
    cp "$requirements" "$venv/requirements.txt"
}
