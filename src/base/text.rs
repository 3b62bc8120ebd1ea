//! What is said to the app's users, in the three languages of the contract. No client reads the texts.

use std::borrow::Cow;

/// A language of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English, the default of messages.
    #[default]
    En,
    /// French, the default of accounts.
    Fr,
    /// Korean.
    Ko,
}

impl Language {
    /// The first supported language of an `Accept-Language` value (RFC 9110 §12.5.4), by quality.
    pub fn accept(value: &str) -> Language {
        let mut best = (0.0_f32, Language::En);
        for item in value.split(',') {
            let mut parts = item.trim().split(';');
            let tag = parts.next().unwrap_or_default().trim();
            let quality = parts.find_map(|p| p.trim().strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
            if let Some(language) = Language::from_tag(tag)
                && quality > best.0
            {
                best = (quality, language);
            }
        }
        best.1
    }

    /// The language of a tag such as `fr` or `fr-CA`; Java writes `fr_FR`.
    pub fn from_tag(tag: &str) -> Option<Language> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        let known = [("en", Language::En), ("fr", Language::Fr), ("ko", Language::Ko)];
        known.into_iter().find(|(name, _)| primary.eq_ignore_ascii_case(name)).map(|(_, language)| language)
    }
}

/// One sentence in every language; `{0}`, `{1}` and so on stand for arguments.
#[derive(Debug, PartialEq, Eq)]
pub struct Text {
    /// English.
    pub en: &'static str,
    /// French.
    pub fr: &'static str,
    /// Korean.
    pub ko: &'static str,
}

/// A text with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    text: &'static Text,
    arguments: Vec<String>,
}

impl Message {
    /// A text without arguments.
    pub fn plain(text: &'static Text) -> Self {
        Message { text, arguments: Vec::new() }
    }

    /// A text with arguments.
    pub fn with(text: &'static Text, arguments: &[&dyn ToString]) -> Self {
        Message { text, arguments: arguments.iter().map(|a| a.to_string()).collect() }
    }

    /// The sentence in a language.
    pub fn render(&self, language: Language) -> Cow<'static, str> {
        let text = match language {
            Language::En => self.text.en,
            Language::Fr => self.text.fr,
            Language::Ko => self.text.ko,
        };
        if self.arguments.is_empty() {
            return Cow::Borrowed(text);
        }
        Cow::Owned(self.fill(text))
    }
}

impl Message {
    /// One pass: an argument may hold what a client wrote, and is no template.
    fn fill(&self, text: &str) -> String {
        let (mut filled, mut rest) = (String::with_capacity(text.len()), text);
        while let Some((before, inner)) = rest.split_once('{') {
            filled.push_str(before);
            let place = inner.split_once('}').and_then(|(n, after)| Some((self.arguments.get(n.parse::<usize>().ok()?)?, after)));
            rest = place.map_or(inner, |(_, after)| after);
            filled.push_str(place.map_or("{", |(argument, _)| argument));
        }
        filled + rest
    }
}

macro_rules! texts {
    ($($name:ident: $en:literal, $fr:literal, $ko:literal;)*) => {$(
        #[doc = $en]
        pub static $name: Text = Text { en: $en, fr: $fr, ko: $ko };
    )*};
}

texts! {
    INVALID: "Invalid input.", "Saisie invalide.", "잘못된 입력입니다.";
    REQUIRED: "This field is required.", "Ce champ est obligatoire.", "필수 항목입니다.";
    BLANK: "This field may not be blank.", "Ce champ ne peut pas être vide.", "빈 값일 수 없습니다.";
    NULL: "This field may not be null.", "Ce champ ne peut pas être nul.", "null 값일 수 없습니다.";
    TOO_LONG: "Ensure this field has no more than {0} characters.", "Ce champ ne doit pas dépasser {0} caractères.", "{0}자를 넘을 수 없습니다.";
    TOO_SHORT: "Ensure this field has at least {0} characters.", "Ce champ doit comporter au moins {0} caractères.", "{0}자 이상이어야 합니다.";
    OUT_OF_RANGE: "Enter a number from {0} to {1}.", "Saisissez un nombre de {0} à {1}.", "{0}부터 {1}까지의 숫자를 입력하세요.";
    NOT_TEXT: "Not a valid string.", "Chaîne de caractères invalide.", "유효한 문자열이 아닙니다.";
    NOT_INTEGER: "A valid integer is required.", "Un nombre entier est requis.", "유효한 정수가 필요합니다.";
    NOT_NUMBER: "A valid number is required.", "Un nombre est requis.", "유효한 숫자가 필요합니다.";
    NOT_BOOLEAN: "Must be a valid boolean.", "Valeur booléenne requise.", "유효한 불리언이어야 합니다.";
    NOT_DATE: "Use the form YYYY-MM-DD.", "Utilisez le format AAAA-MM-JJ.", "YYYY-MM-DD 형식을 사용하세요.";
    NOT_MONTH: "Use the form YYYY-MM.", "Utilisez le format AAAA-MM.", "YYYY-MM 형식을 사용하세요.";
    NOT_INSTANT: "Use ISO 8601, as in 2026-01-16T14:30:45Z.", "Utilisez ISO 8601, comme 2026-01-16T14:30:45Z.", "2026-01-16T14:30:45Z와 같은 ISO 8601 형식을 사용하세요.";
    NOT_LIST: "A list is required.", "Une liste est requise.", "목록이 필요합니다.";
    NOT_ITEM: "An item must be a JSON object.", "Un élément doit être un objet JSON.", "항목은 JSON 객체여야 합니다.";
    LIST_LENGTH: "Send {0} to {1} items; there are {2}.", "Envoyez de {0} à {1} éléments ; il y en a {2}.", "{0}~{1}개의 항목을 보내세요. 현재 {2}개입니다.";
    IN_FUTURE: "This lies in the future.", "Cet instant est dans le futur.", "미래의 시각입니다.";
    END_BEFORE_START: "The end is before the start.", "La fin précède le début.", "종료가 시작보다 이릅니다.";
    KEYS_DIFFER: "The Idempotency-Key differs from idempotency_key in the body.", "L'Idempotency-Key diffère d'idempotency_key dans le corps.", "Idempotency-Key가 본문의 idempotency_key와 다릅니다.";
    NOT_CHOICE: "\"{0}\" is not a valid choice.", "« {0} » n'est pas un choix valide.", "\"{0}\"은(는) 유효한 선택이 아닙니다.";
    NUL: "Null characters are not allowed.", "Les caractères nuls ne sont pas autorisés.", "널 문자는 허용되지 않습니다.";
    NOT_OBJECT: "The body must be a JSON object.", "Le corps doit être un objet JSON.", "본문은 JSON 객체여야 합니다.";
    MALFORMED: "The body is not well-formed: {0}.", "Le corps est mal formé : {0}.", "본문 형식이 올바르지 않습니다: {0}.";
    MEDIA_TYPE: "Send application/json or application/x-www-form-urlencoded.", "Envoyez application/json ou application/x-www-form-urlencoded.", "application/json 또는 application/x-www-form-urlencoded로 보내세요.";
    TOO_LARGE: "The body is larger than {0} bytes.", "Le corps dépasse {0} octets.", "본문이 {0}바이트를 초과합니다.";
    TOO_DENSE: "The body holds too many values: send it in parts.", "Le corps contient trop de valeurs : envoyez-le en plusieurs parties.", "본문에 값이 너무 많습니다. 나누어 보내세요.";
    INCOMPLETE: "The body ended before its declared length.", "Le corps s'est terminé avant la longueur annoncée.", "본문이 선언된 길이보다 먼저 끝났습니다.";
    MEDIA_TYPE_JSON: "Send application/json.", "Envoyez application/json.", "application/json으로 보내세요.";
    NOT_MAP: "Must be a JSON object.", "Doit être un objet JSON.", "JSON 객체여야 합니다.";
    NO_INTROSPECTION: "The schema may not be asked for.", "Le schéma ne peut pas être demandé.", "스키마를 요청할 수 없습니다.";
    TOO_COMPLEX: "The query is too deep or costs too much.", "La requête est trop profonde ou trop coûteuse.", "쿼리가 너무 깊거나 비용이 너무 큽니다.";
    NOT_FOUND: "Not found.", "Introuvable.", "찾을 수 없습니다.";
    INVALID_PAGE: "Invalid page.", "Page invalide.", "잘못된 페이지입니다.";
    METHOD: "Method \"{0}\" not allowed.", "Méthode « {0} » non autorisée.", "\"{0}\" 메서드는 허용되지 않습니다.";
    STALE: "The object has changed since you read it.", "L'objet a changé depuis votre lecture.", "읽은 이후 개체가 변경되었습니다.";
    FORBIDDEN: "You do not have permission to perform this action.", "Vous n'avez pas la permission d'effectuer cette action.", "이 작업을 수행할 권한이 없습니다.";
    NOT_AUTHENTICATED: "Authentication credentials were not provided.", "Informations d'authentification non fournies.", "인증 정보가 제공되지 않았습니다.";
    TOKEN_NOT_VALID: "The token is invalid or expired.", "Le jeton est invalide ou expiré.", "토큰이 유효하지 않거나 만료되었습니다.";
    USER_NOT_FOUND: "User not found.", "Utilisateur introuvable.", "사용자를 찾을 수 없습니다.";
    TOO_MANY: "Too many requests. Try again in {0} seconds.", "Trop de requêtes. Réessayez dans {0} secondes.", "요청이 너무 많습니다. {0}초 후에 다시 시도하세요.";
    KEY_REUSED: "This Idempotency-Key was used with another request.", "Cette Idempotency-Key a servi pour une autre requête.", "이 Idempotency-Key는 다른 요청에 사용되었습니다.";
    KEY_LENGTH: "Idempotency-Key must have {0} to {1} visible ASCII characters.", "Idempotency-Key doit comporter de {0} à {1} caractères ASCII visibles.", "Idempotency-Key는 {0}~{1}자의 ASCII 문자여야 합니다.";
    KEY_IN_PROGRESS: "Another request is still being written, perhaps one with this Idempotency-Key.", "Une autre requête est en cours d'écriture, peut-être avec cette Idempotency-Key.", "다른 요청이 아직 기록 중이며, 이 Idempotency-Key를 사용하는 요청일 수 있습니다.";
    NOT_CURSOR: "This is no cursor of this list.", "Ce n'est pas un curseur de cette liste.", "이 목록의 커서가 아닙니다.";
    BUSY: "The server is busy. Try again shortly.", "Le serveur est occupé. Réessayez bientôt.", "서버가 사용 중입니다. 잠시 후 다시 시도하세요.";
    UNAVAILABLE: "The service is not available right now.", "Le service n'est pas disponible pour le moment.", "지금은 서비스를 사용할 수 없습니다.";
    FULL: "The server has no space left. Nothing was saved.", "Le serveur n'a plus d'espace. Rien n'a été enregistré.", "서버에 남은 공간이 없습니다. 저장되지 않았습니다.";
    INTERNAL: "Something went wrong. It was logged under this request's id.", "Une erreur est survenue. Elle est consignée sous l'identifiant de cette requête.", "문제가 발생했습니다. 이 요청 ID로 기록되었습니다.";
    USERNAME_TAKEN: "A user with that username already exists.", "Un utilisateur avec ce nom existe déjà.", "이미 사용 중인 사용자 이름입니다.";
    USERNAME_FORM: "Use letters, digits and @ . + - _ only.", "Utilisez uniquement des lettres, des chiffres et @ . + - _.", "문자, 숫자 및 @ . + - _만 사용하세요.";
    EMAIL_TAKEN: "A user with that email already exists.", "Un utilisateur avec cet e-mail existe déjà.", "이미 사용 중인 이메일입니다.";
    EMAIL_FORM: "Enter a valid email address.", "Saisissez une adresse e-mail valide.", "유효한 이메일 주소를 입력하세요.";
    TIMEZONE: "\"{0}\" is not a known time zone.", "« {0} » n'est pas un fuseau horaire connu.", "\"{0}\"은(는) 알 수 없는 시간대입니다.";
    PASSWORD_NUMERIC: "This password is entirely numeric.", "Ce mot de passe est entièrement numérique.", "비밀번호가 숫자로만 되어 있습니다.";
    PASSWORD_COMMON: "This password is too common.", "Ce mot de passe est trop courant.", "너무 흔한 비밀번호입니다.";
    PASSWORD_USERNAME: "The password is the username.", "Le mot de passe est le nom d'utilisateur.", "비밀번호가 사용자 이름과 같습니다.";
    PASSWORD_CONFIRM: "The passwords do not match.", "Les mots de passe ne correspondent pas.", "비밀번호가 일치하지 않습니다.";
    PASSWORD_WRONG: "The password is wrong.", "Le mot de passe est incorrect.", "비밀번호가 잘못되었습니다.";
    BAD_CREDENTIALS: "No active account found with the given credentials.", "Aucun compte actif ne correspond à ces identifiants.", "해당 정보로 활성 계정을 찾을 수 없습니다.";
    LOGIN_NAME: "Give an email or a username.", "Indiquez un e-mail ou un nom d'utilisateur.", "이메일 또는 사용자 이름을 입력하세요.";
    NO_COUPLE: "No couple found.", "Aucun couple trouvé.", "커플을 찾을 수 없습니다.";
    IN_COUPLE: "You are already in a couple or a team.", "Vous êtes déjà en couple ou dans une équipe.", "이미 커플이나 팀에 속해 있습니다.";
    NOT_PARTNER_A: "Only partner A can invite.", "Seul le partenaire A peut inviter.", "파트너 A만 초대할 수 있습니다.";
    PAIRED: "The couple is already complete.", "Le couple est déjà complet.", "커플이 이미 완성되었습니다.";
    CODE_FORM: "The code has 6 digits.", "Le code comporte 6 chiffres.", "코드는 6자리 숫자입니다.";
    CODE_UNKNOWN: "This code is not known.", "Ce code est inconnu.", "알 수 없는 코드입니다.";
    CODE_USED: "This code was used already.", "Ce code a déjà été utilisé.", "이미 사용된 코드입니다.";
    CODE_EXPIRED: "This code has expired.", "Ce code a expiré.", "만료된 코드입니다.";
    TEAM_FULL: "The team has {0} members; that is the most.", "L'équipe compte {0} membres ; c'est le maximum.", "팀 인원이 최대인 {0}명입니다.";
    NOT_STAFF: "Only staff and admins of the team can invite.", "Seuls l'encadrement et les admins de l'équipe peuvent inviter.", "팀의 스태프와 관리자만 초대할 수 있습니다.";
    LAST_ADMIN: "The team needs an admin: make another member admin first.", "L'équipe a besoin d'un admin : nommez d'abord un autre membre.", "팀에는 관리자가 필요합니다. 먼저 다른 구성원을 관리자로 지정하세요.";
    NO_ROLES: "A couple has no roles.", "Un couple n'a pas de rôles.", "커플에는 역할이 없습니다.";
    NOT_MEMBER: "The owner must be a member of the couple or team.", "Le responsable doit faire partie du couple ou de l'équipe.", "담당자는 커플이나 팀의 구성원이어야 합니다.";
    DAY_TAKEN: "You have checked in on this day already.", "Vous avez déjà fait un point ce jour-là.", "이 날짜에 이미 체크인했습니다.";
    MONTH_TAKEN: "There is a letter for this month already.", "Il y a déjà une lettre pour ce mois.", "이 달의 편지가 이미 있습니다.";
    TOO_MANY_ITEMS: "There are {0} already; that is the most.", "Il y en a déjà {0} ; c'est le maximum.", "이미 {0}개가 있으며 최대입니다.";
    UNKNOWN_KIND: "\"{0}\" is no kind of change. The kinds are {1}.", "« {0} » n'est pas un type de changement. Les types sont {1}.", "\"{0}\"은(는) 변경 종류가 아닙니다. 종류: {1}.";
    NOT_UUID: "Must be a valid UUID.", "Un UUID valide est requis.", "유효한 UUID여야 합니다.";
    UNKNOWN_DOMAIN: "There is no such domain of records.", "Ce domaine d'enregistrements n'existe pas.", "그런 레코드 도메인이 없습니다.";
    UNKNOWN_OPERATION: "Use create, update, delete or sync.", "Utilisez create, update, delete ou sync.", "create, update, delete 또는 sync를 사용하세요.";
    DATA_TOO_LARGE: "The fields of a record have at most {0} bytes.", "Les champs d'un enregistrement comptent au plus {0} octets.", "레코드의 필드는 최대 {0}바이트입니다.";
    TOO_MANY_FIELDS: "A record has too many fields.", "L'enregistrement a trop de champs.", "레코드의 필드가 너무 많습니다.";
    FIELD_NAME: "The name of a field is too long.", "Le nom d'un champ est trop long.", "필드 이름이 너무 깁니다.";
    BEFORE: "This is before {0}.", "Ceci précède {0}.", "{0}보다 이릅니다.";
    TRANSITION: "{0} cannot go from \"{1}\" to \"{2}\".", "{0} ne peut pas passer de « {1} » à « {2} ».", "{0}은(는) \"{1}\"에서 \"{2}\"(으)로 바뀔 수 없습니다.";
    MANUAL_AUTO: "What a person decides cannot be settled automatically.", "Ce qu'une personne décide ne peut pas être réglé automatiquement.", "사람이 결정하는 것은 자동으로 해결할 수 없습니다.";
    CONTRADICTION: "The strategy says otherwise.", "La stratégie dit le contraire.", "전략과 맞지 않습니다.";
    CHOOSE_FIELDS: "Both sides changed the same: say what it shall be.", "Les deux côtés ont modifié la même chose : indiquez le résultat voulu.", "양쪽이 같은 항목을 변경했습니다. 결과를 지정하세요.";
    CONFLICT_RESOLVED: "The conflict is resolved.", "Le conflit est résolu.", "충돌이 해결되었습니다.";
    CONFLICT_MOVED_ON: "The record has changed since the conflict. Look at it again and choose.", "L'enregistrement a changé depuis le conflit. Revoyez-le et choisissez.", "충돌 이후 레코드가 변경되었습니다. 다시 확인하고 선택하세요.";
    NUMBER_BEYOND: "A number has at most {0} digits and an exponent from -{1} to {1}: send it as text.", "Un nombre compte au plus {0} chiffres et un exposant de -{1} à {1} : envoyez-le comme texte.", "숫자는 최대 {0}자리, 지수는 -{1}부터 {1}까지입니다. 텍스트로 보내세요.";
    HALF_CHARACTER: "The text ends inside a character (half of a surrogate pair): cut it between characters.", "Le texte contient une moitié de caractère (demi-paire de substitution) : coupez-le entre deux caractères.", "텍스트에 반쪽 문자(서로게이트 절반)가 있습니다. 문자 사이에서 자르세요.";
    TOO_DEEP: "Nested deeper than {0} levels: send it flatter, or as text.", "Imbriqué sur plus de {0} niveaux : envoyez-le plus à plat ou comme texte.", "{0}단계보다 깊게 중첩되었습니다. 더 평평하게 하거나 텍스트로 보내세요.";
    NOT_UTF8: "Send UTF-8.", "Envoyez de l'UTF-8.", "UTF-8로 보내세요.";
    RANGE_ORDER: "The first day is after the last.", "Le premier jour est après le dernier.", "시작일이 종료일보다 늦습니다.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_language_takes_the_best_supported() {
        assert_eq!(Language::accept("de, fr;q=0.8, ko;q=0.9"), Language::Ko);
        assert_eq!(Language::accept("fr-CA"), Language::Fr);
        assert_eq!(Language::accept("de_DE,ko_KR_#Hang;q=0.7,en_US;q=0.3"), Language::Ko);
        assert_eq!(Language::accept(""), Language::En);
        assert_eq!(Language::accept("fr;q=0, ;;;=,q="), Language::En);
    }

    #[test]
    fn messages_fill_their_arguments() {
        let quoted = Message::with(&UNKNOWN_KIND, &[&"{1}{0}{", &"a, b"]).render(Language::En);
        assert_eq!(quoted, "\"{1}{0}{\" is no kind of change. The kinds are a, b.", "an argument is no template");
        assert_eq!(Message::with(&OUT_OF_RANGE, &[&1, &9]).render(Language::Fr), "Saisissez un nombre de 1 à 9.");
    }
}
