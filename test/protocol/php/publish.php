<?php

// Publishes the updates of its JSON argument with Symfony's hub client, and prints the event ids, one a line.
declare(strict_types=1);

use Symfony\Component\Mercure\Hub;
use Symfony\Component\Mercure\Jwt\FactoryTokenProvider;
use Symfony\Component\Mercure\Jwt\StaticTokenProvider;
use Symfony\Component\Mercure\Update;

require __DIR__.'/token-factory.php';

$options = json_decode($argv[1], true, flags: JSON_THROW_ON_ERROR);
$provider = isset($options['token'])
    ? new StaticTokenProvider($options['token'])
    : new FactoryTokenProvider(new TokenFactory($options['secret']), [], $options['publish']);
$hub = new Hub($options['url'], $provider);
foreach ($options['updates'] as $update) {
    echo $hub->publish(new Update(...$update)), "\n";
}
