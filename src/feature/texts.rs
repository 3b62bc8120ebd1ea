//! What the seam says for every noun.

crate::texts! {
    KEY_IN_PROGRESS: "Another request is still being written, perhaps one with this Idempotency-Key.", "Une autre requête est en cours d'écriture, peut-être avec cette Idempotency-Key.", "다른 요청이 아직 기록 중이며, 이 Idempotency-Key를 사용하는 요청일 수 있습니다.";
    ID_TAKEN: "This id is another object's: edit that one, or make a new id.", "Cet identifiant est celui d'un autre objet : modifiez celui-ci ou créez un nouvel identifiant.", "이 id는 다른 개체의 것입니다. 그 개체를 수정하거나 새 id를 만드세요.";
    DELETED: "It was deleted meanwhile.", "Cet objet a été supprimé entre-temps.", "그 사이에 삭제되었습니다.";
}
