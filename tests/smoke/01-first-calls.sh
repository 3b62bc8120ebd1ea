#!/usr/bin/env bash
# Is Tandem there, and does it answer what it does not know as the contract says?
. "$(dirname "$0")/lib.sh"

call GET /; ((10#$STATUS < 500)) || fail "answers $STATUS"; passed "GET /api/ answers $STATUS"
header 'content-type: application/'
call GET /no/such/route/; problem 404 "an unknown route is a 404 problem"
call GET /v1/no/such/route; problem 404
call GET /auth/me/; problem 401 "without a token: 401"
has '"code":"not_authenticated"'; header 'www-authenticate: Bearer'
call DELETE /auth/register/; problem 405 "a method that a route does not have: 405"; header 'allow: .*POST'
