//! What is said of sockets and streams.

crate::texts! {
    UNAVAILABLE: "This server holds no sockets and no streams here: poll. `GET /push/` has their addresses, where there are any.", "Ce serveur ne tient ici ni socket ni flux : interrogez-le. `GET /push/` en donne les adresses, s’il y en a.", "이 서버는 여기서 소켓과 스트림을 제공하지 않습니다. 주기적으로 조회하세요. 주소가 있으면 `GET /push/`에 있습니다.";
    NOT_THIS_WAY: "Sockets are reached through the address that `GET /push/` tells.", "Les sockets s’ouvrent à l’adresse que donne `GET /push/`.", "소켓은 `GET /push/`가 알려 주는 주소로 연결하세요.";
    OTHER_ORIGIN: "Pages of this origin may open no sockets here: who runs the server can add it to cors_origins.", "Les pages de cette origine ne peuvent pas ouvrir de socket ici : qui gère le serveur peut l’ajouter à cors_origins.", "이 출처의 페이지는 여기서 소켓을 열 수 없습니다. 운영자가 cors_origins에 추가할 수 있습니다.";
    DEVICE_ID: "Send the id that your device has here, of 1 to 255 characters.", "Envoyez l’identifiant que votre appareil a ici, de 1 à 255 caractères.", "이 기기의 id를 1자에서 255자로 보내세요.";
    OTHER_DEVICE: "This session is on another device: sign in on this one.", "Cette session est sur un autre appareil : connectez-vous sur celui-ci.", "이 세션은 다른 기기에 있습니다. 이 기기에서 로그인하세요.";
    TOO_LARGE: "The answer is longer than a message may be: ask for it by HTTP.", "La réponse est plus longue qu’un message ne peut l’être : demandez-la par HTTP.", "답이 메시지 한도보다 깁니다. HTTP로 요청하세요.";
    NOT_TEXT: "Send text: JSON.", "Envoyez du texte : du JSON.", "텍스트로 된 JSON을 보내세요.";
    TOO_OFTEN: "Too many messages: wait for a moment.", "Trop de messages : attendez un instant.", "메시지가 너무 많습니다. 잠시 기다리세요.";
    NOT_OBJECT: "Send an object of JSON with its type.", "Envoyez un objet JSON avec son type.", "type이 있는 JSON 객체를 보내세요.";
    NOT_SYNC: "Send a sync_id of 1 to {0} printable characters, or a domain.", "Envoyez un sync_id de 1 à {0} caractères imprimables, ou un domaine.", "표시할 수 있는 1자에서 {0}자까지의 sync_id나 domain을 보내세요.";
    NOT_BEGUN: "This socket does not know the domain of this sync: send it as domain, or begin the sync again with start_sync.", "Ce socket ne connaît pas le domaine de cette synchronisation : envoyez-le dans domain, ou recommencez par start_sync.", "이 소켓은 이 동기화의 도메인을 알지 못합니다. domain으로 보내거나 start_sync로 다시 시작하세요.";
    NOT_INSTANT: "Send since_timestamp as an instant, as server_time is one, or leave it out.", "Envoyez since_timestamp sous forme d’instant, comme server_time, ou omettez-le.", "since_timestamp는 server_time과 같은 시각으로 보내거나 생략하세요.";
    NO_KEY: "Send an idempotency_key of {0} characters or more.", "Envoyez un idempotency_key d’au moins {0} caractères.", "{0}자 이상의 idempotency_key를 보내세요.";
    NO_DATA: "Send data with the members of a batch, or payload with entries.", "Envoyez data avec les membres d’un lot, ou payload avec entries.", "배치 항목이 있는 data나 entries가 있는 payload를 보내세요.";
    NOT_DOMAIN: "Send the name of a domain or of a list of the feed.", "Envoyez le nom d’un domaine ou d’une liste du flux.", "도메인 또는 피드 목록의 이름을 보내세요.";
    NO_DOMAIN: "Send the domain of entity_ids, too.", "Envoyez aussi le domaine de entity_ids.", "entity_ids의 domain도 함께 보내세요.";
    NOT_IDS: "Send 1 to {0} entity_ids.", "Envoyez de 1 à {0} entity_ids.", "entity_ids를 1개에서 {0}개까지 보내세요.";
    NO_SIDE: "Send data, or a strategy that names a side: CLIENT_WINS, SERVER_WINS.", "Envoyez data, ou une stratégie qui désigne un côté : CLIENT_WINS, SERVER_WINS.", "data를 보내거나 한쪽을 고르는 strategy를 보내세요: CLIENT_WINS, SERVER_WINS.";
    NO_CONFLICT: "Send a conflict_id.", "Envoyez un conflict_id.", "conflict_id를 보내세요.";
    A_TEXT: "Send {0} as a text.", "Envoyez {0} sous forme de texte.", "{0}: 문자열로 보내세요.";
    TEXTS: "Send {0} as a list of texts.", "Envoyez {0} sous forme de liste de textes.", "{0}: 문자열 목록으로 보내세요.";
    A_TRUTH: "Send {0} as true or false.", "Envoyez {0} sous la forme true ou false.", "{0}: true나 false로 보내세요.";
    AN_OBJECT: "Send {0} as an object.", "Envoyez {0} sous forme d’objet.", "{0}: 객체로 보내세요.";
    NOT_KNOWN: "This type of message is not known.", "Ce type de message est inconnu.", "알 수 없는 메시지 유형입니다.";
    NOT_KINDS: "Send at most {0} names of domains or of lists of the feed.", "Envoyez au plus {0} noms de domaines ou de listes du flux.", "도메인 또는 피드 목록 이름을 최대 {0}개까지 보내세요.";
}
