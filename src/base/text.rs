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

    /// Its tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Fr => "fr",
            Language::Ko => "ko",
        }
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

    /// Its text, whatever the arguments.
    pub fn text(&self) -> &'static Text {
        self.text
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

/// Texts by name: `NAME: "English.", "French.", "Korean.";`. What one noun, guard or face alone says stands in its `texts.rs`.
#[macro_export]
macro_rules! texts {
    ($($name:ident: $en:literal, $fr:literal, $ko:literal;)*) => {$(
        #[doc = $en]
        pub static $name: $crate::base::text::Text = $crate::base::text::Text { en: $en, fr: $fr, ko: $ko };
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
    NOT_UUID: "Must be a valid UUID.", "Un UUID valide est requis.", "유효한 UUID여야 합니다.";
    NOT_LIST: "A list is required.", "Une liste est requise.", "목록이 필요합니다.";
    NOT_CHOICE: "\"{0}\" is not a valid choice; there are {1}.", "« {0} » n'est pas un choix valide ; il y a {1}.", "\"{0}\"은(는) 유효한 선택이 아닙니다. 가능한 값: {1}.";
    NUL: "Null characters are not allowed.", "Les caractères nuls ne sont pas autorisés.", "널 문자는 허용되지 않습니다.";
    NOT_OBJECT: "The body must be a JSON object.", "Le corps doit être un objet JSON.", "본문은 JSON 객체여야 합니다.";
    INSIDE: "Its member \"{0}\" is not as the API's description says.", "Son membre « {0} » n'est pas conforme à la description de l'API.", "\"{0}\" 항목이 API 설명과 다릅니다.";
    NOT_FOUND: "Not found.", "Introuvable.", "찾을 수 없습니다.";
    METHOD: "Method \"{0}\" not allowed.", "Méthode « {0} » non autorisée.", "\"{0}\" 메서드는 허용되지 않습니다.";
    STALE: "The object has changed since you read it.", "L'objet a changé depuis votre lecture.", "읽은 이후 개체가 변경되었습니다.";
    EXISTS: "It is there already. Read it, then change it.", "Cela existe déjà. Lisez-le, puis modifiez-le.", "이미 있습니다. 읽은 다음 변경하세요.";
    FORBIDDEN: "You do not have permission to perform this action.", "Vous n'avez pas la permission d'effectuer cette action.", "이 작업을 수행할 권한이 없습니다.";
    NOT_AUTHENTICATED: "Authentication credentials were not provided.", "Informations d'authentification non fournies.", "인증 정보가 제공되지 않았습니다.";
    TOKEN_NOT_VALID: "The token is invalid or expired.", "Le jeton est invalide ou expiré.", "토큰이 유효하지 않거나 만료되었습니다.";
    TOO_MANY: "Too many requests. Try again in {0} seconds.", "Trop de requêtes. Réessayez dans {0} secondes.", "요청이 너무 많습니다. {0}초 후에 다시 시도하세요.";
    NO_COUPLE: "No couple found.", "Aucun couple trouvé.", "커플을 찾을 수 없습니다.";
    NUMBER_BEYOND: "A number has at most {0} digits and an exponent from -{1} to {1}: send it as text.", "Un nombre compte au plus {0} chiffres et un exposant de -{1} à {1} : envoyez-le comme texte.", "숫자는 최대 {0}자리, 지수는 -{1}부터 {1}까지입니다. 텍스트로 보내세요.";
    HALF_CHARACTER: "The text ends inside a character (half of a surrogate pair): cut it between characters.", "Le texte contient une moitié de caractère (demi-paire de substitution) : coupez-le entre deux caractères.", "텍스트에 반쪽 문자(서로게이트 절반)가 있습니다. 문자 사이에서 자르세요.";
    TOO_DEEP: "Nested deeper than {0} levels: send it flatter, or as text.", "Imbriqué sur plus de {0} niveaux : envoyez-le plus à plat ou comme texte.", "{0}단계보다 깊게 중첩되었습니다. 더 평평하게 하거나 텍스트로 보내세요.";
    ANSWER_TOO_LARGE: "The answer is larger than one may be: ask for it in parts, with `page_size`, `limit` or `first`, or for fewer fields.", "La réponse dépasse la taille permise : demandez-la en plusieurs parties, avec `page_size`, `limit` ou `first`, ou moins de champs.", "응답이 허용된 크기보다 큽니다. `page_size`, `limit` 또는 `first`로 나누어 요청하거나 필드를 줄이세요.";
    TOO_DENSE: "The body holds too many values: send it in parts.", "Le corps contient trop de valeurs : envoyez-le en plusieurs parties.", "본문에 값이 너무 많습니다. 나누어 보내세요.";
}

/// The most characters of a wrong choice that its message repeats.
const SHOWN: usize = 40;
/// The most choices that a message lists: a sentence of more is not read.
const LISTED: usize = 12;

/// What is said of a word that is none of these.
pub fn not_choice<'w>(sent: &str, words: impl IntoIterator<Item = &'w str>) -> Message {
    let mut words: Vec<&str> = words.into_iter().take(LISTED + 1).collect();
    if words.len() > LISTED {
        words[LISTED] = "…";
    }
    Message::with(&NOT_CHOICE, &[&sent.chars().take(SHOWN).collect::<String>(), &words.join(", ")])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_choice_is_told_the_others_but_not_without_end() {
        let said = |words: &[&str]| not_choice(&"x".repeat(99), words.iter().copied()).render(Language::En).into_owned();
        assert_eq!(said(&["a", "b"]), format!("\"{}\" is not a valid choice; there are a, b.", "x".repeat(SHOWN)));
        assert!(said(&["w"; LISTED]).ends_with("w, w.") && said(&["w"; 99]).ends_with("w, …."));
    }

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
        let quoted = Message::with(&OUT_OF_RANGE, &[&"{1}{0}{", &"a, b"]).render(Language::En);
        assert_eq!(quoted, "Enter a number from {1}{0}{ to a, b.", "an argument is no template");
        assert_eq!(Message::with(&OUT_OF_RANGE, &[&1, &9]).render(Language::Fr), "Saisissez un nombre de 1 à 9.");
    }
}
