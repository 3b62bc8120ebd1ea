//! What is said of check-ins.

crate::texts! {
    DAY_TAKEN: "You have checked in on this day already.", "Vous avez déjà fait un point ce jour-là.", "이 날짜에 이미 체크인했습니다.";
    RANGE_ORDER: "The first day is after the last.", "Le premier jour est après le dernier.", "시작일이 종료일보다 늦습니다.";
}
