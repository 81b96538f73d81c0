import { describe, expect, it } from "vitest";
import { HubError } from "../../../packages/hub/src/core/errors.ts";
import { type Credentials, readCredentials } from "../../../packages/hub/src/http/auth/index.ts";
import { leastMs } from "../../support/cpu.ts";

const NAME = "__Secure-mercure_access_token";

function read(authorization: readonly string[], cookie?: string): Credentials | undefined {
  return readCredentials({ authorization, cookie }, NAME);
}

function code(authorization: readonly string[], cookie?: string): string | undefined {
  try {
    read(authorization, cookie);
  } catch (error) {
    return error instanceof HubError ? error.code : String(error);
  }
  return undefined;
}

describe("credentials", () => {
  it.each(["Bearer a.b-_.c", "bearer a.b-_.c", "BEARER a.b-_.c", "Bearer   a.b-_.c", " Bearer a.b-_.c\t"])("in the header: %j", (field) => {
    expect(read([field])).toEqual({ token: "a.b-_.c", from: "header" });
  });

  it.each([`${NAME}=a.b.c`, `x=1; ${NAME}=a.b.c`, `${NAME}="a.b.c";y=2`, ` ${NAME} = a.b.c ; z`, `${NAME}=a.b.c; ${NAME}=a.b.c`])(
    "in the cookie: %s",
    (cookie) => {
      expect(read([], cookie)).toEqual({ token: "a.b.c", from: "cookie" });
    },
  );

  it("in both: the header's, whatever the cookie is", () => {
    expect(read(["Bearer a.b.c"], `${NAME}=d.e.f`)).toEqual({ token: "a.b.c", from: "header" });
    expect(read(["Bearer a.b.c"], `${NAME}=; ${NAME}=()`)).toEqual({ token: "a.b.c", from: "header" });
    expect(code(["Basic eA=="], `${NAME}=d.e.f`)).toBe("invalid_request");
  });

  it.each([undefined, "", ";;", "x=1", `x${NAME}=a`, `${NAME}x=a`, NAME, NAME.toLowerCase() + "=a", `x=${NAME}=a`])(
    "in neither: %s",
    (cookie) => {
      expect(read([], cookie)).toBeUndefined();
    },
  );

  it.each([
    [[""]],
    [["Bearer"]],
    [["Bearer "]],
    [["Bearera.b.c"]],
    [["a.b.c"]],
    [["Basic YTpi"]],
    [["DPoP a.b.c"]],
    [["Bearer a.b.c d"]],
    [["Bearer a.b.c, Bearer d.e.f"]],
    [["Bearer a.b.c,d"]],
    [["Bearer =a"]],
    [["Bearer\ta.b.c"]],
    [["Bearer a.b.c\n"]],
    [["Bearer \u00e9"]],
    [['Bearer "a.b.c"']],
    [["Bearer a.b.c", "Bearer a.b.c"]],
    [["Bearer a.b.c", ""]],
    [["", "Bearer a.b.c"]],
  ])("refused in the header: %j", (fields) => {
    expect(code(fields)).toBe("invalid_request");
  });

  it.each([`${NAME}=`, `${NAME}=""`, `${NAME}=a b`, `${NAME}=a.b.c; ${NAME}=d.e.f`, `${NAME}=a,b`, `${NAME}="`])(
    "refused in the cookie: %s",
    (cookie) => {
      expect(code([], cookie)).toBe("invalid_request");
    },
  );

  it("are read in linear time", () => {
    for (const text of [`Bearer${" ".repeat(100_000)}`, `Bearer ${"a".repeat(100_000)}=!`, `${" \t".repeat(50_000)}x`])
      expect(leastMs(() => expect(code([text])).toBe("invalid_request"))).toBeLessThan(200);
    expect(leastMs(() => read([], `x${" ".repeat(100_000)}x=${" ".repeat(100_000)}x`))).toBeLessThan(200);
  });
});
