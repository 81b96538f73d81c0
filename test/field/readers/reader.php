<?php
// Prints each event as it is heard: "MS DATA", in milliseconds since the request. Usage: php reader.php URL fopen|fopen-1.0|curl
[, $url, $way] = $argv;
echo "asks\n";
$began = hrtime(true);

function hear(string $line): void
{
    global $began;
    if (str_starts_with($line, 'data: ')) {
        printf("%d %s\n", (hrtime(true) - $began) / 1e6, rtrim(substr($line, 6)));
    }
}

if ($way === 'curl') {
    $text = '';
    $curl = curl_init($url);
    curl_setopt($curl, CURLOPT_WRITEFUNCTION, function ($curl, string $part) use (&$text): int {
        $lines = explode("\n", $text . $part);
        $text = array_pop($lines);
        array_map('hear', $lines);
        return strlen($part);
    });
    curl_exec($curl);
} else {
    $options = $way === 'fopen-1.0' ? ['protocol_version' => 1.0] : [];
    $stream = fopen($url, 'r', false, stream_context_create(['http' => $options]));
    while (($line = fgets($stream)) !== false) {
        hear($line);
    }
}
