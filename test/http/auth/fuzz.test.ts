import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { authorizer, claims, ec, encode, forge, pem, refusal, SECRET } from "./support.ts";

const judge = authorizer({
  keys: [
    { secret: SECRET, algorithms: ["HS256"] },
    { publicKey: pem(ec.publicKey), algorithms: ["ES256"] },
  ],
});
const valid = [forge(), forge({ key: ec.privateKey }), forge({ header: { kid: "1" }, claims: claims({ sub: "ö" }) })];

const base64url = fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".split(""));
const character = fc.oneof(
  base64url,
  fc.constantFrom(".", "=", "+", "/", " ", "\n", "\0"),
  fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
);

/** One to three edits of a valid token: a character replaced, put in or taken out, a part cut, doubled, or taken from another. */
const mutated = fc
  .tuple(
    fc.constantFrom(...valid),
    fc.array(fc.record({ kind: fc.nat(5), at: fc.nat(2000), length: fc.nat(40), text: character, other: fc.constantFrom(...valid) }), {
      minLength: 1,
      maxLength: 3,
    }),
  )
  .map(([token, edits]) => {
    return edits.reduce((text, { kind, at, length, text: put, other }) => {
      const from = at % (text.length + 1);
      if (kind === 0) return text.slice(0, from) + put + text.slice(from + 1);
      if (kind === 1) return text.slice(0, from) + put + text.slice(from);
      if (kind === 2) return text.slice(0, from) + text.slice(from + 1 + length);
      if (kind === 3) return text.slice(0, from) + text.slice(from, from + length) + text.slice(from);
      const parts = text.split(".");
      const part = at % 3;
      parts[part] = (kind === 4 ? other.split(".")[part] : encode(put)) ?? "";
      return parts.join(".");
    }, token);
  });

const anyObject = fc.dictionary(
  fc.oneof(fc.constantFrom("alg", "typ", "iss", "aud", "exp", "crit", "kid", "__proto__"), fc.string()),
  fc.jsonValue(),
);
const arbitrary = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.tuple(fc.string({ unit: base64url }), fc.string({ unit: base64url }), fc.string({ unit: base64url })).map((parts) => parts.join(".")),
  fc
    .tuple(anyObject, anyObject, fc.string({ unit: base64url }))
    .map(([header, body, signature]) => `${encode(header)}.${encode(body)}.${signature}`),
);

describe("tokens that nobody signed", () => {
  test.prop([arbitrary], { seed: 31, numRuns: 10_000 })("are refused as invalid_token, whatever they are", async (token) => {
    await refusal(judge, token);
  });

  test.prop([mutated], { seed: 32, numRuns: 10_000 })("are refused, however near they come to a valid one", async (token) => {
    if (valid.includes(token)) expect(await judge.verify(token, "subscribe")).toMatchObject({ expiresAt: expect.any(Number) });
    else await refusal(judge, token);
  });
});

describe("tokens that a trusted issuer signed", () => {
  const values = fc.oneof(fc.jsonValue(), fc.constantFrom<unknown>("*", "exact", "urlpattern", ["subscribe"], [{ match: "a" }], 1e15));
  const names = fc.constantFrom(
    "iss",
    "aud",
    "exp",
    "nbf",
    "iat",
    "sub",
    "jti",
    "client_id",
    "authorization_details",
    "__proto__",
    "constructor",
  );
  const details = fc.array(
    fc.record(
      {
        type: fc.constant("https://mercure.rocks/authorization-detail"),
        actions: values,
        topics: fc.oneof(values, fc.array(fc.record({ match: values, match_type: values }, { requiredKeys: [] }))),
        payload: values,
      },
      { requiredKeys: ["type"] },
    ),
  );

  test.prop([fc.dictionary(names, values, { maxKeys: 2 }), fc.option(details, { nil: undefined })], { seed: 33, numRuns: 2000 })(
    "are judged without an accident, whatever they say",
    async (changes, list) => {
      const token = forge({ claims: claims({ ...changes, ...(list && { authorization_details: list }) }) });
      const accepted = (await judge.explain(token, "subscribe")).every(({ ok }) => ok);
      if (accepted) expect(await judge.verify(token, "subscribe")).toMatchObject({ issuer: "https://issuer.example" });
      else await refusal(judge, token);
    },
  );
});
