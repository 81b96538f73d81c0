import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { sentenceOf } from "./api.ts";

/** The answer to a question. During a repetition, the last answer stays. */
export interface Asked<T> {
  readonly answer: T | undefined;
  /** Returns a sentence, in the language of the moment. */
  readonly problem: (() => string) | undefined;
  readonly busy: boolean;
  /** The duration of the last answer, in milliseconds, and its time. */
  readonly tookMs: number;
  readonly cameAt: number;
}

/** Asks the server. A newer question cancels the pending one. */
export function useAsked<T>(question: (signal: AbortSignal) => Promise<T>): { readonly asked: Asked<T>; readonly ask: () => void } {
  const [asked, setAsked] = useState<Asked<T>>({ answer: undefined, problem: undefined, busy: false, tookMs: 0, cameAt: 0 });
  const current = useRef<AbortController | undefined>(undefined);
  const latest = useRef(question);
  latest.current = question;

  useEffect(() => () => current.current?.abort(), []);

  const ask = useCallback(() => {
    current.current?.abort();
    const controller = new AbortController();
    current.current = controller;
    const began = performance.now();
    setAsked((before) => ({ ...before, busy: true }));
    const settle = (change: Partial<Asked<T>>): void => {
      if (controller.signal.aborted) return;
      setAsked((before) => ({ ...before, ...change, busy: false, tookMs: performance.now() - began, cameAt: performance.now() }));
    };
    latest.current(controller.signal).then(
      (answer) => settle({ answer, problem: undefined }),
      (error: unknown) => settle({ problem: () => sentenceOf(error) }),
    );
  }, []);
  return { asked, ask };
}
