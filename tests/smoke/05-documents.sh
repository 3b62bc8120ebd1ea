#!/usr/bin/env bash
# Do the first calls of README and docs/client.md work as they stand there, pasted as blocks?
. "$(dirname "$0")/lib.sh"
documents=$(cd "$(dirname "$0")/../.." && pwd)

# paste_of FILE: what its blocks for a shell print when they are pasted, one after the other, at this server.
paste_of() {
  CALL="the blocks of $1"
  sed -n '/^```sh$/,/^```$/p' "$documents/$1" | sed -e '/^```/d' -e "s|http://127.0.0.1:8080/api|$API|g" >"$WORK/block"
  grep -qF "$API" "$WORK/block" || fail "there is none that calls $API"
  : >"$WORK/head"
  # As at a prompt: one line after the other from standard input.
  bash <"$WORK/block" >"$WORK/body" 2>&1 || fail "one of them ends with an error"
  lacks '"detail":'
  lacks 'curl:'
}

paste_of README.md
has '"status":"ok"'
has '"access":"'
has '"username":"zoe-'
passed "README: register, log-in, refresh and a call"

paste_of docs/client.md
has '"username":"ada-'
has '"title":"Learn to sail"'
has '"server_time":"'
has '"syncHealth":'
lacks '"errors":[{'
passed "docs/client.md: first calls, a goal for the partner, an upload, GraphQL"
