#!/usr/bin/env bash
# Two people from registration to a letter as PDF.
. "$(dirname "$0")/lib.sh"

register; B=$TOKEN
register; A=$TOKEN
call GET /auth/me/; want 200; has "\"username\":\"$NAME\""; passed "two people register"
TOKEN= ; call POST /auth/login/ "{\"username\":\"$NAME\",\"password\":\"a long pass phrase 7\"}"; want 200 "one signs in"
call POST /auth/login/ "{\"username\":\"$NAME\",\"password\":\"another pass phrase\"}"; problem 400 "not with a wrong password"
has '"non_field_errors"'

TOKEN=$A
call GET /couple/; problem 404
call POST /couple/create/ '{}'; want 201; has '"partner_b":null'; passed "a couple is made"
call POST /couple/invite/ '{"ttl_minutes":30}'; want 200; CODE=$(text code); passed "and a code to join it"
TOKEN=$B
call POST /couple/join/ "{\"code\":\"$CODE\"}"; want 200; has '"partner_b":{'; passed "the other one joins"
call POST /couple/join/ "{\"code\":\"$CODE\"}"; problem 400 "not twice"

TOKEN=$A
call POST /qna/questions/ '{"text":"Where shall we go?","theme":"travel"}'; want 201; QUESTION=$(text id)
TOKEN=$B
call POST "/qna/questions/$QUESTION/answer/" '{"text":"To the sea."}'; want 200; has '"status":"ANSWERED"'
TOKEN=$A
call GET "/qna/questions/$QUESTION/"; want 200; has 'To the sea.'; passed "a question and its answer"

call POST /goals/ '{"title":"Learn to sail","why_for_us":"Together."}'; want 201; has '"status":"ACTIVE"'; GOAL=$(text id)
call POST "/goals/$GOAL/actions/" '{"text":"Find a school"}'; want 201; has '"action"'; ACTION=$(text id)
TOKEN=$B
call PATCH "/goals/actions/$ACTION/" '{"done":true}'; want 200; has '"done":true'
call GET "/goals/$GOAL"; want 200; has 'Find a school'; passed "a goal and its action, without a slash too"

TODAY=$(date -u +%Y-%m-%d)
call POST /checkins/ "{\"date\":\"$TODAY\",\"mood\":8}"; want 201; has '"stress":5'; passed "a check-in"
call POST /checkins/ "{\"date\":\"$TODAY\"}"; problem 400 "one a day"; has '"date":['
call GET /checkins/; want 200; has '"count":1'

MONTH=$(date -u +%Y-%m)
call POST /letters/ "{\"month\":\"$MONTH\",\"content\":\"Dear you, 사랑해.\"}"; want 201; has '"letter"'; LETTER=$(text id)
call POST /letters/ "{\"month\":\"$MONTH\",\"content\":\"Dear you, 사랑해. Always.\"}"; want 200 "a letter, written and rewritten"
call GET "/letters/$LETTER/pdf/"; want 200; header 'content-type: application/pdf'
head -c 5 "$WORK/body" | grep -q '^%PDF-' || fail "is no PDF"
passed "the letter as PDF"

register
call GET "/goals/$GOAL/"; problem 404 "nobody else sees any of it"
