//! What is said of devices to who manages them.

crate::texts! {
    PRIORITY_RAISED: "In a team only an admin lets a device count more than its type does.", "Dans une équipe, seul un administrateur peut donner à un appareil plus de poids que son type.", "팀에서는 관리자만 기기의 우선순위를 기기 유형보다 높일 수 있습니다.";
    NOT_YOURS: "Of a member's device you change the priority alone.", "De l'appareil d'un membre, vous ne changez que la priorité.", "구성원의 기기에서는 우선순위만 바꿀 수 있습니다.";
}
