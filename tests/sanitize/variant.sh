# shellcheck shell=sh
# The shim built in another way than make does. Sourced; $top is the source tree, $builddir where make was.

: "${SHIM_FLAGS:=-D_GNU_SOURCE -std=gnu17 -O2 -fPIC -fvisibility=hidden -fexceptions -ftls-model=initial-exec}"

# Flags that configure found for one compiler may be unknown to another.
variant_flags() # COMPILER
{
    for variant_flag in $SHIM_FLAGS; do
        "$1" "$variant_flag" -Werror -x c -fsyntax-only /dev/null 2>/dev/null && echo "$variant_flag"
    done
}

# An object of each file. Warnings are make's business.
variant_compile() # DIRECTORY FILES COMPILER [FLAG...]: FILES from shim/ on, as find has them
{
    variant_objects=$1
    mkdir -p "$variant_objects"
    printf '%s\n' "$2" >"$variant_objects/files"
    shift 2
    variant_known=$(variant_flags "$1")
    # shellcheck disable=SC2016,SC2086 # for the shell that xargs starts; flags are words
    xargs <"$variant_objects/files" -P "$(nproc)" -I FILE sh -c 'name=FILE objects=$1 top=$2 && shift 2 &&
        "$@" -w -I"$top/shim" -c -o "$objects/$(echo "$name" | tr / -).o" "$top/shim/$name"' sh \
        "$variant_objects" "$top" "$@" $variant_known
}

# All files that the names are of, but for those that are left out.
variant_files() # FOLDERS [LEFT OUT]
{
    # shellcheck disable=SC2086 # names of folders
    (cd "$top/shim" && find $1 -name '*.c' | sed 's|^\./||' | grep -vxF "${2:-none}")
}

# A launcher beside a library, as in a build tree: DIRECTORY/tools/holdstill finds it.
variant_shim() # DIRECTORY LIBRARIES COMPILER [FLAG...]
{
    variant=$1 variant_libraries=$2
    shift 2
    # shellcheck disable=SC2086 # libraries are words
    mkdir -p "$variant/shim" "$variant/tools" &&
        variant_compile "$variant/objects" "$(variant_files .)" "$@" &&
        "$@" -shared -Wl,-z,defs -Wl,-z,now -Wl,--version-script="$builddir/shim/libholdstill.map" \
            -o "$variant/shim/libholdstill.so" "$variant/objects"/*.o $variant_libraries &&
        cp -R "$builddir/tools/holdstill" "$builddir/tools/scripts" "$variant/tools" &&
        cp "$builddir/tools/inspect/inspect" "$variant/shim"
}
