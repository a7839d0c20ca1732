# How the scripts talk: sourced by them, does nothing by itself. Colour only on a terminal, and not where NO_COLOR is set.
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
    bold='' dim='' green='' red='' plain=''
fi

# heading TEXT: the next part of the work.
heading() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }

# complain TEXT…: each argument is a line on standard error, the first one named after the script.
complain() {
    local first=$1
    shift
    printf '%s%s: %s%s\n' "$red" "$(basename "$0")" "$first" "$plain" >&2
    [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
}

# elapsed SINCE: the time since then, as 1m23s. SINCE is a value that $SECONDS had.
elapsed() {
    local seconds=$((SECONDS - $1))
    if [ "$seconds" -ge 60 ]; then printf '%dm%02ds' $((seconds / 60)) $((seconds % 60)); else printf '%ds' "$seconds"; fi
}
