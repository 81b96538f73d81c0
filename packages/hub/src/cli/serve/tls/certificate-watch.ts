import { stat } from "node:fs/promises";
import type { SecureContextOptions } from "node:tls";
import { every } from "../../../core/scheduler.ts";
import type { Logger } from "../../../index.ts";
import type { PreparedChange } from "../../../hub-changes.ts";
import { type Certificate, readCertificate, type TlsFiles } from "./certificate.ts";

/** Interval of the looks at the files, in milliseconds. */
const LOOK_MS = 5000;
const DAY_MS = 86_400_000;
/** Days before the end of a certificate from which on the log warns. */
const WARN_DAYS = 14;

/** No state of the files: they are read at the next look. */
const AGAIN = "";

/** What takes a certificate over, such as a server of `node:https`. */
interface Holder {
  setSecureContext(options: SecureContextOptions): void;
}

/**
 * Keeps a server's certificate up to date. The files are looked at every few seconds, so that a
 * renewed certificate needs no signal. New connections use it, open ones stay.
 */
export class CertificateWatch {
  readonly #holder: Holder;
  readonly #logger: Logger;
  readonly #stopLooking: () => void;
  readonly #stopWarning: () => void;
  #present: Certificate;
  /** The files as they were looked at last. */
  #seen: string | undefined = AGAIN;
  /** Looks in a row that found a file missing. */
  #misses = 0;
  /** The reason why the newest files can't be used, as logged. */
  #why: string | undefined;

  /** @param present - The certificate that the server has. */
  constructor(holder: Holder, present: Certificate, logger: Logger) {
    this.#holder = holder;
    this.#present = present;
    this.#logger = logger;
    this.#stopLooking = every(LOOK_MS, () => void this.#look());
    this.#stopWarning = every(DAY_MS, () => this.#warn());
    this.#warn();
  }

  /**
   * Reads the files again.
   *
   * @throws UsageError when they can't be used.
   */
  prepare(): PreparedChange {
    const certificate = readCertificate(this.#present.files);
    return { apply: () => this.#take(certificate), abandon: () => undefined };
  }

  stop(): void {
    this.#stopLooking();
    this.#stopWarning();
  }

  async #look(): Promise<void> {
    const seen = await stateOf(this.#present.files);
    this.#misses = seen === undefined ? this.#misses + 1 : 0;
    // A file that is being replaced may be missing for a moment.
    if (seen === this.#seen || this.#misses === 1) return;
    this.#seen = seen;
    try {
      this.#take(readCertificate(this.#present.files));
      this.#why = undefined;
    } catch (error) {
      // One of the two files may have been written a moment before the other.
      this.#seen = AGAIN;
      const why = error instanceof Error ? error.message : String(error);
      if (why !== this.#why) this.#logger.error({ why }, "the TLS certificate has changed and can't be used; the present one stays");
      this.#why = why;
    }
  }

  #take(certificate: Certificate): void {
    const { cert, key } = this.#present;
    if (certificate.cert.equals(cert) && certificate.key.equals(key)) return;
    this.#holder.setSecureContext(certificate);
    this.#present = certificate;
    this.#logger.info(
      { expires: new Date(certificate.expiresAtMs).toISOString() },
      "the TLS certificate has changed; new connections use it",
    );
    this.#warn();
  }

  #warn(): void {
    const { expiresAtMs } = this.#present;
    const days = Math.floor((expiresAtMs - Date.now()) / DAY_MS);
    if (days >= WARN_DAYS) return;
    const fields = { expires: new Date(expiresAtMs).toISOString() };
    if (days < 0)
      this.#logger.error(fields, "the TLS certificate has expired; clients refuse it. Renew it: the server takes a new one by itself");
    else this.#logger.warn(fields, `the TLS certificate expires in ${days} days. Renew it: the server takes a new one by itself`);
  }
}

/** Tells the files' present state apart from every other. Undefined while one is missing. */
async function stateOf({ cert, key }: TlsFiles): Promise<string | undefined> {
  try {
    const all = await Promise.all([cert, key].map((path) => stat(path, { bigint: true })));
    return all.map(({ dev, ino, size, mtimeNs, ctimeNs }) => [dev, ino, size, mtimeNs, ctimeNs].join(" ")).join("\n");
  } catch {
    return undefined;
  }
}
