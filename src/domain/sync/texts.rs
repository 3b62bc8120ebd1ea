//! What is said of the feed.

crate::texts! {
    UNKNOWN_KIND: "\"{0}\" is no kind of change. The kinds are {1}.", "« {0} » n'est pas un type de changement. Les types sont {1}.", "\"{0}\"은(는) 변경 종류가 아닙니다. 종류: {1}.";
    TOO_LARGE: "The answer would be larger than {0} bytes. Ask in pages: with `limit`, a smaller one where objects are included; a new start with `after=start`, and then with `after` as `next` says.", "La réponse dépasserait {0} octets. Demandez des pages : avec `limit`, plus petit quand les objets sont inclus ; un nouveau départ avec `after=start`, puis avec `after` selon `next`.", "응답이 {0}바이트를 초과합니다. 페이지로 요청하세요: `limit`을 쓰고, 객체를 포함하면 더 작게 하세요. 처음부터 다시 받을 때는 `after=start`, 그다음에는 `next` 값을 `after`로 보내세요.";
}
