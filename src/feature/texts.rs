//! What the seam says for every noun.

crate::texts! {
    KEY_IN_PROGRESS: "Another request is still being written, perhaps one with this Idempotency-Key.", "Une autre requête est en cours d'écriture, peut-être avec cette Idempotency-Key.", "다른 요청이 아직 기록 중이며, 이 Idempotency-Key를 사용하는 요청일 수 있습니다.";
}
