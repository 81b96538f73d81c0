<?php
// php publish.php /orders/42 '{"state":"paid"}'
function publish(array $update, int $attempts = 5): string
{
    // The same key for each attempt: the hub publishes once.
    $options = ['http' => [
        'method' => 'POST',
        'header' => [
            'Authorization: Bearer ' . getenv('TOKEN'),
            'Idempotency-Key: "' . bin2hex(random_bytes(16)) . '"',
            'Content-Type: application/json',
        ],
        'content' => json_encode($update),
        'ignore_errors' => true,
        'timeout' => 10,
    ]];
    for ($attempt = 1; ; $attempt++) {
        $http_response_header = [];
        $answer = @file_get_contents(getenv('HUB') ?: 'http://127.0.0.1:3000/events/stream', false, stream_context_create($options));
        $status = (int) (explode(' ', $http_response_header[0] ?? '')[1] ?? 0);
        if ($answer !== false && $status === 200) {
            return $answer;
        }
        if (($status >= 400 && $status < 500 && $status !== 429) || $attempt === $attempts) {
            throw new RuntimeException($answer ?: 'The hub does not answer.');
        }
        usleep(500_000 * 2 ** $attempt);
    }
}

echo publish(['topic' => $argv[1], 'data' => $argv[2], 'private' => true]), "\n";
