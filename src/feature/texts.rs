//! What the seam says for every noun.

crate::texts! {
    BACKUPS_DAYS: "Backups keep what was deleted for {0} days.", "Les sauvegardes conservent ce qui a été supprimé pendant {0} jours.", "백업은 삭제된 내용을 {0}일 동안 보관합니다.";
    BACKUPS_NEWEST: "The newest {0} backups are kept, with what was deleted since they were made.", "Les {0} sauvegardes les plus récentes sont conservées, avec ce qui a été supprimé depuis.", "최신 백업 {0}개가 그 이후 삭제된 내용과 함께 보관됩니다.";
    BACKUPS_UNLIMITED: "Backups keep what was deleted until the operator deletes them.", "Les sauvegardes conservent ce qui a été supprimé jusqu'à ce que l'exploitant les supprime.", "백업은 운영자가 삭제할 때까지 삭제된 내용을 보관합니다.";
    BACKUPS_NONE: "Tandem has made no backups here; the host may have its own.", "Tandem n'a fait aucune sauvegarde ici ; l'hébergeur peut avoir les siennes.", "Tandem이 만든 백업은 없지만, 호스팅 업체의 백업이 있을 수 있습니다.";
    KEY_IN_PROGRESS: "Another request is still being written, perhaps one with this Idempotency-Key.", "Une autre requête est en cours d'écriture, peut-être avec cette Idempotency-Key.", "다른 요청이 아직 기록 중이며, 이 Idempotency-Key를 사용하는 요청일 수 있습니다.";
}
