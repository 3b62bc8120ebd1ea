//! What is said of devices to whoever signs in, uploads or refreshes.

crate::texts! {
    DEVICE_ID: "A device's id has 1 to 255 characters, none of them a control character or /, and is not register, handoff or wiped.", "L'identifiant d'un appareil compte de 1 à 255 caractères, sans caractère de contrôle ni /, et n'est ni register, ni handoff, ni wiped.", "기기 id는 1~255자이며 제어 문자와 /를 쓸 수 없고 register, handoff, wiped는 사용할 수 없습니다.";
    DEVICE_WIPING: "This device is to delete what it holds of the account first: it says so when it has.", "Cet appareil doit d'abord effacer ce qu'il contient de ce compte, puis le signaler.", "이 기기는 먼저 계정의 데이터를 삭제하고 그 사실을 알려야 합니다.";
    DEVICE_UNKNOWN: "The server does not know this device: register it (PUT /devices/ID/), then send again.", "Le serveur ne connaît pas cet appareil : enregistrez-le (PUT /devices/ID/), puis renvoyez.", "서버가 모르는 기기입니다. 등록(PUT /devices/ID/)한 다음 다시 보내세요.";
    DEVICE_MISMATCH: "This session is on another device: register this one (PUT /devices/ID/), then send again.", "Cette session est sur un autre appareil : enregistrez celui-ci (PUT /devices/ID/), puis renvoyez.", "이 세션은 다른 기기의 것입니다. 이 기기를 등록(PUT /devices/ID/)한 다음 다시 보내세요.";
    DEVICE_REVOKED: "This device was signed out from elsewhere. Sign in again; what was not sent yet stays here.", "Cet appareil a été déconnecté depuis un autre. Reconnectez-vous ; ce qui n'a pas été envoyé reste ici.", "다른 곳에서 이 기기를 로그아웃했습니다. 다시 로그인하세요. 아직 보내지 않은 내용은 그대로 있습니다.";
    DEVICE_TO_WIPE: "This device was signed out and shall delete what it holds of the account.", "Cet appareil a été déconnecté et doit effacer ce qu'il contient de ce compte.", "이 기기는 로그아웃되었으며 계정의 데이터를 삭제해야 합니다.";
    TOO_MANY_DEVICES: "You have as many devices as there may be: end one that you no longer use, then try again.", "Vous avez autant d'appareils que possible : retirez-en un que vous n'utilisez plus, puis réessayez.", "기기를 더 등록할 수 없습니다. 쓰지 않는 기기를 해제한 다음 다시 시도하세요.";
}
