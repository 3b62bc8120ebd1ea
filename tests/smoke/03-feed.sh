#!/usr/bin/env bash
# The change feed: what one does, the other sees, deletions too.
. "$(dirname "$0")/lib.sh"

couple
call GET /sync/changes/; want 200; SINCE=$(text server_time)
for kind in couple qna_questions qna_answers goals goal_actions checkins letters; do has "\"$kind\":["; done
passed "a poll has all seven lists"
call GET "/sync/changes/?since=$SINCE"; want 200; has '"goals":[]'; has '"letters":[]'; passed "nothing new"

call POST /goals/ '{"title":"Kept"}'; want 201; KEPT=$(text id)
call POST /goals/ '{"title":"Given up"}'; want 201; GONE=$(text id)
TOKEN=$B
call GET "/sync/changes/?since=$SINCE"; want 200; has "$KEPT"; has "$GONE"; has '"reset":false'
passed "the partner sees the change"
NEXT=$(text server_time)
call GET "/sync/changes/?since=$NEXT"; want 200; has '"goals":[]'; passed "once"

TOKEN=$A
call DELETE "/goals/$GONE/"; want 204
TOKEN=$B
call GET "/sync/changes/?since=$NEXT"; want 200; lacks "$KEPT"
list goals | grep -q "$GONE.*\"deleted\":true" || fail "has no tombstone for $GONE"
passed "a deletion is a tombstone"
call GET "/sync/changes/?since=2001-01-01T00:00:00Z"; want 200; has '"reset":true'; has "$KEPT"; lacks "$GONE"
passed "an old since: everything alive, to start over"
call GET "/sync/changes/?since=2026-13-45T99:99:99Z"; want 200 "an impossible since is no error"
