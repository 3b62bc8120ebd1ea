//! What the guards say to a request that they refuse.

crate::texts! {
    USER_NOT_FOUND: "User not found.", "Utilisateur introuvable.", "사용자를 찾을 수 없습니다.";
    NEEDS_STAFF: "This is for the staff and the admins of the team: ask one of them.", "Réservé à l'encadrement et aux admins de l'équipe : demandez à l'un d'eux.", "팀의 스태프와 관리자만 할 수 있습니다. 그중 한 명에게 요청하세요.";
    NEEDS_ADMIN: "This is for the admins of the team: ask one of them.", "Réservé aux admins de l'équipe : demandez à l'un d'eux.", "팀의 관리자만 할 수 있습니다. 관리자에게 요청하세요.";
    KEY_REUSED: "This Idempotency-Key was used with another request.", "Cette Idempotency-Key a servi pour une autre requête.", "이 Idempotency-Key는 다른 요청에 사용되었습니다.";
    SLOW_BODIES: "Another slow upload is still on its way: send this one after it, or fewer items at once.", "Un autre envoi lent est encore en cours : envoyez celui-ci ensuite, ou moins d'éléments à la fois.", "느린 업로드가 아직 진행 중입니다. 그 뒤에 보내거나 한 번에 더 적은 항목을 보내세요.";
    KEY_LENGTH: "Idempotency-Key must have {0} to {1} visible ASCII characters.", "Idempotency-Key doit comporter de {0} à {1} caractères ASCII visibles.", "Idempotency-Key는 {0}~{1}자의 ASCII 문자여야 합니다.";
}
