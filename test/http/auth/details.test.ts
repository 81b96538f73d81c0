import { describe, expect, it } from "vitest";
import type { Authorization } from "../../../packages/hub/src/core/matching/authorization.ts";
import { authorizer, claims, detail, failures, forge, refusal } from "./support.ts";

async function verify(details: unknown): Promise<Authorization> {
  return authorizer().verify(forge({ claims: claims({ authorization_details: details }) }), "subscribe");
}

const exact = (pattern: string) => ({ type: "exact", pattern });

describe("authorization details", () => {
  it.each([[undefined], [[]], [[{ type: "other", actions: "x", topics: 1 }]], [[{ type: "HTTPS://mercure.rocks/authorization-detail" }]]])(
    "of ours may be missing: %j grants nothing",
    async (details) => {
      expect(await verify(details)).toMatchObject({ subject: "alice", publish: [], subscribe: [] });
    },
  );

  it("are read in order, others left alone", async () => {
    const granted = await verify([
      detail({ actions: ["subscribe"], topics: [{ match: "a" }], payload: { first: true } }),
      { type: "other", actions: ["publish"], topics: [{ match: "*" }] },
      detail({
        actions: ["publish", "delete"],
        topics: [
          { match: "/b/:id", match_type: "urlpattern" },
          { match: "c", match_type: "exact" },
        ],
      }),
      detail({ actions: ["subscribe", "publish"], topics: [{ match: "*" }, { match: "*", match_type: "urlpattern" }] }),
      detail({ actions: ["moderate"], topics: [{ match: "d" }] }),
    ]);
    const all = [exact("*"), { type: "urlpattern", pattern: "*" }];
    expect(granted.publish).toEqual([{ type: "urlpattern", pattern: "/b/:id" }, exact("c"), ...all]);
    expect(granted.subscribe).toEqual([
      { topics: [exact("a")], payload: { first: true } },
      { topics: all, payload: undefined },
    ]);
  });

  it.each<[string, unknown]>([
    ["null", null],
    ["an object", {}],
    ["a string", "x"],
    ["an entry null", [null]],
    ["an entry that is an array", [[]]],
    ["an entry that is a string", ["x"]],
    ["an entry without type", [{}]],
    ["a type that is no string", [{ type: 1 }]],
    ["no actions", [detail({ actions: undefined })]],
    ["actions empty", [detail({ actions: [] })]],
    ["actions a string", [detail({ actions: "subscribe" })]],
    ["actions with a number", [detail({ actions: ["subscribe", 1] })]],
    ["actions with null", [detail({ actions: ["subscribe", null] })]],
    ["no topics", [detail({ topics: undefined })]],
    ["topics empty", [detail({ topics: [] })]],
    ["topics an object", [detail({ topics: { match: "a" } })]],
    ["topics of strings", [detail({ topics: ["a"] })]],
    ["topics with null", [detail({ topics: [null] })]],
    ["topics with an array", [detail({ topics: [["match"]] })]],
    ["no match", [detail({ topics: [{}] })]],
    ["an inherited match", [detail({ topics: [JSON.parse('{"__proto__": {"match": "a"}}')] })]],
    ["match a number", [detail({ topics: [{ match: 1 }] })]],
    ["match empty", [detail({ topics: [{ match: "" }] })]],
    ["match with a line break", [detail({ topics: [{ match: "a\nb" }] })]],
    ["match with a lone surrogate", [detail({ topics: [{ match: "\ud800" }] })]],
    ["match too long", [detail({ topics: [{ match: "é".repeat(1025) }] })]],
    ["match_type null", [detail({ topics: [{ match: "a", match_type: null }] })]],
    ["match_type unknown", [detail({ topics: [{ match: "a", match_type: "regexp" }] })]],
    ["match_type in another case", [detail({ topics: [{ match: "a", match_type: "Exact" }] })]],
    ["match_type of Object.prototype", [detail({ topics: [{ match: "a", match_type: "constructor" }] })]],
    ["match_type unknown for *", [detail({ topics: [{ match: "*", match_type: "regexp" }] })]],
    ["a broken pattern", [detail({ topics: [{ match: "https://x/(", match_type: "urlpattern" }] })]],
    ["payload null", [detail({ payload: null })]],
    ["payload an array", [detail({ payload: [] })]],
    ["payload a string", [detail({ payload: "x" })]],
    ["a bad payload where only publishing is granted", [detail({ actions: ["publish"], payload: 1 })]],
    ["a bad detail of unknown actions only", [detail({ actions: ["moderate"], topics: [] })]],
    ["payload nested too deep", [detail({ payload: JSON.parse(`${'{"a":'.repeat(33)}1${"}".repeat(33)}`) as unknown })]],
    [
      "101 topics",
      [
        detail({ topics: Array.from({ length: 60 }, () => ({ match: "a" })) }),
        detail({ topics: Array.from({ length: 41 }, () => ({ match: "a" })) }),
      ],
    ],
  ])("refuse the token whole: %s", async (_name, details) => {
    const judge = authorizer();
    const good = detail({ topics: [{ match: "fine" }] });
    const bad = Array.isArray(details) ? [good, ...(details as unknown[]), good] : details;
    const token = forge({ claims: claims({ authorization_details: bad }) });
    await refusal(judge, token);
    expect(await failures(judge, token)).toEqual(["authorization_details"]);
  });

  it("may reach the limits", async () => {
    const topics = [{ match: "é".repeat(1024) }, ...Array.from({ length: 99 }, () => ({ match: "a" }))];
    expect((await verify([detail({ topics })])).subscribe[0]?.topics).toHaveLength(100);
  });

  it("do not hide an error of the compiler itself", async () => {
    const judge = authorizer({
      compilePattern: () => {
        throw new RangeError("out of memory");
      },
    });
    await expect(judge.verify(forge(), "subscribe")).rejects.toThrow(RangeError);
  });
});

describe("prototypes", () => {
  it("are out of a token's reach", async () => {
    const text = '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}, "list": [{"__proto__": 2}]}';
    const payload = JSON.parse(text) as unknown;
    const granted = await verify([detail({ payload })]);
    const copy = granted.subscribe[0]?.payload ?? {};
    expect(Object.getPrototypeOf(copy)).toBeNull();
    expect(Object.isFrozen(copy)).toBe(true);
    expect(Object.isFrozen(copy["__proto__"])).toBe(true);
    // As data, it is all there.
    expect(JSON.parse(JSON.stringify(copy))).toEqual(payload);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("give a token nothing beyond its own members", async () => {
    const body = JSON.stringify(claims({ iss: undefined, exp: undefined, aud: undefined }));
    const token = forge({ claims: body.replace("{", `{"__proto__": ${JSON.stringify(claims())},`) });
    expect(await failures(authorizer(), token)).toEqual(["iss", "aud", "exp"]);
    await refusal(authorizer(), token);
  });

  it("give a token nothing even if other code has polluted them", async () => {
    const token = forge({ claims: claims({ aud: undefined, exp: undefined, authorization_details: [{ type: "other" }] }) });
    const polluted = Object.prototype as Record<string, unknown>;
    Object.assign(polluted, { aud: claims()["aud"], exp: claims()["exp"], nbf: 1e12 });
    try {
      expect(await failures(authorizer(), token)).toEqual(["aud", "exp"]);
    } finally {
      for (const name of ["aud", "exp", "nbf"]) delete polluted[name];
    }
  });
});
