//! What is said of messages.

crate::texts! {
    NOT_TO: "Send \"all\", or an object with user_id, device_id or both.", "Envoyez \"all\" ou un objet avec user_id, device_id ou les deux.", "\"all\" 또는 user_id, device_id 중 하나 이상이 있는 객체를 보내세요.";
    NOT_DOMAINS: "Send a list of 1 to {0} names of domains or of lists of the feed.", "Envoyez une liste de 1 à {0} noms de domaines ou de listes du flux.", "도메인 또는 피드 목록 이름을 1개에서 {0}개까지 목록으로 보내세요.";
    OWN_DEVICES: "Members send to their own devices. Who runs a team sends to anybody in it.", "Les membres envoient à leurs propres appareils. Qui dirige une équipe envoie à tous ses membres.", "멤버는 자신의 기기로만 보낼 수 있습니다. 팀 관리자는 팀의 누구에게나 보낼 수 있습니다.";
    NO_TEXT: "A message of type \"system\" says something: send text.", "Un message de type « system » dit quelque chose : envoyez text.", "\"system\" 유형의 메시지에는 내용이 필요합니다. text를 보내세요.";
}
