//! What is said of the feed.

crate::texts! {
    UNKNOWN_KIND: "\"{0}\" is no kind of change. The kinds are {1}.", "« {0} » n'est pas un type de changement. Les types sont {1}.", "\"{0}\"은(는) 변경 종류가 아닙니다. 종류: {1}.";
}
