//! What the GraphQL endpoint says of a request that it refuses.

crate::texts! {
    MEDIA_TYPE_JSON: "Send application/json.", "Envoyez application/json.", "application/json으로 보내세요.";
    NOT_MAP: "Must be a JSON object.", "Doit être un objet JSON.", "JSON 객체여야 합니다.";
    NO_INTROSPECTION: "The schema may not be asked for.", "Le schéma ne peut pas être demandé.", "스키마를 요청할 수 없습니다.";
    NO_SUBSCRIPTION: "There are no subscriptions in GraphQL here: poll `changes`, and subscribe a device by `subscribePush`.", "GraphQL n'offre pas d'abonnements ici : interrogez `changes` et abonnez un appareil par `subscribePush`.", "여기서는 GraphQL 구독을 지원하지 않습니다. `changes`를 폴링하고 `subscribePush`로 기기를 구독하세요.";
    TOO_COMPLEX: "The query is too deep or costs too much.", "La requête est trop profonde ou trop coûteuse.", "쿼리가 너무 깊거나 비용이 너무 큽니다.";
}
