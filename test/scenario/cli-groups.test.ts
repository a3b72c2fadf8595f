/** Groups from the command line, each command a process of its own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { runCli } from "../support/cli-process.ts";
import { eventually } from "../support/people.ts";
import { jpegOf } from "../support/square-jpeg.ts";
import { startServer } from "../support/server.ts";

const server = await startServer();
const folder = mkdtempSync(path.join(tmpdir(), "sotto-cli-groups-"));
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const home = (name: string): string => path.join(folder, name);
const run = (name: string, ...args: string[]) => runCli(args, { home: home(name) });

test("[CL244] a link made, asked by, answered, reset and turned off", async () => {
  for (const name of ["link.anna", "link.ben", "link.carl"]) {
    const input = { home: home(name), server: server.origin, password: `the password of ${name}` };
    expect((await runCli(["register", name], input)).code).toBe(0);
  }
  expect((await run("link.anna", "group", "create", "Open", "link.ben")).code).toBe(0);
  const made = await run("link.anna", "group", "link", "Open", "ask");
  const link = made.stdout.trim();
  expect([made.code, link.split("#")[0]]).toEqual([0, `${server.origin}/join`]);
  expect((await run("link.carl", "group", "join", link)).stdout).toMatch(/^\S{22} waiting\n$/);
  expect((await run("link.anna", "group", "requests", "Open")).stdout).toBe("link.carl\n");
  expect((await run("link.anna", "group", "refuse", "Open", "link.carl")).code).toBe(0);
  expect((await run("link.carl", "group", "join", link)).stderr.trim()).toBe("sotto: join_refused");
  const reset = (await run("link.anna", "group", "link", "Open", "reset")).stdout.trim();
  expect(reset).not.toBe(link);
  expect((await run("link.anna", "group", "link", "Open", "open")).stdout.trim()).toBe(reset);
  const joined = await run("link.carl", "group", "join", reset);
  expect([joined.stderr, joined.stdout]).toEqual(["", expect.stringMatching(/ joined\n$/)]);
  expect((await run("link.anna", "group", "link", "Open", "off")).code).toBe(0);
  expect((await run("link.anna", "group", "link", "Open")).stderr).toContain("has no invite link");
}, 240_000);

test("[CL264] a picture set and taken away, and what is none refused", async () => {
  const input = { home: home("pic"), server: server.origin, password: "the password of pic" };
  expect((await runCli(["register", "pic"], input)).code).toBe(0);
  await runCli(["register", "pic.ben"], { ...input, home: home("pic.ben") });
  expect((await run("pic", "group", "create", "Gallery", "pic.ben")).code).toBe(0);
  const file = path.join(folder, "square.jpg");
  writeFileSync(file, jpegOf(128, 128));
  const set = await run("pic", "group", "picture", "Gallery", file);
  expect([set.code, set.stderr]).toEqual([0, ""]);
  writeFileSync(file, jpegOf(128, 64));
  expect((await run("pic", "group", "picture", "Gallery", file)).stderr.trim()).toBe("sotto: not_a_picture");
  const missing = await run("pic", "group", "picture", "Gallery", path.join(folder, "missing.jpg"));
  expect(missing.stderr.trim()).toBe("sotto: file_unreadable");
  expect((await run("pic", "group", "picture", "Gallery", "--remove")).code).toBe(0);
  expect((await run("pic", "group", "picture", "Gallery")).stderr).toContain("group picture <group> <file>");
}, 240_000);

test("[CL210] a group made, enlarged, written to and left, each with one command", async () => {
  for (const name of ["anna", "ben", "carl"]) {
    const input = { home: home(name), server: server.origin, password: `the password of ${name}` };
    expect((await runCli(["register", name], input)).code).toBe(0);
  }
  const made = await run("anna", "group", "create", "Rowing club", "ben");
  expect([made.code, made.stderr]).toEqual([0, ""]);
  const id = made.stdout.trim();
  const sent = await run("anna", "group", "send", "Rowing club", "six", "o'clock");
  expect([sent.code, sent.stderr]).toEqual([0, expect.stringMatching(/^1 acknowledged in /)]);
  const heard = await run("ben", "listen", "--count", "1", "--json");
  expect(JSON.parse(heard.stdout)).toMatchObject({ with: "Rowing club", from: "anna", text: "six o'clock" });

  expect(await run("anna", "group", "add", id, "carl")).toMatchObject({ code: 0, stderr: "" });
  const members = await run("anna", "group", "members", id);
  expect(members.stdout).toBe("anna owner\nben member\ncarl member\n");
  const refused = await run("ben", "group", "remove", id, "carl");
  expect([refused.code, refused.stderr.trim()]).toEqual([1, "sotto: not_allowed"]);
  expect((await run("ben", "group", "leave", id)).code).toBe(0);
  expect((await run("ben", "group", "list")).stdout).toBe(`${id} Rowing club: left\n`);
  expect((await run("anna", "group", "send", "Rowing")).stderr).toContain("no such group: Rowing");

  // Ben comes back and is given what was said while he was out; what --history takes is said when it is something else.
  expect((await run("anna", "group", "send", id, "without ben")).code).toBe(0);
  const wrong = await run("anna", "group", "add", id, "ben", "--history", "some");
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining("--history is none, 100 or all")]);
  expect(await run("anna", "group", "add", id, "ben", "--history", "all")).toMatchObject({
    code: 0,
    stderr: "",
  });
  expect((await run("anna", "group", "send", id, "welcome back")).code).toBe(0);
  const again = await run("ben", "listen", "--count", "1", "--json");
  expect(JSON.parse(again.stdout)).toMatchObject({ text: "welcome back" });
  await eventually("what was said without ben", async () =>
    (await run("ben", "history", "Rowing club")).stdout.includes("anna: without ben"),
  );
});
