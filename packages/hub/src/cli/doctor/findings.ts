/** One result of `artesian doctor`. */
export interface Finding {
  /** A problem keeps the hub from starting or from keeping promises. */
  readonly status: "ok" | "warning" | "problem";
  /** The part that was looked at. */
  readonly subject: "settings" | "node" | "data" | "disk" | "journal" | "files" | "address" | "clock" | "memory";
  /** A sentence or more. A warning and a problem end with the cure. */
  readonly text: string;
}

type Subject = Finding["subject"];

export const ok = (subject: Subject, text: string): Finding => ({ status: "ok", subject, text });
export const warning = (subject: Subject, text: string): Finding => ({ status: "warning", subject, text });
export const problem = (subject: Subject, text: string): Finding => ({ status: "problem", subject, text });
