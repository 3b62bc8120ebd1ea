//! What is said of uploads, records and their conflicts.

crate::texts! {
    NOT_ITEM: "An item must be a JSON object.", "Un élément doit être un objet JSON.", "항목은 JSON 객체여야 합니다.";
    LIST_LENGTH: "Send {0} to {1} items; there are {2}.", "Envoyez de {0} à {1} éléments ; il y en a {2}.", "{0}~{1}개의 항목을 보내세요. 현재 {2}개입니다.";
    IN_FUTURE: "This lies in the future.", "Cet instant est dans le futur.", "미래의 시각입니다.";
    END_BEFORE_START: "The end is before the start.", "La fin précède le début.", "종료가 시작보다 이릅니다.";
    KEYS_DIFFER: "The Idempotency-Key differs from idempotency_key in the body.", "L'Idempotency-Key diffère d'idempotency_key dans le corps.", "Idempotency-Key가 본문의 idempotency_key와 다릅니다.";
    UNKNOWN_DOMAIN: "There is no such domain of records; there are {0}.", "Ce domaine d'enregistrements n'existe pas ; il y a {0}.", "그런 레코드 도메인이 없습니다. 있는 것: {0}.";
    UNKNOWN_OPERATION: "Use create, update, delete or sync.", "Utilisez create, update, delete ou sync.", "create, update, delete 또는 sync를 사용하세요.";
    DATA_TOO_LARGE: "The fields of a record have at most {0} bytes.", "Les champs d'un enregistrement comptent au plus {0} octets.", "레코드의 필드는 최대 {0}바이트입니다.";
    TOO_MANY_FIELDS: "A record has too many fields.", "L'enregistrement a trop de champs.", "레코드의 필드가 너무 많습니다.";
    FIELD_NAME: "The name of a field is too long.", "Le nom d'un champ est trop long.", "필드 이름이 너무 깁니다.";
    BEFORE: "This is before {0}.", "Ceci précède {0}.", "{0}보다 이릅니다.";
    TRANSITION: "{0} cannot go from \"{1}\" to \"{2}\".", "{0} ne peut pas passer de « {1} » à « {2} ».", "{0}은(는) \"{1}\"에서 \"{2}\"(으)로 바뀔 수 없습니다.";
    MANUAL_AUTO: "What a person decides cannot be settled automatically.", "Ce qu'une personne décide ne peut pas être réglé automatiquement.", "사람이 결정하는 것은 자동으로 해결할 수 없습니다.";
    CONTRADICTION: "The strategy says otherwise.", "La stratégie dit le contraire.", "전략과 맞지 않습니다.";
    CHOOSE_FIELDS: "Both sides changed the same: say what it shall be.", "Les deux côtés ont modifié la même chose : indiquez le résultat voulu.", "양쪽이 같은 항목을 변경했습니다. 결과를 지정하세요.";
    NOT_YOUR_CONFLICT: "Another's upload met this conflict: its sender settles it, or the staff of the team.", "Ce conflit vient de l'envoi de quelqu'un d'autre : à cette personne ou à l'encadrement de l'équipe de le régler.", "다른 구성원의 업로드에서 생긴 충돌입니다. 보낸 사람이나 팀의 스태프가 해결합니다.";
    CONFLICT_RESOLVED: "The conflict is resolved.", "Le conflit est résolu.", "충돌이 해결되었습니다.";
    CONFLICT_OPEN: "{0} conflicts of this record wait for somebody: settle one, then send this edit again.", "{0} conflits de cet enregistrement attendent une décision : réglez-en un, puis renvoyez cette modification.", "이 레코드의 충돌 {0}개가 결정을 기다리고 있습니다. 하나를 해결한 뒤 이 변경을 다시 보내세요.";
    CONFLICT_MOVED_ON: "The record has changed since the conflict. Look at it again and choose.", "L'enregistrement a changé depuis le conflit. Revoyez-le et choisissez.", "충돌 이후 레코드가 변경되었습니다. 다시 확인하고 선택하세요.";
}
