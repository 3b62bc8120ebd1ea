//! What the GraphQL endpoint says of a request that it refuses.

crate::texts! {
    MEDIA_TYPE_JSON: "Send application/json.", "Envoyez application/json.", "application/json으로 보내세요.";
    NOT_MAP: "Must be a JSON object.", "Doit être un objet JSON.", "JSON 객체여야 합니다.";
    NO_INTROSPECTION: "The schema may not be asked for.", "Le schéma ne peut pas être demandé.", "스키마를 요청할 수 없습니다.";
    NO_SUBSCRIPTION: "There are no subscriptions in GraphQL here: poll `changes`, subscribe a device by `subscribePush`, or open the socket at /api/ws/mobile/sync/ where `pushKey` tells one.", "GraphQL n'offre pas d'abonnements ici : interrogez `changes`, abonnez un appareil par `subscribePush`, ou ouvrez le socket /api/ws/mobile/sync/ là où `pushKey` en donne un.", "여기서는 GraphQL 구독을 지원하지 않습니다. `changes`를 폴링하거나 `subscribePush`로 기기를 구독하고, `pushKey`가 소켓을 알려 주면 /api/ws/mobile/sync/ 소켓을 여세요.";
    TOO_COMPLEX: "The query is too deep or costs too much.", "La requête est trop profonde ou trop coûteuse.", "쿼리가 너무 깊거나 비용이 너무 큽니다.";
}
