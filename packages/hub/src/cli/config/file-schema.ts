import { settingRows } from "./describe.ts";
import { type JsonSchema, jsonSchemaOf } from "./json-schema.ts";
import { issuersSchema } from "./key-choice.ts";
import { SETTINGS } from "./settings.ts";

/**
 * Makes the JSON Schema of the configuration file from the table of settings. It refuses no file
 * that the command takes. The command also checks bounds of texts with units, bounds between
 * settings, and the files that are named.
 */
export function fileSchema(): JsonSchema {
  const properties = settingRows().map(({ key, help, shownDefault, isReloaded, flag, variable }) => {
    const when = isReloaded ? "Read again at SIGHUP." : "Takes effect at a restart.";
    const description = `${help}. Default: ${shownDefault}. ${when} Flag ${flag}, variable ${variable}.`;
    return [key, { description, ...jsonSchemaOf(SETTINGS[key].schema) }] as const;
  });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Settings of Artesian (artesian.json)",
    type: "object",
    additionalProperties: false,
    properties: {
      $schema: { type: "string", description: "Place of this schema, for editors." },
      ...Object.fromEntries(properties),
      issuers: { description: "Several issuers, each with its own keys. Read again at SIGHUP.", ...jsonSchemaOf(issuersSchema) },
    },
  };
}
