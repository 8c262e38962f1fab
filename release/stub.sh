#!/bin/sh
# Titan @VERSION@ for @TARGET@: after this text comes an archive with Deno and Titan's code. The
# first start unpacks it into the user's cache; to delete it there costs the next start a second.
set -eu

fail() {
  printf 'titan: %s\n' "$1" >&2
  exit 1
}

# Whatever tidies up a cache may have taken a part of it.
is_whole() {
  for file in @FILES@; do [ -s "$home/$file" ] || return 1; done
}

# What is unpacked is run, with all that its user may do. Prints where somebody else could have put
# something: a link matters by its owner alone. Who owns the cache around it, or may write there
# without the sticky bit, can put another directory in the place of ours at any moment.
find_foreign() (
  me=$(id -u) || exit 1
  find "${home%/*}" "${home%/*}/." "$home" "$home/." -prune \
    \( ! -user 0 ! -user "$me" -o ! -type l \( -perm -020 -o -perm -002 \) \) -print || exit 1
  find "$cache/." -prune \( ! -user 0 ! -user "$me" -o -perm -002 ! -perm -1000 \) -print
)

# Leaves a whole directory behind, or none, also where several start at the same time.
unpack() (
  umask 077
  mkdir -p "${home%/*}" && part=$(mktemp -d "$home.XXXXXX") || exit 1
  trap 'rm -rf "$part" "$part.old"' EXIT
  trap 'exit 1' HUP INT TERM
  tail -c +@OFFSET@ "$0" | tar -xzf - -C "$part" || exit 1
  # After a power cut a file that was not synced may have its length and nothing in it. Where one
  # file system alone cannot be synced, all are.
  sync -f "$part" 2>/dev/null || sync
  # Another start may have been faster, and may run from what it has unpacked.
  if is_whole; then exit 0; fi
  if [ -e "$home" ]; then mv "$home" "$part.old" || exit 1; fi
  mv "$part" "$home" || exit 1
  rm -rf "$home/${part##*/}"
)

# The XDG Base Directory Specification has relative paths ignored; systemd names what CacheDirectory=
# asks for.
case ${XDG_CACHE_HOME:-} in
  /*) cache=$XDG_CACHE_HOME ;;
  *) cache=${CACHE_DIRECTORY:-${HOME:+$HOME/.cache}} ;;
esac
[ -n "$cache" ] || fail "Cannot unpack: set HOME or XDG_CACHE_HOME"
home=$cache/titan/@HASH@
if ! is_whole; then
  if [ -t 2 ]; then printf 'titan: Unpacking into %s, this once\n' "$home" >&2; fi
  if ! why=$(unpack 2>&1); then
    fail "Cannot unpack into \"$home\": $(printf '%s\n' "$why" | sed '/./!d;q')"
  fi
fi
foreign=$(find_foreign) || fail "Cannot tell whose \"$home\" is"
[ -z "$foreign" ] || fail "Cannot run what is in \"${foreign%%
*}\": others may write there"
case $home in *,*) fail "Cannot name \"$home\" to Deno: it has a comma" ;; esac

# Deno keeps what it notes about Titan's code here too, looks for no package.json around it and asks
# nobody for a newer version.
export DENO_DIR="$home/cache" DENO_NO_PACKAGE_JSON=1 DENO_NO_UPDATE_CHECK=1

# Which paths variables and the command name depends on how this is called: the first line says what
# may be read, the second what may be written.
grants=$("$home/deno" run --config "$home/deno.json" --cached-only --no-remote --no-npm \
  --no-prompt --allow-env --allow-read "$home/release/entries/grants.js" "$@") || exit $?
exec "$home/deno" run --config "$home/deno.json" --cached-only --no-remote --no-npm \
  @OPTIONS@ --allow-read="$home,${grants%%
*}" --allow-write="${grants#*
}" "$home/main.js" "$@"
