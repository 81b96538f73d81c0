import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { Config } from "../../config/config.ts";
import { placeOf } from "../../config/flags.ts";
import { unreadable } from "../../config/load.ts";
import { UsageError } from "../../errors.ts";
import { readRegularFile } from "../../regular-file.ts";

/** The files of a certificate and its key. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** A certificate that was read, with its chain and its private key, both as PEM. */
export interface Certificate {
  readonly files: TlsFiles;
  readonly cert: Buffer;
  readonly key: Buffer;
  /** When it expires, in milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/**
 * Reads the configured certificate.
 *
 * @returns Undefined for a server without TLS.
 * @throws UsageError when one of its files is not named, or can't be used.
 */
export function certificateOf({ tlsCert: cert, tlsKey: key }: Pick<Config, "tlsCert" | "tlsKey">): Certificate | undefined {
  if (cert !== undefined && key !== undefined) return readCertificate({ cert, key });
  if (cert === undefined && key === undefined) return undefined;
  const [given, missing] = cert === undefined ? (["tlsKey", "tlsCert"] as const) : (["tlsCert", "tlsKey"] as const);
  throw new UsageError(`${placeOf(given)}: a certificate and its key are given together. Add ${placeOf(missing)}, or leave both out.`);
}

/**
 * Reads a certificate and its key, and checks that they belong together.
 *
 * @throws UsageError with the file and the correction.
 */
export function readCertificate(files: TlsFiles): Certificate {
  const { cert: certPath, key: keyPath } = files;
  const cert = read("tlsCert", certPath);
  const key = read("tlsKey", keyPath);
  let expiresAtMs: number;
  try {
    expiresAtMs = Date.parse(new X509Certificate(cert).validTo);
  } catch (error) {
    throw new UsageError(`${placeOf("tlsCert")}: ${certPath} holds no certificate. Name a PEM file with the certificate and its chain.`, {
      cause: error,
    });
  }
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const isOther = error instanceof Error && /mismatch/i.test(error.message);
    throw new UsageError(
      isOther
        ? `${placeOf("tlsKey")}: the key in ${keyPath} is not that of the certificate in ${certPath}. Name the two that were made together.`
        : `${placeOf("tlsKey")}: ${keyPath} holds no private key that can be used. Name a PEM file with the key, without a passphrase.`,
      { cause: error },
    );
  }
  return { files, cert, key, expiresAtMs };
}

function read(setting: "tlsCert" | "tlsKey", path: string): Buffer {
  try {
    return readRegularFile(path).bytes;
  } catch (error) {
    throw new UsageError(`${placeOf(setting)}: ${path}: ${unreadable(error)}`, { cause: error });
  }
}
