# Read by the smoke tests, `. "$(dirname "$0")/lib.sh"`: calls to a running Tandem with curl, and checks of its answers.
# A test is run as `tests/smoke/NAME.sh http://127.0.0.1:8080` and says what it checked; it ends at the first failure.
# shellcheck shell=bash
set -euo pipefail

API=${1:?usage: $0 BASE_URL, for example http://127.0.0.1:8080}/api
TOKEN=
STATUS=
WORK=$(mktemp -d "${TMPDIR:-/tmp}/tandem-smoke.XXXXXX")
trap 'rm -rf "$WORK"' EXIT

# call METHOD PATH [JSON [curl options …]]: sets STATUS; the answer's body and header go to files in WORK.
call() {
  local method=$1 path=$2 json=${3-} options=()
  shift 2
  if (($#)); then shift; fi
  if [ -n "$TOKEN" ]; then options+=(-H "Authorization: Bearer $TOKEN"); fi
  if [ -n "$json" ]; then options+=(-H 'Content-Type: application/json' --data-binary "$json"); fi
  CALL="$method $path"
  # --path-as-is: what is asked for is what is written here.
  STATUS=$(curl -sS -m 30 --path-as-is -X "$method" -D "$WORK/head" -o "$WORK/body" -w '%{http_code}' "${options[@]}" "$@" "$API$path")
  [ -e "$WORK/body" ] || : > "$WORK/body"
}

fail() {
  printf 'FAIL %s: %s\n' "$CALL" "$*" >&2
  { cat "$WORK/head"; head -c 2000 "$WORK/body"; echo; } >&2
  exit 1
}
passed() { printf '  ok  %s\n' "$*"; }

# want STATUS [what]: the last answer has this status.
want() {
  [ "$STATUS" = "$1" ] || fail "answers $STATUS, not $1"
  if (($# > 1)); then passed "$2"; fi
}
# has TEXT, lacks TEXT: in the body, literally.
has() { grep -qF -- "$1" "$WORK/body" || fail "lacks $1"; }
lacks() { ! grep -qF -- "$1" "$WORK/body" || fail "must not hold $1"; }
# header TEXT: the header has a line that begins so, whatever the case.
header() { grep -qi -- "^$1" "$WORK/head" || fail "has no header field $1"; }
# problem STATUS [what]: an error as the contract has it.
problem() { want "$1"; header 'content-type: application/problem+json'; has '"detail":"'; if (($# > 1)); then passed "$2"; fi; }
# text NAME: the first text member of that name in the body; number NAME: the first number.
text() { grep -o "\"$1\":\"[^\"]*\"" "$WORK/body" | head -n 1 | cut -d '"' -f 4 | grep . || fail "has no text $1"; }
number() { grep -o "\"$1\":[0-9]*" "$WORK/body" | head -n 1 | cut -d : -f 2 | grep . || fail "has no number $1"; }
# list NAME: what stands in the first list of that name, nested lists not counted.
list() { grep -o "\"$1\":\[[^]]*\]" "$WORK/body" | head -n 1 || true; }

# register: makes an account with a random name and sets TOKEN and NAME.
register() {
  NAME=smoke-$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')
  TOKEN=
  call POST /auth/register/ "{\"username\":\"$NAME\",\"password\":\"a long pass phrase 7\",\"language\":\"en\"}"
  want 201
  TOKEN=$(text access)
}

# couple: two accounts and their couple; sets A and B, their tokens, and goes on as A.
couple() {
  register; B=$TOKEN
  register; A=$TOKEN
  call POST /couple/create/ '{}'; want 201
  call POST /couple/invite/ '{}'; want 200
  CODE=$(text code)
  TOKEN=$B; call POST /couple/join/ "{\"code\":\"$CODE\"}"; want 200
  TOKEN=$A
}
