//! What is said of asking and of marks.

crate::texts! {
    UNKNOWN_KIND: "\"{0}\" is no kind of record. The kinds are {1}.", "« {0} » n'est pas un type d'enregistrement. Les types sont {1}.", "\"{0}\"은(는) 기록 종류가 아닙니다. 종류: {1}.";
    NOT_UUID: "Give the record's id as the app made it, a UUID such as 01890000-0000-7000-8000-000000000001.", "Indiquez l'identifiant de l'enregistrement tel que l'application l'a créé, un UUID comme 01890000-0000-7000-8000-000000000001.", "앱이 만든 기록의 id를 01890000-0000-7000-8000-000000000001 같은 UUID로 입력하세요.";
    NOT_NAMES: "Give names of fields, each as text.", "Indiquez des noms de champs, chacun sous forme de texte.", "필드 이름을 각각 텍스트로 입력하세요.";
    MOST_FIELDS: "Name at most {0} fields, not {1}.", "Nommez au plus {0} champs, pas {1}.", "필드는 {1}개가 아니라 최대 {0}개까지 입력하세요.";
    MOST_RECORDS: "Ask about 1 to {0} records, not {1}.", "Interrogez sur 1 à {0} enregistrements, pas {1}.", "기록은 {1}개가 아니라 1~{0}개까지 물어보세요.";
}
