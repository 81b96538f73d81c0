import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { join } from "node:path";
import { connect } from "node:tls";
import { onTestFinished } from "vitest";
import { temporaryDirectory } from "../../support/directory.ts";
import { type RunningServer, startServer } from "../command.ts";

/** Files as an operator has them. */
export interface Files {
  readonly cert: string;
  readonly key: string;
  /** The number of the certificate that the files hold. */
  readonly serial: () => string;
}

/** Makes a certificate for the loopback. @param days - Its life. */
export function makeFiles(directory: string = temporaryDirectory(), days = 30): Files {
  const [cert, key] = [join(directory, "cert.pem"), join(directory, "key.pem")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-x509", "-days", `${days}`];
  const name = ["-subj", "/CN=artesian", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
  execFileSync("openssl", ["req", ...kind, ...name, "-keyout", key, "-out", cert], { stdio: "ignore" });
  return { cert, key, serial: () => new X509Certificate(readFileSync(cert)).serialNumber };
}

/** Starts `artesian serve` with a certificate. */
export function startSecure(files: Files, ...args: string[]): Promise<RunningServer> {
  return startServer(["--data", temporaryDirectory(), "--tls-cert", files.cert, "--tls-key", files.key, ...args]);
}

/** Puts other files in the place of the present ones, as a renewal does. */
export function replaceFiles(present: Files, other: Files): void {
  for (const name of ["key", "cert"] as const) {
    writeFileSync(`${present[name]}.new`, readFileSync(other[name]));
    renameSync(`${present[name]}.new`, present[name]);
  }
}

/** The number of the certificate that a server shows now. */
export async function shownSerial(url: string): Promise<string> {
  const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1", rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

/** A connection of HTTP/2 that trusts a certificate, or one without TLS. */
export function openSession(url: string, files?: Files): ClientHttp2Session {
  const session = connectHttp2(url, files && { ca: readFileSync(files.cert) });
  session.on("error", () => undefined);
  onTestFinished(() => session.destroy());
  return session;
}

/** An answer that was read to its end. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Sends a request on a connection of HTTP/2. */
export async function ask(
  session: ClientHttp2Session,
  path: string,
  form?: Readonly<Record<string, string>>,
  fields: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const method = form === undefined ? "GET" : "POST";
  const request = session.request({ ":path": path, ":method": method, "content-type": "application/x-www-form-urlencoded", ...fields });
  request.setEncoding("utf8").end(form && new URLSearchParams(form).toString());
  const [headers] = (await once(request, "response")) as [{ readonly ":status": number }];
  let body = "";
  for await (const text of request) body += text as string;
  return { status: headers[":status"], body };
}

/** Subscribes on a connection of HTTP/2. @returns What has arrived so far. */
export async function subscribe(session: ClientHttp2Session, topic: string): Promise<() => string> {
  const stream = session.request({ ":path": `/events/stream?match=${topic}` });
  stream.on("error", () => undefined);
  let received = "";
  stream.setEncoding("utf8").on("data", (text: string) => (received += text));
  await once(stream, "response");
  return () => received;
}
