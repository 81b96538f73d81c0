import { createHmac } from "node:crypto";

/** Makes a token as those of Mercure 0.x are: a plain JWT, HS256. */
export function compatToken(claims: object, secret: string, header: object = { typ: "JWT" }): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const input = `${encode({ alg: "HS256", ...header })}.${encode(claims)}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}
