<?php
/* A poll without news as one writes it in PHP for such a host: the token's signature, one query for who asks and their couple's clock,
   the answer. The same store, the same question; SQLite as PHP's own driver opens it. */

function refuse(int $status): never {
    http_response_code($status);
    exit;
}

function bytes(string $text): string {
    return base64_decode(strtr($text, '-_', '+/'));
}

$folder = getenv('TANDEM_DATA');
$parts = explode('.', substr($_SERVER['HTTP_AUTHORIZATION'] ?? '', 7));
if (count($parts) !== 3) {
    refuse(401);
}
$signed = hash_hmac('sha256', "$parts[0].$parts[1]", trim(file_get_contents("$folder/secret")), true);
$claims = json_decode(bytes($parts[1]));
$now = (int) (microtime(true) * 1000);
if (!hash_equals($signed, bytes($parts[2])) || $claims->token_type !== 'access' || $claims->exp * 1000 <= $now) {
    refuse(401);
}

$db = new PDO("sqlite:$folder/tandem.db");
$asked = $db->prepare('SELECT u.id, t.clock, t.epoch FROM sessions s JOIN users u ON u.id = s.user_id
    JOIN members m ON m.user_id = u.id JOIN tenants t ON t.id = m.tenant WHERE s.id = ? AND s.expires_at > ? AND u.disabled = 0');
$asked->execute([$claims->sid, $now]);
$found = $asked->fetch(PDO::FETCH_ASSOC);
if (!$found || (string) $found['id'] !== $claims->user_id) {
    refuse(401);
}

[$seconds, $ms] = [intdiv($found['clock'], 1000), $found['clock'] % 1000];
$clock = gmdate('Y-m-d\TH:i:s', $seconds) . sprintf('.%03dZ', $ms);
if (($_GET['since'] ?? '') !== $clock || ($_GET['epoch'] ?? '') !== $found['epoch']) {
    refuse(501); // News: not what is measured.
}
$lists = ['couple', 'qna_questions', 'qna_answers', 'goals', 'goal_actions', 'checkins', 'letters'];
header('Content-Type: application/json');
header('Cache-Control: no-store');
echo json_encode(['server_time' => $clock, 'since' => $clock, 'epoch' => $found['epoch'], 'reset' => false, 'has_more' => false,
    'poll_after' => 30, 'changes' => array_fill_keys($lists, [])]);
