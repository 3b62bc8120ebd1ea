//! What is said of bodies, pages and failures, whatever was asked for.

crate::texts! {
    MALFORMED: "The body is not well-formed: {0}.", "Le corps est mal formé : {0}.", "본문 형식이 올바르지 않습니다: {0}.";
    MEDIA_TYPE: "Send application/json or application/x-www-form-urlencoded.", "Envoyez application/json ou application/x-www-form-urlencoded.", "application/json 또는 application/x-www-form-urlencoded로 보내세요.";
    TOO_LARGE: "The body is larger than {0} bytes.", "Le corps dépasse {0} octets.", "본문이 {0}바이트를 초과합니다.";
    TOO_LARGE_AT_ONCE: "The database takes less than this at once: send fewer items. Nothing was saved.", "La base de données accepte moins à la fois : envoyez moins d'éléments. Rien n'a été enregistré.", "데이터베이스가 한 번에 받을 수 있는 양을 넘었습니다. 더 적은 항목을 보내세요. 저장되지 않았습니다.";
    INCOMPLETE: "The body ended before its declared length.", "Le corps s'est terminé avant la longueur annoncée.", "본문이 선언된 길이보다 먼저 끝났습니다.";
    TOO_SLOW: "The body did not arrive within {0} seconds: send it again over a better connection.", "Le corps n'est pas arrivé en {0} secondes : renvoyez-le avec une meilleure connexion.", "본문이 {0}초 안에 도착하지 않았습니다. 더 나은 연결에서 다시 보내세요.";
    TOO_SLOW_ITEMS: "The body did not arrive within {0} seconds: send at most {1} items at once.", "Le corps n'est pas arrivé en {0} secondes : envoyez au plus {1} éléments à la fois.", "본문이 {0}초 안에 도착하지 않았습니다. 한 번에 최대 {1}개 항목만 보내세요.";
    INVALID_PAGE: "Invalid page.", "Page invalide.", "잘못된 페이지입니다.";
    NOT_CURSOR: "This is no cursor of this list.", "Ce n'est pas un curseur de cette liste.", "이 목록의 커서가 아닙니다.";
    KEY_QUOTED: "From version 2 on, the field Idempotency-Key is a text in double quotes.", "À partir de la version 2, le champ Idempotency-Key est un texte entre guillemets droits.", "버전 2부터 Idempotency-Key 필드는 큰따옴표로 묶은 텍스트입니다.";
    BUSY: "The server is busy. Try again shortly.", "Le serveur est occupé. Réessayez bientôt.", "서버가 사용 중입니다. 잠시 후 다시 시도하세요.";
    UNAVAILABLE: "The service is not available right now.", "Le service n'est pas disponible pour le moment.", "지금은 서비스를 사용할 수 없습니다.";
    FULL: "The server has no space left. Nothing was saved.", "Le serveur n'a plus d'espace. Rien n'a été enregistré.", "서버에 남은 공간이 없습니다. 저장되지 않았습니다.";
    INTERNAL: "Something went wrong. It was logged under this request's id.", "Une erreur est survenue. Elle est consignée sous l'identifiant de cette requête.", "문제가 발생했습니다. 이 요청 ID로 기록되었습니다.";
    NOT_UTF8: "Send UTF-8.", "Envoyez de l'UTF-8.", "UTF-8로 보내세요.";
}
