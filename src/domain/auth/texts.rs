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
    LINK_OR_CODE: "Give the link's token, or the address and the code that was sent to it.", "Indiquez le jeton du lien, ou l'adresse et le code qui y a été envoyé.", "링크의 토큰, 또는 이메일 주소와 그 주소로 받은 코드를 입력하세요.";
    CODE_NOT_GOOD: "This code is not good for this address, or not any more: ask for a new one.", "Ce code n'est pas, ou plus, valable pour cette adresse : demandez-en un autre.", "이 주소에 유효하지 않거나 만료된 코드입니다. 새 코드를 요청하세요.";
    NO_EMAIL: "The account has no email: give it one first.", "Le compte n'a pas d'e-mail : ajoutez-en un d'abord.", "계정에 이메일이 없습니다. 먼저 이메일을 등록하세요.";
    NO_MAIL_TO_VERIFY: "This server sends no mail: ask whoever runs it to verify the address.", "Ce serveur n'envoie pas d'e-mails : demandez à la personne qui le gère de vérifier l'adresse.", "이 서버는 메일을 보내지 않습니다. 서버 운영자에게 주소 확인을 요청하세요.";
    MAIL_UNAVAILABLE: "This server sends no mail: ask whoever runs it for a link.", "Ce serveur n'envoie pas d'e-mails : demandez un lien à la personne qui le gère.", "이 서버는 메일을 보내지 않습니다. 서버 운영자에게 링크를 요청하세요.";
    MAIL_RESET: "A new password", "Un nouveau mot de passe", "새 비밀번호 설정";
    MAIL_RESET_WHY: "Somebody, probably you, asked for a new password for your account.", "Quelqu'un, sans doute vous, a demandé un nouveau mot de passe pour votre compte.", "회원님의 계정에 새 비밀번호가 요청되었습니다.";
    MAIL_RESET_CODE: "In the app, enter this code within 30 minutes:", "Dans l'application, saisissez ce code dans les 30 minutes :", "30분 안에 앱에서 이 코드를 입력하세요:";
    MAIL_VERIFY: "Is this your address?", "Est-ce votre adresse ?", "이메일 주소 확인";
    MAIL_VERIFY_WHY: "Somebody, probably you, gave this address for an account.", "Quelqu'un, sans doute vous, a indiqué cette adresse pour un compte.", "이 주소가 계정의 이메일로 등록되었습니다.";
    MAIL_VERIFY_CODE: "To confirm it, enter this code in the app within 24 hours:", "Pour la confirmer, saisissez ce code dans l'application dans les 24 heures :", "확인하려면 24시간 안에 앱에서 이 코드를 입력하세요:";
    MAIL_LINK: "Or open this link:", "Ou ouvrez ce lien :", "또는 이 링크를 여세요:";
    MAIL_OTHERWISE: "If it was not you, do nothing: without the code nothing changes. Nobody will ever ask you for it.", "Si ce n'était pas vous, ne faites rien : sans le code, rien ne change. Personne ne vous le demandera jamais.", "본인이 요청하지 않았다면 무시하세요. 코드 없이는 아무것도 바뀌지 않으며, 누구도 이 코드를 묻지 않습니다.";
    LINK_PENDING: "Nobody has let this device in yet.", "Personne n'a encore autorisé cet appareil.", "아직 이 기기가 승인되지 않았습니다.";
    LINK_SLOW_DOWN: "Too often: wait for five seconds more between two polls.", "Trop souvent : attendez cinq secondes de plus entre deux demandes.", "요청이 너무 잦습니다. 요청 간격을 5초 더 늘리세요.";
    LINK_DENIED: "This device was not let in.", "Cet appareil n'a pas été autorisé.", "이 기기의 로그인이 거부되었습니다.";
    LINK_EXPIRED: "The codes have expired: ask for new ones.", "Les codes ont expiré : demandez-en de nouveaux.", "코드가 만료되었습니다. 새 코드를 요청하세요.";
    LINK_UNKNOWN: "This code is not known, or was used: ask for new ones.", "Ce code est inconnu ou déjà utilisé : demandez-en de nouveaux.", "알 수 없거나 이미 사용된 코드입니다. 새 코드를 요청하세요.";
    LINK_CODE: "No device shows this code, or not any more: look at it again, or have it show a new one.", "Aucun appareil n'affiche ce code, ou plus maintenant : vérifiez-le, ou demandez-en un nouveau sur l'appareil.", "이 코드를 표시하는 기기가 없거나 만료되었습니다. 다시 확인하거나 기기에서 새 코드를 표시하세요.";
    LINK_MATCH: "The new device shows other digits. If you do not see it in front of you, do not let it in.", "Le nouvel appareil affiche d'autres chiffres. Si vous ne l'avez pas sous les yeux, ne l'autorisez pas.", "새 기기에 표시된 숫자와 다릅니다. 그 기기가 눈앞에 없다면 승인하지 마세요.";
    LINK_MATCH_TWICE: "The new device shows other digits, and that was the second try: it is not let in. Have it ask anew.", "Le nouvel appareil affiche d'autres chiffres, et c'était le second essai : il n'est pas autorisé. Recommencez depuis cet appareil.", "새 기기에 표시된 숫자와 두 번 달랐으므로 승인하지 않습니다. 새 기기에서 다시 시작하세요.";
    LINK_NO_MATCH: "Give the two digits that the new device shows.", "Indiquez les deux chiffres affichés par le nouvel appareil.", "새 기기에 표시된 두 자리 숫자를 입력하세요.";
    LINK_PASSWORD: "Give the password to let this device in.", "Indiquez le mot de passe pour autoriser cet appareil.", "이 기기를 승인하려면 비밀번호를 입력하세요.";
    LET_IN_NEW: "Another device let this one in less than 24 hours ago: do it on that one, or sign in here with the password.", "Un autre appareil a autorisé celui-ci il y a moins de 24 heures : faites-le sur l'autre, ou connectez-vous ici avec le mot de passe.", "이 기기는 24시간 이내에 다른 기기에서 승인되었습니다. 그 기기에서 하거나 여기서 비밀번호로 로그인하세요.";
    DRAFT_UNNAMED: "A draft is there: read it, and say by If-Match that it is the one that you mean.", "Un brouillon est déjà là : lisez-le, puis indiquez avec If-Match que c'est bien celui-là.", "이미 초안이 있습니다. 먼저 읽고 If-Match로 그 초안임을 알려 주세요.";
    DRAFT_TOO_LARGE: "A draft has at most {0} KiB: save it as what it is, then open it on the other device.", "Un brouillon compte au plus {0} Kio : enregistrez-le, puis ouvrez-le sur l'autre appareil.", "초안은 최대 {0}KiB입니다. 저장한 다음 다른 기기에서 여세요.";
    DRAFT_DEVICE: "You have no such device that is signed in: leave it out, and any of your devices may take the draft.", "Vous n'avez pas d'appareil connecté de ce nom : sans ce champ, n'importe lequel de vos appareils peut prendre le brouillon.", "로그인된 그런 기기가 없습니다. 이 필드를 빼면 내 기기 어디서든 초안을 가져갈 수 있습니다.";
    BAD_CREDENTIALS: "No active account found with the given credentials.", "Aucun compte actif ne correspond à ces identifiants.", "해당 정보로 활성 계정을 찾을 수 없습니다.";
    REGISTRATION_CLOSED: "Accounts are made by whoever runs this server: ask them for one.", "Les comptes sont créés par la personne qui gère ce serveur : demandez-lui-en un.", "계정은 서버 운영자가 만듭니다. 운영자에게 요청하세요.";
    LOGIN_NAME: "Give an email or a username.", "Indiquez un e-mail ou un nom d'utilisateur.", "이메일 또는 사용자 이름을 입력하세요.";
}
