/** What a token says of itself. Nothing of it is verified, because only the hub has the keys. */
export interface DecodedToken {
  readonly algorithm: string;
  readonly issuer: string | undefined;
  readonly subject: string | undefined;
  readonly audiences: readonly string[];
  readonly tokenId: string | undefined;
  /** In milliseconds since 1970, as are the times below. */
  readonly issuedAt: number | undefined;
  readonly notBefore: number | undefined;
  readonly expiresAt: number | undefined;
  readonly publish: readonly GrantedTopic[];
  readonly subscribe: readonly GrantedTopic[];
  /** Whether the grants have the form of Mercure 0.x. */
  readonly isOld: boolean;
}

export interface GrantedTopic {
  readonly type: string;
  readonly pattern: string;
}

const DETAIL_TYPE = "https://mercure.rocks/authorization-detail";

type JsonObject = Readonly<Record<string, unknown>>;

/** @returns Undefined if the text is no signed JSON Web Token. */
export function decodeToken(text: string): DecodedToken | undefined {
  const token = text.replaceAll(/\s+/g, "").replace(/^Bearer/i, "");
  const [header, claims] = token.split(".").slice(0, 2).map(objectOf);
  if (header === undefined || claims === undefined || token.split(".").length !== 3) return undefined;
  const details = listOf(claims["authorization_details"]).filter(
    (detail) => isObject(detail) && detail["type"] === DETAIL_TYPE,
  ) as JsonObject[];
  const old = isObject(claims["mercure"]) ? claims["mercure"] : undefined;
  const granted = (action: "publish" | "subscribe"): readonly GrantedTopic[] => [
    ...details.filter(({ actions }) => listOf(actions).includes(action)).flatMap(({ topics }) => listOf(topics).flatMap(topicOf)),
    ...listOf(old?.[action]).flatMap((topic) => (typeof topic === "string" ? [{ type: "uritemplate", pattern: topic }] : topicOf(topic))),
  ];
  return {
    algorithm: textOf(header["alg"]) ?? "none",
    issuer: textOf(claims["iss"]),
    subject: textOf(claims["sub"]),
    audiences: (Array.isArray(claims["aud"]) ? claims["aud"] : [claims["aud"]]).flatMap((one) => textOf(one) ?? []),
    tokenId: textOf(claims["jti"]),
    issuedAt: timeOf(claims["iat"]),
    notBefore: timeOf(claims["nbf"]),
    expiresAt: timeOf(claims["exp"]),
    publish: granted("publish"),
    subscribe: granted("subscribe"),
    isOld: old !== undefined,
  };
}

function objectOf(part: string): JsonObject | undefined {
  try {
    const bytes = Uint8Array.from(atob(part.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isObject(value) ? value : undefined;
  } catch {
    // Neither base64 nor JSON.
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function topicOf(value: unknown): readonly GrantedTopic[] {
  if (!isObject(value)) return [];
  const pattern = textOf(value["match"]);
  return pattern === undefined ? [] : [{ type: textOf(value["match_type"]) ?? "exact", pattern }];
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function timeOf(value: unknown): number | undefined {
  return typeof value === "number" ? value * 1000 : undefined;
}
