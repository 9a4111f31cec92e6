# shellcheck shell=sh
# Containers by podman and runc, of what is here: for tests. Sourced behind tap.sh.

top=$(cd "${top_srcdir:-$here/../..}" && pwd)
# shellcheck disable=SC2034 # for who sources this
library=${LIBHOLDSTILL:?the path of the object}
# shellcheck disable=SC2034
inside=/usr/lib/holdstill/libholdstill.so # in the container
: "${VICTIMS:?the directory of the built victims}"
. "$here/roots.sh"

# podman, with storage of its own, and no limits that it has no right to raise.
containers_start()
{
    mkdir "$tmp/bin"
    cat >"$tmp/bin/podman" <<END_OF_PODMAN
#!/bin/sh
exec timeout -k 5 300 $(command -v podman) --root "$tmp/storage" --runroot "$tmp/run" \\
    --storage-driver vfs --runtime runc --cgroup-manager cgroupfs --events-backend none "\$@"
END_OF_PODMAN
    chmod +x "$tmp/bin/podman"
    printf '[containers]\ndefault_ulimits = ["nofile=1000:1000", "nproc=10000:10000"]\n' \
        >"$tmp/containers.conf"
    export CONTAINERS_CONF="$tmp/containers.conf"
}

pod() { "$tmp/bin/podman" "$@"; }

contained() # OPTION... COMMAND
{
    pod run --rm --network none "$@"
}

# A root without a shell: the victims and what they are linked with.
containers_small_root() # DIRECTORY
{
    mkdir -p "$1/app" "$1/tmp" "$1/etc" "$1/proc" "$1/sys" "$1/dev" "$1/shared" "$1/bin" "$1/lib64"
    chmod 1777 "$1/tmp"
    cp "$VICTIMS/storm" "$VICTIMS/repeat" "$VICTIMS/static_destructors" "$VICTIMS/own_locks" "$1/app"
    cp /bin/cp "$1/bin"
    for file in $(ldd "$1/app/static_destructors" "$1/bin/cp" | grep -o '/[^ ]*\.so[^ ]*'); do
        cp -L "$file" "$1/lib64/"
    done
    ln -s lib64 "$1/lib" && ls "$1/app/storm" "$1"/lib/ld-linux* "$1"/lib/libc.so.6
}

# Debian with Python, and victims in it.
containers_debian_root() # DIRECTORY
{
    roots_make python bookworm python3 && cp -ax "$roots/python" "$1" && mkdir "$1/app" "$1/shared" &&
        cp "$top"/tests/victims/*.py "$1/app"
}

# Sets $reason why there can't be containers here; empty if there can, and $small is a root.
containers_begin()
{
    reason=
    [ -n "$HOLDSTILL_LONG" ] || reason='only with HOLDSTILL_LONG=1'
    command -v podman >/dev/null && command -v runc >/dev/null || reason='no podman, or no runc'
    [ "$(id -u)" -eq 0 ] || reason='needs root'
    [ -z "$reason" ] || return
    containers_start
    small=$tmp/small
    containers_small_root "$small" >"$tmp/tap.out" 2>&1 ||
        reason="no root: $(tail -n 1 "$tmp/tap.out")"
    contained --rootfs "$small" /app/own_locks list >"$tmp/tap.out" 2>&1 ||
        reason="no container runs here: $(tail -n 1 "$tmp/tap.out")"
}
