//! What is said of bodies, pages and failures, whatever was asked for.

crate::texts! {
    MALFORMED: "The body is not well-formed: {0}.", "Le corps est mal formé : {0}.", "본문 형식이 올바르지 않습니다: {0}.";
    MEDIA_TYPE: "Send application/json or application/x-www-form-urlencoded.", "Envoyez application/json ou application/x-www-form-urlencoded.", "application/json 또는 application/x-www-form-urlencoded로 보내세요.";
    TOO_LARGE: "The body is larger than {0} bytes.", "Le corps dépasse {0} octets.", "본문이 {0}바이트를 초과합니다.";
    TOO_DENSE: "The body holds too many values: send it in parts.", "Le corps contient trop de valeurs : envoyez-le en plusieurs parties.", "본문에 값이 너무 많습니다. 나누어 보내세요.";
    INCOMPLETE: "The body ended before its declared length.", "Le corps s'est terminé avant la longueur annoncée.", "본문이 선언된 길이보다 먼저 끝났습니다.";
    INVALID_PAGE: "Invalid page.", "Page invalide.", "잘못된 페이지입니다.";
    BUSY: "The server is busy. Try again shortly.", "Le serveur est occupé. Réessayez bientôt.", "서버가 사용 중입니다. 잠시 후 다시 시도하세요.";
    UNAVAILABLE: "The service is not available right now.", "Le service n'est pas disponible pour le moment.", "지금은 서비스를 사용할 수 없습니다.";
    FULL: "The server has no space left. Nothing was saved.", "Le serveur n'a plus d'espace. Rien n'a été enregistré.", "서버에 남은 공간이 없습니다. 저장되지 않았습니다.";
    INTERNAL: "Something went wrong. It was logged under this request's id.", "Une erreur est survenue. Elle est consignée sous l'identifiant de cette requête.", "문제가 발생했습니다. 이 요청 ID로 기록되었습니다.";
}
