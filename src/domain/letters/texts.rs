//! What is said of letters.

crate::texts! {
    MONTH_TAKEN: "There is a letter for this month already.", "Il y a déjà une lettre pour ce mois.", "이 달의 편지가 이미 있습니다.";
}
