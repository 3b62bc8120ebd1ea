//! What is said of goals and actions.

crate::texts! {
    NOT_MEMBER: "The owner must be a member of the couple or team.", "Le responsable doit faire partie du couple ou de l'équipe.", "담당자는 커플이나 팀의 구성원이어야 합니다.";
    TOO_MANY_ITEMS: "There are {0} already; that is the most.", "Il y en a déjà {0} ; c'est le maximum.", "이미 {0}개가 있으며 최대입니다.";
}
