import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { HubError, type Journal } from "artesian";
import { natsJournal, type NatsJournalOptions } from "artesian/journals/nats";
import { expect, onTestFinished, test } from "vitest";
import { fileOf, NatsOperator } from "../../support/nats-operator.ts";
import { follow, until, update } from "../../support/nats-run.ts";
import { type NatsOptions, NatsServer } from "../../support/nats-server.ts";
import { makeCertificates } from "../../support/redis-server.ts";

const TYPESCRIPT = fileURLToPath(new URL("../../faults/typescript.mjs", import.meta.url));

async function start(options?: NatsOptions): Promise<NatsServer> {
  const server = await NatsServer.start(options);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

async function open(options: NatsJournalOptions): Promise<Journal> {
  const journal = await natsJournal(options);
  onTestFinished(() => journal.close());
  return journal;
}

/** What opening says, where it fails as it should. Nothing that it throws has a secret, also where a log shows all of it. */
async function refusal(options: NatsJournalOptions, secret = "s3cret"): Promise<string> {
  const error: unknown = await natsJournal(options).then(
    (journal) => journal.close(),
    (reason: unknown) => reason,
  );
  if (!(error instanceof HubError)) throw new Error("It was not refused.", { cause: error });
  expect(inspect(error, { depth: Infinity })).not.toContain(secret);
  return error.message;
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "done",
    (error: { readonly code?: unknown }) => error.code,
  );

function certificates(): ReturnType<typeof makeCertificates> {
  const directory = mkdtempSync(join(tmpdir(), "artesian-certificates-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return makeCertificates(directory, (command, args) => void execFileSync(command, args, { stdio: "ignore" }));
}

/** A hub's process that trusts a certificate. It appends each line that it is given, and says each record that it follows. */
function startProcess(url: string, certificate: string): { write: (line: string) => void; said: string[]; end: () => Promise<unknown> } {
  const program = `
    import { createInterface } from "node:readline";
    import { natsJournal } from "artesian/journals/nats";
    try {
      const journal = await natsJournal({ url: ${JSON.stringify(url)} });
      journal.follow(0, (records) => records.forEach(({ data }) => console.log(data)));
      console.log("open");
      for await (const data of createInterface(process.stdin)) {
        const update = { topics: ["t"], data, id: undefined, type: undefined, retry: undefined, private: false };
        while (!(await journal.append([update]).then(() => true, () => false))) await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await journal.close();
    } catch (error) {
      console.log(error.message);
    }
  `;
  const child = spawn(process.execPath, ["--conditions", "artesian-source", "--import", TYPESCRIPT, "--input-type=module", "-e", program], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: certificate },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const said: string[] = [];
  createInterface(child.stdout).on("line", (line) => said.push(line));
  const ended = once(child, "close");
  return {
    write: (line) => void child.stdin.write(`${line}\n`),
    said,
    end: () => {
      child.stdin.end();
      return ended;
    },
  };
}

test("TLS with a user and a password: appends, follows, and goes on after the server was started again", async () => {
  const { files } = certificates();
  const config = `tls { cert_file: "${files["cert"]}", key_file: "${files["key"]}" }
    authorization { user: me, password: "s3cret/1" }`;
  const server = await start({ config });
  const { port } = server;
  const url = `tls://me:s3cret%2F1@127.0.0.1:${port}`;
  const [a, b] = [startProcess(url, files["cert"] ?? ""), startProcess(url, files["cert"] ?? "")];
  await until(() => a.said.length > 0 && b.said.length > 0);
  expect([a.said, b.said]).toEqual([["open"], ["open"]]);
  a.write("1");
  await until(() => b.said.length === 2);
  await server.kill("SIGTERM");
  await server.start();
  b.write("2");
  await until(() => a.said.length === 3);
  expect(await Promise.all([a.end(), b.end()])).toEqual([
    [0, null],
    [0, null],
  ]);
  expect([a.said, b.said]).toEqual([
    ["open", "1", "2"],
    ["open", "1", "2"],
  ]);
  // This process does not trust the certificate, and says so also where it does not ask for TLS.
  for (const scheme of ["tls", "nats"]) {
    expect(await refusal({ url: `${scheme}://me:s3cret%2F1@127.0.0.1:${port}` })).toMatch(
      /^There is no trusted TLS connection to the NATS/,
    );
  }
  const wrong = startProcess(`tls://me:s3cret@127.0.0.1:${port}`, files["cert"] ?? "");
  await wrong.end();
  expect(wrong.said).toEqual([expect.stringMatching(/refuses the credentials/)]);
});

test("a server without TLS is not talked to where the URL asks for it", async () => {
  const server = await start();
  expect(await refusal({ url: `tls://me:s3cret@127.0.0.1:${server.port}` })).toMatch(/^There is no trusted TLS connection to the NATS/);
});

test("a token: the right one, a wrong one and none", async () => {
  const { port } = await start({ config: 'authorization { token: "s3cret:/token" }' });
  const journal = await open({ url: `nats://s3cret%3A%2Ftoken@127.0.0.1:${port}` });
  expect(await journal.append([update("x")])).toEqual([1]);
  for (const wrong of ["s3cret@", "me:s3cret@", ""]) {
    expect(await refusal({ url: `nats://${wrong}127.0.0.1:${port}` })).toMatch(
      new RegExp(`^The NATS server at 127\\.0\\.0\\.1:${port} refuses the credentials`),
    );
  }
});

test("a credentials file: one that is good, expired, another operator's, no such file, and one that is none", async () => {
  const operator = new NatsOperator();
  const server = await start({ config: operator.config });
  const good = operator.user();
  const path = fileOf(good.text);
  const [a, b] = [
    await open({ url: server.url, credentials: path }),
    await open({ url: `${server.url}?credentials=${encodeURIComponent(path)}` }),
  ];
  const followed = follow(b);
  expect(await a.append([update("1")])).toEqual([1]);
  await server.kill("SIGTERM");
  await server.start();
  await until(async () => (await codeOf(a.append([update("2")]))) === "done");
  await until(() => followed.records.length === 2);
  const foreign = new NatsOperator().user();
  const expired = operator.user(-60);
  for (const { text, seed } of [foreign, expired]) {
    expect(await refusal({ url: server.url, credentials: fileOf(text) }, seed)).toMatch(/refuses the credentials/);
  }
  expect(await refusal({ url: server.url })).toMatch(/refuses the credentials/);
  expect(await refusal({ url: server.url, credentials: `${path}.not` })).toMatch(/credentials file .* cannot be read/);
  expect(await refusal({ url: server.url, credentials: fileOf("s3cret\n") })).toMatch(/credentials file .* has no token and key/);
  const halved = good.text.slice(0, good.text.indexOf("-----BEGIN USER"));
  expect(await refusal({ url: server.url, credentials: fileOf(halved) }, good.seed)).toMatch(/credentials file .* has no token and key/);
  const broken = good.text.replace(good.seed, `${good.seed.slice(0, -4)}AAAA`);
  expect(await refusal({ url: server.url, credentials: fileOf(broken) }, good.seed.slice(0, -4))).toMatch(
    /credentials file .* has no token and key/,
  );
});
