<?php

// Prints each event that Symfony's event source receives as a line of JSON, and a line when the stream ends; then it connects
// again where it was, as its manual says, until it has the event whose data is "end".
declare(strict_types=1);

use Symfony\Component\HttpClient\Chunk\ServerSentEvent;
use Symfony\Component\HttpClient\EventSourceHttpClient;
use Symfony\Component\HttpClient\HttpClient;
use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\Mercure\Authorization;
use Symfony\Component\Mercure\Hub;
use Symfony\Component\Mercure\HubRegistry;
use Symfony\Component\Mercure\Jwt\FactoryTokenProvider;

require __DIR__.'/token-factory.php';

$options = json_decode($argv[1], true, flags: JSON_THROW_ON_ERROR);
['url' => $url, 'secret' => $secret, 'topics' => $topics, 'subscribe' => $subscribe, 'resumeBy' => $resumeBy] = $options;
$factory = new TokenFactory($secret);
$registry = new HubRegistry(new Hub($url, new FactoryTokenProvider($factory), $factory));
// What an application answers its page with, and the browser sends.
$cookie = (new Authorization($registry))->createCookie(Request::create($url), $subscribe, []);

function line(array $value): void
{
    fwrite(STDOUT, json_encode($value, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE)."\n");
}

$client = new EventSourceHttpClient(HttpClient::create(), 0.05);
$lastId = null;
for (;;) {
    $parameters = array_map(fn (string $topic) => 'topic='.urlencode($topic), $topics);
    $headers = ['Cookie' => $cookie->getName().'='.$cookie->getValue()];
    if (null !== $lastId && 'header' === $resumeBy) {
        $headers['Last-Event-ID'] = $lastId;
    } elseif (null !== $lastId) {
        $parameters[] = 'lastEventID='.urlencode($lastId);
    }
    $source = $client->connect($url.'?'.implode('&', $parameters), ['headers' => $headers]);
    foreach ($client->stream($source) as $chunk) {
        if ($chunk->isTimeout()) {
            continue;
        }
        if ($chunk->isFirst()) {
            line(['connected' => $source->getStatusCode(), 'lastEventId' => $source->getHeaders()['last-event-id'][0] ?? null]);
        }
        if ($chunk->isLast()) {
            line(['ended' => true]);
            break;
        }
        if (!$chunk instanceof ServerSentEvent) {
            continue;
        }
        if ('' !== $chunk->getId()) {
            $lastId = $chunk->getId();
        }
        line(['id' => $chunk->getId(), 'type' => $chunk->getType(), 'data' => $chunk->getData(), 'retry' => $chunk->getRetry()]);
        if ('end' === $chunk->getData()) {
            exit(0);
        }
    }
}
