//! What is said of accounts, passwords and signing in.

crate::texts! {
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
    CANNOT_WIPE: "This device's app cannot delete what it holds when it is asked to: end its sessions instead.", "L'application de cet appareil ne sait pas effacer ses données à distance : mettez plutôt fin à ses sessions.", "이 기기의 앱은 원격으로 데이터를 삭제할 수 없습니다. 대신 세션을 종료하세요.";
    LINK_NOT_GOOD: "This link is not good any more: ask for a new one.", "Ce lien n'est plus valable : demandez-en un autre.", "더 이상 유효하지 않은 링크입니다. 새 링크를 요청하세요.";
    BAD_CREDENTIALS: "No active account found with the given credentials.", "Aucun compte actif ne correspond à ces identifiants.", "해당 정보로 활성 계정을 찾을 수 없습니다.";
    REGISTRATION_CLOSED: "Accounts are made by whoever runs this server: ask them for one.", "Les comptes sont créés par la personne qui gère ce serveur : demandez-lui-en un.", "계정은 서버 운영자가 만듭니다. 운영자에게 요청하세요.";
    LOGIN_NAME: "Give an email or a username.", "Indiquez un e-mail ou un nom d'utilisateur.", "이메일 또는 사용자 이름을 입력하세요.";
}
