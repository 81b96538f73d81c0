<?php

declare(strict_types=1);

use Symfony\Component\Mercure\Jwt\TokenFactoryInterface;

require_once 'Symfony/Component/Mercure/autoload.php';

/** Makes the tokens that the library's own factory makes, which needs a package that Debian does not have: HS256, the end with microseconds. */
final class TokenFactory implements TokenFactoryInterface
{
    public function __construct(private string $secret)
    {
    }

    public function create(?array $subscribe = [], ?array $publish = [], array $additionalClaims = []): string
    {
        $claims = $additionalClaims + ['exp' => new DateTimeImmutable('+1 hour')];
        if ($claims['exp'] instanceof DateTimeInterface) {
            $claims['exp'] = (float) $claims['exp']->format('U.u');
        }
        $grants = array_filter(['publish' => $publish, 'subscribe' => $subscribe], fn ($list) => null !== $list);
        $claims['mercure'] = array_merge($grants, $additionalClaims['mercure'] ?? []);
        $input = self::encode(['typ' => 'JWT', 'alg' => 'HS256']).'.'.self::encode($claims);

        return $input.'.'.self::base64(hash_hmac('sha256', $input, $this->secret, true));
    }

    private static function encode(array $value): string
    {
        return self::base64(json_encode($value, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES));
    }

    private static function base64(string $bytes): string
    {
        return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    }
}
