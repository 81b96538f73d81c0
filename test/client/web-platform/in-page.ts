import { createEventSource } from "../../../packages/client/src/event-source.ts";
import type { Plan } from "./case.ts";
import { drive, type Outcome } from "./drive.ts";

// One script for a page, a dedicated worker and a shared worker.
const scope = globalThis as unknown as MessagePort & {
  document?: unknown;
  drive?: (plan: Plan) => Promise<Outcome>;
};

function serve(port: MessagePort): void {
  port.addEventListener("message", ({ data }: MessageEvent<Plan>) => {
    void drive(createEventSource, data).then((outcome) => port.postMessage(outcome, []));
  });
}

if (scope.document !== undefined) scope.drive = (plan) => drive(createEventSource, plan);
else if ("onconnect" in scope) {
  (scope as EventTarget).addEventListener("connect", (event) => {
    for (const port of (event as MessageEvent).ports) {
      serve(port);
      port.start();
    }
  });
} else serve(scope);
