import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { useIdleAtTop } from "./use-idle-at-top.ts";

interface LetInProps {
  /** Whether headlines may enter by themselves. */
  readonly isOn: boolean;
  /** Whether the pointer or the focus is on the headlines, under which nothing moves. */
  readonly isReading: boolean;
  readonly onRoll: (rolling: boolean) => void;
}

/** Lets new headlines in while the reader is idle at the top. */
export function LetIn({ isOn, isReading, onRoll }: LetInProps): ComponentChildren {
  const isIdle = useIdleAtTop();
  const lets = isOn && isIdle && !isReading;
  useEffect(() => onRoll(lets), [lets]);
  return null;
}
