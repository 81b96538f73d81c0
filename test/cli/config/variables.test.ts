import { expect, test } from "vitest";
import { KEYS, variableOf } from "../../../packages/hub/src/cli/config/settings.ts";
import { unknownVariables } from "../../../packages/hub/src/cli/config/variables.ts";

const textOf = (name: string, value = "1"): string | undefined => unknownVariables({ [name]: value })[0]?.text;

test.each([
  ["ARTESIAN_RETENTION_AG", "ARTESIAN_RETENTION_AGE"],
  ["ARTESIAN_JWT_KYE", "ARTESIAN_JWT_KEY"],
  ["ARTESIAN_RETENTIONAGE", "ARTESIAN_RETENTION_AGE"],
  ["ARTESIAN_TRUSTED_PROXY", "ARTESIAN_TRUSTED_PROXIES"],
  ["artesian_port", "ARTESIAN_PORT"],
  ["ARTESIAN_TOKN", "ARTESIAN_TOKEN"],
])("%s is warned of, and %s named", (name, meant) => {
  expect(textOf(name)).toContain(`There is no variable ${name}`);
  expect(textOf(name)).toContain(`Write ${meant}.`);
});

test("a variable that is like none is warned of, without its value", () => {
  expect(textOf("ARTESIAN_SHOESIZE", "secret")).toContain("docs/reference/configuration.md");
  expect(textOf("ARTESIAN_SHOESIZE", "secret")).not.toContain("secret");
});

test("known variables, and those of a Kubernetes service of this name, are not warned of", () => {
  for (const name of [...KEYS.map(variableOf), "ARTESIAN_CONFIG", "ARTESIAN_URL", "ARTESIAN_TOKEN", "ARTESIAN_BOT_KEY", "MY_ARTESIAN_X"]) {
    expect(unknownVariables({ [name]: "1" }), name).toEqual([]);
  }
  const service = {
    ARTESIAN_SERVICE_HOST: "10.0.0.1",
    ARTESIAN_SERVICE_PORT: "3000",
    ARTESIAN_SERVICE_PORT_HTTP: "3000",
    ARTESIAN_HUB_PORT: "tcp://10.0.0.1:3000",
    ARTESIAN_PORT_3000_TCP: "tcp://10.0.0.1:3000",
    ARTESIAN_PORT_3000_TCP_ADDR: "10.0.0.1",
    ARTESIAN_REDIS_SERVICE_HOST: "10.0.0.2",
  };
  expect(unknownVariables(service)).toEqual([]);
});
