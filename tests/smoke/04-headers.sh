#!/usr/bin/env bash
# Methods, headers and bodies as web servers like to lose them.
. "$(dirname "$0")/lib.sh"

couple
call GET /auth/me/; want 200 "Authorization arrives"
header 'cache-control: .*no-store'; header 'x-content-type-options: nosniff'; passed "nothing is cached"
TOKEN=no.real.token; call GET /auth/me/; problem 401; has '"code":"token_not_valid"'; header 'cache-control: .*no-store'
TOKEN=$A

rm -f "$WORK/body"
call HEAD /auth/me/ '' --head; want 200
header 'content-type: application/json'; passed "HEAD"
call OPTIONS /goals/; ((10#$STATUS < 300)) || fail "answers $STATUS"; header 'allow: .*POST'; passed "OPTIONS"
call PATCH /auth/me/ '{"first_name":"Ada"}'; want 200; has '"first_name":"Ada"'; passed "PATCH"

call POST /goals/ '{"title":"In chunks"}' -H 'Transfer-Encoding: chunked'; want 201; has '"title":"In chunks"'; GOAL=$(text id)
passed "a chunked body"
header 'etag: "'
call PUT "/goals/$GOAL/" '{"title":"Put"}' -H 'If-Match: "of another time"'; problem 412 "If-Match arrives"
call DELETE "/goals/$GOAL/"; want 204 "DELETE"
call GET "/goals/$GOAL/"; problem 404

call POST /goals/ '{"title":'; problem 400 "malformed JSON is a 400 problem"
call POST /goals/ '[]'; problem 400
call POST /goals/ '' -H 'Content-Type: text/plain' --data-binary 'title=x'; problem 415 "another content type: 415"
head -c 200000 /dev/zero | tr '\0' x > "$WORK/long"
printf '{"month":"2026-01","content":"%s"}' "$(cat "$WORK/long")" > "$WORK/letter"
call POST /letters/ '' -H 'Content-Type: application/json' --data-binary "@$WORK/letter"; want 201 "a letter of 200,000 characters"
head -c 10485761 /dev/zero > "$WORK/large"
call POST /goals/ '' -H 'Content-Type: application/json' -H 'Expect:' --data-binary "@$WORK/large"; problem 413 "10 MiB and a byte: 413"

for path in '//goals//' '/a%2Fb' '/a%00b' '/%' '/%zz' '/../etc/passwd'; do
  call GET "$path"
  ((10#$STATUS >= 400 && 10#$STATUS < 500)) || fail "answers $STATUS"
  # Apache refuses some of them itself before it reads .htaccess, with a page of its own.
  if grep -qi '^x-request-id:' "$WORK/head" || ! grep -qiE '^server: (apache|litespeed)' "$WORK/head"; then
    header 'content-type: application/problem+json'
  fi
done
passed "odd paths are 404 problems"
