/* The answer to a poll without news, as Tandem sends it: what both hello-world programs say, so that only the work differs. */
#define ANSWER_BODY \
    "{\"server_time\":\"2026-01-02T03:04:05.678Z\",\"since\":\"2026-01-02T03:04:05.678Z\"," \
    "\"epoch\":\"0198c0de-7a1b-7c3d-8e4f-5a6b7c8d9e0f\",\"reset\":false,\"has_more\":false,\"poll_after\":5," \
    "\"changes\":{\"couple\":[],\"qna_questions\":[],\"qna_answers\":[],\"goals\":[]," \
    "\"goal_actions\":[],\"checkins\":[],\"letters\":[]}}"

#define ANSWER_HEAD \
    "Status: 200 OK\r\n" \
    "Content-Type: application/json\r\n" \
    "Cache-Control: no-store\r\n" \
    "X-Content-Type-Options: nosniff\r\n" \
    "Referrer-Policy: no-referrer\r\n" \
    "X-Request-Id: 0198c0de-7a1b-7c3d-8e4f-5a6b7c8d9e0f\r\n"
