# shellcheck shell=sh
# Minimal Debian systems, made once and kept in HOLDSTILL_ROOTS (default: holdstill-roots in TMPDIR or
# /var/tmp). Sourced. Needs root, debootstrap and a mirror.

roots=${HOLDSTILL_ROOTS:-${TMPDIR:-/var/tmp}/holdstill-roots}

# Leaves $roots/NAME, or says on standard error why not.
roots_make() # NAME VERSION PACKAGE,PACKAGE...
{
    [ -e "$roots/$1/usr/bin" ] && return
    command -v debootstrap >/dev/null || { echo 'no debootstrap' >&2; return 1; }
    mkdir -p "$roots"
    rm -rf --one-file-system "${roots:?}/$1" "$roots/$1.new"
    debootstrap --variant=minbase --include="$3" "$2" "$roots/$1.new" >"$roots/$1.log" 2>&1 || {
        echo "debootstrap $2: see $roots/$1.log" >&2
        return 1
    }
    mv "$roots/$1.new" "$roots/$1"
}
