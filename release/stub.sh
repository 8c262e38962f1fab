#!/bin/sh
# Titan @VERSION@ for @TARGET@: after this text comes an archive with Deno and Titan's code. The
# first start unpacks it into the user's cache; to delete it there costs the next start a second.
set -eu

fail() {
  printf 'titan: %s\n' "$1" >&2
  exit 1
}

# Leaves a whole directory behind, or none, also where two start at the same time.
unpack() (
  umask 077
  mkdir -p "${home%/*}" || exit 1
  part=$(mktemp -d "$home.XXXXXX") || exit 1
  trap 'rm -rf "$part"' EXIT
  tail -c +@OFFSET@ "$0" | tar -xzf - -C "$part" || exit 1
  rm -rf "$home"
  mv "$part" "$home" || exit 1
  # Where another start was faster, it went into the other's directory.
  rm -rf "$home/${part##*/}"
)

# Refuses a path that cannot stand in a list of paths.
check() {
  case $1 in *,*) fail "Path \"$1\" has a comma, which permissions of Deno cannot name" ;; esac
}

# Adds to what may be read and written the files that a command names.
add_files() {
  case ${1:-} in backup | restore | user) command=$1 before= && shift ;; *) return 0 ;; esac
  for word in "$@"; do
    file=
    case $command$before in
      user--output) file=$word ;;
      user*) case $word in --output=*) file=${word#*=} ;; esac ;;
      *) case $word in -*) ;; *) file=$word ;; esac ;;
    esac
    before=$word
    [ -n "$file" ] || continue
    check "$file"
    read=$read,$file
    [ "$command" != restore ] || continue
    # A file may have another name until it is whole; its name is on the disk when its directory is.
    read=$read,$file.part,$(dirname -- "$file")
    write=$write,$file,$file.part
  done
}

# The XDG Base Directory Specification has relative paths ignored.
case ${XDG_CACHE_HOME:-} in
  /*) cache=$XDG_CACHE_HOME ;;
  *) cache=${HOME:+$HOME/.cache} ;;
esac
[ -n "$cache" ] || fail "Cannot unpack: set HOME or XDG_CACHE_HOME"
home=$cache/titan/@HASH@
if ! { [ -s "$home/deno" ] && [ -s "$home/main.js" ]; }; then
  if [ -t 2 ]; then printf 'titan: Unpacking into %s, this once\n' "$home" >&2; fi
  why=$(unpack 2>&1) || fail "Cannot unpack into \"$home\": ${why%%
*}"
fi

# What Titan may read and write: its data, and the files that its variables and its command name.
data=${TITAN_DATA_DIR:-data}
check "$home"
check "$data"
read=$home,$data
write=$data
for key in "${GOOGLE_APPLICATION_CREDENTIALS:-}" "${TITAN_APNS_KEY:-}"; do
  # A key may also stand in the variable itself.
  case $key in '' | *-----*) continue ;; esac
  check "$key"
  read=$read,$key
done
add_files "$@"

# Deno keeps what it notes about Titan's code here too, looks for no package.json around it and asks
# nobody for a newer version.
export DENO_DIR="$home/cache" DENO_NO_PACKAGE_JSON=1 DENO_NO_UPDATE_CHECK=1
exec "$home/deno" run --config "$home/deno.json" --cached-only --no-remote --no-npm \
  @OPTIONS@ --allow-read="$read" --allow-write="$write" "$home/main.js" "$@"
