# shellcheck shell=sh
# The Debian packages that a task needs. Sourced.

packages_missing() # PACKAGE...: prints those that aren't installed
{
    for package in "$@"; do
        case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
        installed) ;;
        *) printf '%s ' "$package" ;;
        esac
    done
}

packages_available() # PACKAGE...: prints those that this release has, names the others on stderr
{
    for package in "$@"; do
        if LC_ALL=C apt-cache policy "$package" | grep -q 'Candidate: [^(]'; then
            printf '%s ' "$package"
        else
            echo "this release has no $package" >&2
        fi
    done
}

# Installs what is missing. Where there is no dpkg, having it all is up to the user.
packages_install() # PACKAGE...
{
    command -v dpkg-query >/dev/null || return 0
    packages=$(packages_missing "$@")
    [ -n "$packages" ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        echo "packages are missing; as root: apt-get install $packages" >&2
        return 1
    fi
    echo "installing $packages" >&2
    # shellcheck disable=SC2086 # a list of names
    apt-get -qq update && packages=$(packages_available $packages) &&
        DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=120 install \
            --no-install-recommends $packages </dev/null
}
