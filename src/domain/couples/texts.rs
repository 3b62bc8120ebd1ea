//! What is said of couples, teams and their codes.

crate::texts! {
    EMAIL_UNVERIFIED: "Verify your e-mail address first.", "Vérifiez d'abord votre adresse e-mail.", "먼저 이메일 주소를 인증하세요.";
    IN_COUPLE: "You are already in a couple or a team.", "Vous êtes déjà en couple ou dans une équipe.", "이미 커플이나 팀에 속해 있습니다.";
    TAKES_BACK: "Somebody left this couple: it takes nobody but them back. Start a couple of your own.", "Quelqu'un a quitté ce couple : il ne peut accueillir personne d'autre. Créez votre propre couple.", "누군가 떠난 커플입니다. 떠난 사람만 돌아올 수 있습니다. 새 커플을 만드세요.";
    STAYS_WITH_TEAM: "What you write in a team stays with the team when you leave.", "Ce que vous écrivez dans une équipe reste à l'équipe quand vous la quittez.", "팀에서 작성한 내용은 팀을 떠나도 팀에 남습니다.";
    NOT_PARTNER_A: "Only partner A can invite.", "Seul le partenaire A peut inviter.", "파트너 A만 초대할 수 있습니다.";
    PAIRED: "The couple is already complete.", "Le couple est déjà complet.", "커플이 이미 완성되었습니다.";
    CODE_FORM: "The code has 6 digits.", "Le code comporte 6 chiffres.", "코드는 6자리 숫자입니다.";
    CODE_UNKNOWN: "This code is not known.", "Ce code est inconnu.", "알 수 없는 코드입니다.";
    CODE_USED: "This code was used already.", "Ce code a déjà été utilisé.", "이미 사용된 코드입니다.";
    CODE_EXPIRED: "This code has expired.", "Ce code a expiré.", "만료된 코드입니다.";
    TEAM_FULL: "The team has {0} members; that is the most.", "L'équipe compte {0} membres ; c'est le maximum.", "팀 인원이 최대인 {0}명입니다.";
    LAST_ADMIN: "The team needs an admin: make another member admin first.", "L'équipe a besoin d'un admin : nommez d'abord un autre membre.", "팀에는 관리자가 필요합니다. 먼저 다른 구성원을 관리자로 지정하세요.";
    ROLES_BY_ADMIN: "Only an admin makes codes that give this role.", "Seul un admin crée des codes qui donnent ce rôle.", "이 역할을 주는 코드는 관리자만 만들 수 있습니다.";
    NO_ROLES: "A couple has no roles.", "Un couple n'a pas de rôles.", "커플에는 역할이 없습니다.";
}
