//! What is said of messages.

crate::texts! {
    NOT_TO: "Send \"all\", or an object with user_id, device_id or both.", "Envoyez \"all\" ou un objet avec user_id, device_id ou les deux.", "\"all\" 또는 user_id, device_id 중 하나 이상이 있는 객체를 보내세요.";
    NOT_DOMAINS: "Send a list of 1 to {0} names of domains or of lists of the feed.", "Envoyez une liste de 1 à {0} noms de domaines ou de listes du flux.", "도메인 또는 피드 목록 이름을 1개에서 {0}개까지 목록으로 보내세요.";
    OWN_DEVICES: "Members send to their own devices. Who runs a team sends to anybody in it.", "Les membres envoient à leurs propres appareils. Qui dirige une équipe envoie à tous ses membres.", "멤버는 자신의 기기로만 보낼 수 있습니다. 팀 관리자는 팀의 누구에게나 보낼 수 있습니다.";
    DEVICE_ID: "1 to 255 characters without control characters and /.", "1 à 255 caractères, sans caractères de contrôle ni /.", "제어 문자와 / 없이 1자에서 255자까지 보내세요.";
    INACTIVE: "The subscription is not active: verify it first, or subscribe anew.", "L’abonnement n’est pas actif : vérifiez-le d’abord ou abonnez-vous à nouveau.", "구독이 활성 상태가 아닙니다. 먼저 확인하거나 다시 구독하세요.";
    IS_OVER: "Send an instant that is still to come.", "Envoyez un instant à venir.", "앞으로 올 시각을 보내세요.";
    NO_DEVICE: "This account has no such active device: register it first.", "Ce compte n’a pas cet appareil actif : enregistrez-le d’abord.", "이 계정에는 그런 활성 기기가 없습니다. 먼저 등록하세요.";
    NOT_ENDPOINT: "Send the push service’s address as it came: https, a host’s name, at most 1000 characters.", "Envoyez l’adresse du service push telle quelle : https, un nom d’hôte, 1000 caractères au plus.", "푸시 서비스 주소를 받은 그대로 보내세요. https, 호스트 이름, 최대 1000자입니다.";
    NOT_HOST: "This server calls only certain push services, and this is none of them.", "Ce serveur n’appelle que certains services push, et celui-ci n’en fait pas partie.", "이 서버는 정해진 푸시 서비스만 호출하며, 이 서비스는 포함되지 않습니다.";
    NOT_KEYS: "Send p256dh and auth as the push service gave them, in base64url.", "Envoyez p256dh et auth tels que le service push les a donnés, en base64url.", "푸시 서비스가 준 p256dh와 auth를 base64url로 보내세요.";
    NOT_PORT: "This server calls push services at port 443 only, unless its operator says otherwise.", "Ce serveur n’appelle les services push que sur le port 443, sauf réglage contraire.", "운영자가 달리 설정하지 않는 한 이 서버는 443 포트의 푸시 서비스만 호출합니다.";
    NOT_QUIET: "Send both ends of the quiet hours, not alike, or null for both.", "Envoyez les deux bornes des heures calmes, différentes, ou null pour les deux.", "방해 금지 시간의 시작과 끝을 서로 다르게 모두 보내거나, 둘 다 null로 보내세요.";
    NOT_TIME: "Send a time of day as HH:MM.", "Envoyez une heure au format HH:MM.", "시각을 HH:MM 형식으로 보내세요.";
    OTHER_DEVICE: "This session is on another device: each device subscribes itself.", "Cette session est sur un autre appareil : chaque appareil s’abonne lui-même.", "이 세션은 다른 기기에 있습니다. 각 기기가 스스로 구독해야 합니다.";
    TOGETHER: "Send endpoint and keys together, or neither.", "Envoyez endpoint et keys ensemble, ou aucun des deux.", "endpoint와 keys를 함께 보내거나 둘 다 보내지 마세요.";
    TOO_MANY: "A user has at most {0} subscriptions: end one of a device that is not used any more.", "Un utilisateur a au plus {0} abonnements : terminez celui d’un appareil qui ne sert plus.", "사용자의 구독은 최대 {0}개입니다. 더 이상 쓰지 않는 기기의 구독을 종료하세요.";
    UNAVAILABLE: "This server wakes no devices: poll. Who runs it can set push.contact.", "Ce serveur ne réveille aucun appareil : interrogez-le. Qui l’exploite peut définir push.contact.", "이 서버는 기기를 깨우지 않습니다. 주기적으로 조회하세요. 운영자가 push.contact를 설정할 수 있습니다.";
    WRONG_CODE: "This is not the code that was sent last, or it was tried too often: subscribe again for another one.", "Ce n’est pas le dernier code envoyé, ou il a été essayé trop souvent : abonnez-vous à nouveau pour en recevoir un autre.", "마지막으로 보낸 코드가 아니거나 너무 많이 시도했습니다. 다시 구독하면 새 코드를 받습니다.";
    NO_TEXT: "A message of type \"system\" says something: send text.", "Un message de type « system » dit quelque chose : envoyez text.", "\"system\" 유형의 메시지에는 내용이 필요합니다. text를 보내세요.";
}
