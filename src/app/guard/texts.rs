//! What the guards say to a request that they refuse.

crate::texts! {
    USER_NOT_FOUND: "User not found.", "Utilisateur introuvable.", "사용자를 찾을 수 없습니다.";
    NEEDS_STAFF: "This is for the staff and the admins of the team: ask one of them.", "Réservé à l'encadrement et aux admins de l'équipe : demandez à l'un d'eux.", "팀의 스태프와 관리자만 할 수 있습니다. 그중 한 명에게 요청하세요.";
    NEEDS_ADMIN: "This is for the admins of the team: ask one of them.", "Réservé aux admins de l'équipe : demandez à l'un d'eux.", "팀의 관리자만 할 수 있습니다. 관리자에게 요청하세요.";
    UNKNOWN_VERSION: "This version of the API does not exist: ask for one of supported_versions, or for none.", "Cette version de l'API n'existe pas : demandez l'une de supported_versions, ou aucune.", "존재하지 않는 API 버전입니다. supported_versions 중 하나를 요청하거나 버전을 지정하지 마세요.";
    SUNSET: "This is not offered any more: its last day was {0}.", "Ceci n'est plus proposé : le dernier jour était le {0}.", "더 이상 제공되지 않습니다. 마지막 날은 {0}이었습니다.";
    CLIENT_TOO_OLD: "This version of the app is too old: install version {0} or newer.", "Cette version de l'application est trop ancienne : installez la version {0} ou une plus récente.", "앱 버전이 너무 오래되었습니다. {0} 이상 버전을 설치하세요.";
    CLIENT_OLD: "A newer version of the app is there: install version {0} or newer.", "Une version plus récente de l'application existe : installez la version {0} ou une plus récente.", "새 버전의 앱이 있습니다. {0} 이상 버전을 설치하세요.";
    KEY_REQUIRED: "Send an Idempotency-Key of your own with each upload, in the field or in the body: sent again after a lost answer, it does nothing twice.", "Envoyez une Idempotency-Key propre à chaque envoi, dans le champ ou dans le corps : renvoyée après une réponse perdue, elle ne fait rien deux fois.", "업로드마다 고유한 Idempotency-Key를 필드나 본문에 보내세요. 응답을 받지 못해 다시 보내도 두 번 처리되지 않습니다.";
    EPOCH_CHANGED: "The server was restored from a backup, or you are in another couple or team now: load everything anew. Send again what is missing, after a restore alone.", "Le serveur a été restauré depuis une sauvegarde, ou vous êtes dans un autre couple ou une autre équipe : rechargez tout. Ne renvoyez ce qui manque qu'après une restauration.", "서버가 백업에서 복원되었거나 이제 다른 커플이나 팀에 속해 있습니다. 모두 다시 불러오세요. 복원된 경우에만 빠진 것을 다시 보내세요.";
    ALREADY_DONE: "This was done already, longer ago than its answer is kept: `not_done` lists what of it was not.", "Cela a déjà été fait, il y a plus longtemps que la réponse n'est conservée : `not_done` liste ce qui ne l'a pas été.", "이미 처리된 요청이며 응답 보관 기간이 지났습니다. 처리되지 않은 것은 `not_done`에 있습니다.";
    KEY_REUSED: "This Idempotency-Key was used with another request.", "Cette Idempotency-Key a servi pour une autre requête.", "이 Idempotency-Key는 다른 요청에 사용되었습니다.";
    SLOW_BODIES: "Another slow upload is still on its way: send this one after it, or fewer items at once.", "Un autre envoi lent est encore en cours : envoyez celui-ci ensuite, ou moins d'éléments à la fois.", "느린 업로드가 아직 진행 중입니다. 그 뒤에 보내거나 한 번에 더 적은 항목을 보내세요.";
    KEY_LENGTH: "Idempotency-Key must have {0} to {1} visible ASCII characters.", "Idempotency-Key doit comporter de {0} à {1} caractères ASCII visibles.", "Idempotency-Key는 {0}~{1}자의 ASCII 문자여야 합니다.";
}
