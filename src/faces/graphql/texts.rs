//! What the GraphQL endpoint says of a request that it refuses.

crate::texts! {
    MEDIA_TYPE_JSON: "Send application/json.", "Envoyez application/json.", "application/json으로 보내세요.";
    NOT_MAP: "Must be a JSON object.", "Doit être un objet JSON.", "JSON 객체여야 합니다.";
    NO_INTROSPECTION: "The schema may not be asked for.", "Le schéma ne peut pas être demandé.", "스키마를 요청할 수 없습니다.";
    TOO_COMPLEX: "The query is too deep or costs too much.", "La requête est trop profonde ou trop coûteuse.", "쿼리가 너무 깊거나 비용이 너무 큽니다.";
}
