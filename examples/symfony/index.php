<?php

// A book and a reader's notes, pushed by symfony/mercure.
//
//   composer require symfony/mercure:^0.6 symfony/http-client symfony/http-foundation symfony/web-link
//   export MERCURE_JWT_SECRET=$(openssl rand -hex 32)        the same in both terminals
//   ARTESIAN_JWT_KEY=$MERCURE_JWT_SECRET npx artesian serve --compat 0.x --anonymous --issuer https://example.com --jwt-alg HS256 \
//     --cors-origin http://localhost:8000
//   php -S localhost:8000 index.php
//
// Open http://localhost:8000/?user=ada, then:
//   curl -X PUT -d title=Persuasion http://localhost:8000/books/1
//   curl -d text=Hello http://localhost:8000/users/ada/notes
declare(strict_types=1);

use Symfony\Component\HttpFoundation\JsonResponse;
use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\HttpFoundation\Response;
use Symfony\Component\Mercure\Authorization;
use Symfony\Component\Mercure\Discovery;
use Symfony\Component\Mercure\Hub;
use Symfony\Component\Mercure\HubRegistry;
use Symfony\Component\Mercure\Jwt\FactoryTokenProvider;
use Symfony\Component\Mercure\Update;
use Symfony\Component\WebLink\HttpHeaderSerializer;

// Composer's packages, or those of Debian: apt-get install php-cli php-symfony-mercure
require is_file(__DIR__.'/vendor/autoload.php') ? __DIR__.'/vendor/autoload.php' : 'Symfony/Component/Mercure/autoload.php';
require __DIR__.'/HubTokens.php';

$url = getenv('MERCURE_URL') ?: 'http://localhost:3000/.well-known/mercure';
$tokens = new HubTokens(getenv('MERCURE_JWT_SECRET'));
$hub = new Hub($url, new FactoryTokenProvider($tokens, [], ['*']), $tokens, getenv('MERCURE_PUBLIC_URL') ?: $url);
$registry = new HubRegistry($hub);

$request = Request::createFromGlobals();
$path = explode('/', $request->getPathInfo());
$iri = 'https://example.com'.$request->getPathInfo();

if ($request->isMethod('PUT') && 'books' === $path[1]) {
    // Here an application saves the book.
    $book = ['@id' => $iri, '@type' => 'Book', 'title' => $request->request->get('title')];
    $response = new Response($hub->publish(new Update($iri, json_encode($book, JSON_THROW_ON_ERROR))));
} elseif ($request->isMethod('POST') && 'users' === $path[1]) {
    $response = new Response($hub->publish(new Update($iri, $request->request->get('text'), private: true)));
} elseif ('books' === $path[1]) {
    $response = new JsonResponse(['@id' => $iri, '@type' => 'Book', 'title' => 'Emma'], 200, ['Content-Type' => 'application/ld+json']);
    // Link: <http://localhost:3000/.well-known/mercure>; rel="mercure"
    (new Discovery($registry))->addLink($request);
    $response->headers->set('Link', (new HttpHeaderSerializer())->serialize($request->attributes->get('_links')->getLinks()));
} else {
    $response = new Response(file_get_contents(__DIR__.'/page.html'));
    // Here an application knows its user by the session.
    if ($user = $request->query->get('user')) {
        $topics = ['https://example.com/users/'.rawurlencode($user).'/notes'];
        $response->headers->setCookie((new Authorization($registry))->createCookie($request, $topics, []));
    }
}
$response->prepare($request)->send();
