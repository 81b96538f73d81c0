import type { Config, Setting } from "./config.ts";
import { count, hubPath, networks, publicOrigin, text, toggle } from "./values.ts";

type AddressKey =
  | "host"
  | "port"
  | "path"
  | "publicUrl"
  | "tlsCert"
  | "tlsKey"
  | "trustedProxies"
  | "adminPort"
  | "adminHost"
  | "noStrictReader"
  | "apiDescription";

/** The settings of where the server listens, and who is in front of it. */
export const ADDRESS_SETTINGS: { readonly [K in AddressKey]: Setting<Config[K]> } = {
  host: {
    group: "Address",
    placeholder: "<address>",
    schema: text("an address or host name to listen on."),
    fallback: "127.0.0.1",
    help: "address to listen on",
  },
  port: {
    group: "Address",
    placeholder: "<number>",
    schema: count(0, 65_535, "a port: a whole number"),
    fallback: 3000,
    shown: "3000",
    help: "port to listen on (0: any free port)",
  },
  path: {
    group: "Address",
    placeholder: "<path>",
    schema: hubPath(),
    fallback: "/.well-known/mercure",
    help: "path of the hub, beside /events/stream",
  },
  publicUrl: {
    group: "Address",
    placeholder: "<url>",
    schema: publicOrigin(),
    fallback: undefined,
    shown: "the address listened on",
    help: "scheme and host that clients use, when a proxy is in front",
  },
  tlsCert: {
    group: "Address",
    placeholder: "<path>",
    schema: text("the path of a PEM file."),
    fallback: undefined,
    shown: "no TLS",
    help: "certificate with its chain, in a PEM file: serves HTTPS with HTTP/2, and takes a renewed file by itself",
  },
  tlsKey: {
    group: "Address",
    placeholder: "<path>",
    schema: text("the path of a PEM file."),
    fallback: undefined,
    shown: "none",
    help: "key of the certificate, in a PEM file",
  },
  trustedProxies: {
    group: "Address",
    placeholder: "<network>",
    repeatable: true,
    schema: networks(),
    fallback: [],
    shown: "none",
    help: "address or network of a proxy whose X-Forwarded-For or Forwarded names the client (repeatable)",
  },
  apiDescription: {
    group: "Address",
    placeholder: undefined,
    schema: toggle(),
    fallback: false,
    help: "describe the hub to everyone at HUB/openapi.json and HUB/asyncapi.json",
  },
  adminPort: {
    group: "Address",
    placeholder: "<number>",
    schema: count(1, 65_535, "a port: a whole number"),
    fallback: undefined,
    shown: "none",
    help: "port of a second listener, for /metrics and /health alone, without a token",
  },
  adminHost: {
    group: "Address",
    placeholder: "<address>",
    schema: text("an address or host name to listen on."),
    fallback: "127.0.0.1",
    help: "address of the second listener, whose metrics everyone may read who reaches it",
  },
  noStrictReader: {
    group: "Address",
    placeholder: undefined,
    schema: toggle(),
    fallback: false,
    help: "read plain publishes by Node's HTTP parser too, which costs more processor time",
  },
};
