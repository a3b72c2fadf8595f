/**
 * Every HTTP route against everything a client should not send. Each refusal is the typed error with a request id and
 * nothing else, and nothing is stored. What this does not show: behaviour of frames (bad-frames.test.ts).
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { commonErrors, sessionErrors } from "#schema/http/route.ts";
import { errorKinds } from "#schema/errors.ts";
import { expiredToken } from "../support/expired-token.ts";
import {
  addRawDevice,
  createRawConversation,
  type RawAccount,
  type RawAnswer,
  type RawDevice,
  rawRequest,
  registerRaw,
} from "../support/raw-account.ts";
import { allContracts, type RouteSample, routeSamples } from "../support/route-samples.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { storedRows } from "../support/stored-rows.ts";

let server: TestServer;
let anna: RawAccount;
let ben: RawAccount;
let caller: RawDevice;
let samples: RouteSample[];
let before: Record<string, number>;

beforeAll(async () => {
  server = await startServer();
  anna = await registerRaw(server.origin, "anna");
  ben = await registerRaw(server.origin, "ben");
  const [first] = anna.devices;
  if (first === undefined) throw new Error("no device");
  caller = first;
  const conversationId = await createRawConversation(server.origin, caller, ben);
  samples = await routeSamples(server.origin, caller, ben, conversationId);
  before = storedRows(server.state);
});
afterAll(() => server.close());

/** The whole form of a refusal: these keys and no others, the id also in the header, no trace of the inside. */
function expectRefusal(answer: RawAnswer, sample: RouteSample, codes: readonly string[]): void {
  const { body, status, headers } = answer;
  if (body.success) throw new Error(`${sample.name} was accepted`);
  const { error } = body;
  expect([sample.name, error.code]).toEqual([sample.name, expect.toBeOneOf([...codes])]);
  expect(status).toBe(errorKinds[error.code].status);
  expect(Object.keys(body).sort()).toEqual(["error", "success"]);
  const keys = Object.keys(error).filter((key) => key !== "retryAfterMs");
  expect(keys.sort()).toEqual(["code", "message", "requestId"]);
  expect(error.requestId).toBe(headers.get("x-request-id"));
  expect(error.message).not.toMatch(/\bat \S+:\d+|Error:|undefined|\[object/);
  const declared: readonly string[] = [...commonErrors, ...sessionErrors, ...sample.contract.errors];
  expect(declared).toContain(error.code);
}

/** Sends a sample with a valid token where one is needed, changed as told. */
function request(
  sample: RouteSample,
  change: {
    json?: unknown;
    body?: BodyInit;
    headers?: Record<string, string>;
    token?: string;
    query?: string;
  } = {},
): Promise<RawAnswer> {
  const token =
    change.token ?? (sample.contract.access === "session" ? caller.session.accessToken : undefined);
  const json = "body" in change ? undefined : "json" in change ? change.json : sample.json;
  return rawRequest(server.origin, sample.contract.method, `${sample.path}${change.query ?? ""}`, {
    ...(token === undefined ? {} : { token }),
    ...(json === undefined ? {} : { json }),
    ...(change.body === undefined ? {} : { body: change.body }),
    ...(change.headers === undefined ? {} : { headers: change.headers }),
  });
}

const withBody = (): RouteSample[] => samples.filter((sample) => sample.contract.request !== undefined);
const needingSession = (): RouteSample[] => samples.filter((sample) => sample.contract.access === "session");

test("every declared route with a body has a sample", () => {
  const without = samples.filter(
    (sample) => (sample.contract.request === undefined) !== (sample.json === undefined),
  );
  expect(without.map((sample) => sample.name)).toEqual([]);
  expect(samples.length).toBe(allContracts().size);
});

test("[HT20] a body that is missing, no JSON, no object or not UTF-8 is malformed", async () => {
  const bodies = ["", "{", "[]", "null", '"text"', "7", new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])];
  for (const sample of withBody()) {
    for (const body of bodies) expectRefusal(await request(sample, { body }), sample, ["malformed"]);
  }
});

test("[HT21] an unknown key, a missing key or a key of another type is malformed", async () => {
  for (const sample of withBody()) {
    const json = sample.json ?? {};
    expectRefusal(await request(sample, { json: { ...json, surprise: 1 } }), sample, ["malformed"]);
    for (const key of Object.keys(json)) {
      const { [key]: _, ...rest } = json;
      const missing = await request(sample, { json: rest });
      const isOptional = ["refreshToken", "signed"].includes(key);
      expectRefusal(missing, sample, isOptional ? ["unauthenticated", "bad_signature"] : ["malformed"]);
      for (const wrong of [null, { a: 1 }, [[]], "\u0000", Number.MAX_SAFE_INTEGER]) {
        const answer = await request(sample, { json: { ...json, [key]: wrong } });
        expectRefusal(answer, sample, ["malformed", "unauthenticated"]);
      }
    }
  }
});

test("[HT22] a body above the route's limit is refused before it is parsed, declared or not", async () => {
  for (const sample of withBody()) {
    const size = (sample.contract.maxBytes ?? 32 * 1024) + 1;
    const text = `{"x":"${"a".repeat(size)}"}`;
    expectRefusal(await request(sample, { body: text }), sample, ["too_large"]);
  }
});

test("[HT23] unknown query parameters and impossible values are malformed", async () => {
  const listing = samples.filter((sample) => sample.contract.query !== undefined);
  expect(listing.length).toBeGreaterThan(0);
  for (const sample of listing)
    expectRefusal(await request(sample, { query: "?surprise=1" }), sample, ["malformed"]);
  const pages = samples.find((sample) => sample.name === "listMessages");
  if (pages === undefined) throw new Error("no history route");
  for (const query of [
    "?limit=0",
    "?limit=101",
    "?limit=-1",
    "?limit=x",
    "?before=1.5",
    "?after=-3",
    "?before=9e9",
  ]) {
    expectRefusal(await request(pages, { query }), pages, ["malformed"]);
  }
});

test("[HT24] a path parameter of the wrong form is refused", async () => {
  for (const sample of samples.filter(({ contract }) => contract.path.includes(":"))) {
    const spoilt = { ...sample, path: sample.contract.path.replace(/:\w+/, "not!an*id") };
    expectRefusal(await request(spoilt), sample, ["malformed", "not_found"]);
  }
});

test("[HT25] another method is refused, an unknown address is not found", async () => {
  for (const sample of samples) {
    const served = samples.filter(({ path }) => path === sample.path).map(({ contract }) => contract.method);
    for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH"]) {
      if (served.some((each) => each === method)) continue;
      const answer = await rawRequest(
        server.origin,
        method,
        sample.path,
        method === "GET" ? {} : { json: {} },
      );
      expectRefusal(answer, sample, ["method_not_allowed"]);
    }
  }
  for (const path of ["/api/", "/api/nothing", "/api/auth", "/api/../api/x", "/ws/nothing"]) {
    const { status, body } = await rawRequest(server.origin, "GET", path);
    expect([path, status, body.success ? "accepted" : body.error.code]).toEqual([path, 404, "not_found"]);
  }
});

test("[HT26] a foreign web page is refused, whatever it sends", async () => {
  for (const sample of samples.filter(({ contract }) => contract.method !== "GET")) {
    for (const origin of ["https://evil.example", "null", server.origin.replace("http:", "https:")]) {
      expectRefusal(await request(sample, { headers: { origin } }), sample, ["origin_refused"]);
    }
  }
});

test("[HT27] without a token, or with one that is forged, of another purpose or for nobody: unauthenticated", async () => {
  const valid = caller.session.accessToken;
  const [head = "", claims = "", signature = ""] = valid.split(".");
  const other = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, unknown>;
  const forgedClaims = Buffer.from(JSON.stringify({ ...other, sub: ben.account })).toString("base64url");
  const none = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
  const registration = samples.find((sample) => sample.name === "register")?.json?.["ticket"];
  const tokens = [
    "",
    "x",
    `${head}.${claims}.`,
    `${head}.${forgedClaims}.${signature}`,
    `${none}.${claims}.`,
    `${head}.${claims}.${signature.slice(0, -4)}AAAA`,
    String(registration),
  ];
  for (const sample of needingSession()) {
    const bare = await rawRequest(server.origin, sample.contract.method, sample.path, { json: sample.json });
    expectRefusal(bare, sample, ["unauthenticated"]);
    for (const token of tokens) expectRefusal(await request(sample, { token }), sample, ["unauthenticated"]);
  }
});

test("[HT28] an expired token asks for a refresh", async () => {
  const expired = await expiredToken(caller.session.accessToken);
  for (const sample of needingSession()) {
    expectRefusal(await request(sample, { token: expired }), sample, ["token_expired"]);
  }
});

test("[HT29] a stranger learns nothing of a conversation and cannot page through it", async () => {
  const stranger = await registerRaw(server.origin, "stranger");
  const token = stranger.devices[0]?.session.accessToken ?? "";
  const sample = samples.find(({ name }) => name === "listMessages");
  if (sample === undefined) throw new Error("no history route");
  expectRefusal(await request(sample, { token }), sample, ["not_found"]);
  const unknown = { ...sample, path: "/api/conversations/AAAAAAAAAAAAAAAAAAAAAA/messages" };
  const [one, two] = await Promise.all([request(sample, { token }), request(unknown, { token })]);
  expect([one.status, { ...one.body, error: undefined }]).toEqual([
    two.status,
    { ...two.body, error: undefined },
  ]);
});

test("[HT30] none of that stored anything", () => {
  const grown = Object.entries(storedRows(server.state)).filter(
    ([table, rows]) => rows !== (before[table] ?? 0),
  );
  // The stranger's own registration is the only thing that was accepted: one account, one inbox of its own.
  const known = grown.filter(([table]) => before[table] !== undefined);
  expect(known.map(([table, rows]) => [table.replace(/^.*:/, ""), rows - (before[table] ?? 0)])).toEqual([
    ["accounts", 1],
  ]);
  const newFiles = new Set(
    grown.filter(([table]) => before[table] === undefined).map(([table]) => table.split(":")[0]),
  );
  expect(newFiles.size).toBe(1);
});

test("[AU40] a revoked session and a signed-out device are refused on every route", async () => {
  const second = await addRawDevice(server.origin, anna);
  const token = second.session.accessToken;
  const ended = await rawRequest(server.origin, "POST", "/api/auth/logout", {
    token,
    json: { scope: "device" },
  });
  expect(ended.body.success).toBe(true);
  for (const sample of needingSession()) {
    expectRefusal(await request(sample, { token }), sample, ["session_revoked"]);
  }
});

test("[AU41] unknown and known usernames are answered alike", async () => {
  const shapes = [];
  for (const username of ["ben", "nobody.at.all"]) {
    const parameters = await rawRequest(server.origin, "POST", "/api/auth/parameters", {
      json: { username },
    });
    const again = await rawRequest(server.origin, "POST", "/api/auth/parameters", { json: { username } });
    expect(parameters.body.success && parameters.body.data).toEqual(again.body.success && again.body.data);
    const json = { username, authKey: Buffer.alloc(32, 9).toString("base64url") };
    const login = await rawRequest(server.origin, "POST", "/api/auth/login", { json });
    const { data } = parameters.body as unknown as { data: { salt: string; argon2: unknown } };
    const { error } = login.body as unknown as { error: object };
    shapes.push({
      parameters: { salt: data.salt.length, argon2: data.argon2 },
      login: { status: login.status, error: { ...error, requestId: "" } },
    });
  }
  expect(shapes[0]).toEqual(shapes[1]);
});
