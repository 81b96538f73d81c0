// React Router with sessions: each user receives what is published for this user, until logout.
//
//   npm install artesian react react-dom react-router @react-router/node @react-router/serve isbot
//   npm install --save-dev @react-router/dev vite && npm pkg set type=module
//   npx react-router build
//   npx react-router-serve build/server/index.js
//   curl -c jar -d user=ada http://127.0.0.1:3000/login
//   curl -b jar -N 'http://127.0.0.1:3000/api/live?match_urlpattern=/users/:me'
//   curl --json '{"text":"Hello"}' http://127.0.0.1:3000/notify/ada
import { createHub } from "artesian";
import { createMemorySessionStorage } from "react-router";

const SESSION_MS = Number(process.env.SESSION_MS ?? 3_600_000);

function createLive() {
  const cookie = { name: "sid", httpOnly: true, sameSite: "lax", path: "/", secrets: [process.env.SESSION_SECRET ?? "for a first try"] };
  const storage = createMemorySessionStorage({ cookie });
  const sessionOf = (request) => storage.getSession(request.headers.get("cookie"));
  const hub = createHub({
    path: "/api/live",
    async authorize(request) {
      const user = (await sessionOf(request)).get("user");
      return user && { subject: user, subscribe: [`/users/${user}`], publish: [`/users/${user}`], until: Date.now() + SESSION_MS };
    },
  });
  // At SIGTERM and SIGINT `react-router-serve` waits for open streams, and the hub ends them.
  hub.closeOnSignals();
  return { hub, storage, sessionOf };
}

// In development Vite loads this file again when it has changed. The hub stays as it was: after a change of
// `authorize`, start the development server again.
export const { hub, storage, sessionOf } = (globalThis.live ??= createLive());
