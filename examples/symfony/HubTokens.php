<?php

declare(strict_types=1);

use Symfony\Component\Mercure\Jwt\TokenFactoryInterface;

/** Makes the hub's tokens with HS256, as the library's LcobucciFactory does, without a further package. */
final class HubTokens implements TokenFactoryInterface
{
    public function __construct(private string $secret)
    {
    }

    public function create(?array $subscribe = [], ?array $publish = [], array $additionalClaims = []): string
    {
        $claims = ['exp' => new DateTimeImmutable('+1 hour')];
        $claims = array_merge($claims, $additionalClaims);
        if ($claims['exp'] instanceof DateTimeInterface) {
            $claims['exp'] = $claims['exp']->getTimestamp();
        }
        $claims['mercure'] = array_filter(['subscribe' => $subscribe, 'publish' => $publish], fn (?array $topics): bool => null !== $topics);
        $signed = self::encode(json_encode(['alg' => 'HS256', 'typ' => 'JWT'])).'.'.self::encode(json_encode($claims));

        return $signed.'.'.self::encode(hash_hmac('sha256', $signed, $this->secret, true));
    }

    private static function encode(string $bytes): string
    {
        return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    }
}
