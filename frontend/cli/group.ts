/** `sotto group …`: make groups, change them, and write to them. */
import { readFile } from "node:fs/promises";
import type { Client } from "#core/client.ts";
import { ClientError, type GroupConversationView } from "#core/client-api.ts";
import type { ConversationId } from "#schema/ids.ts";
import { type Arguments, UsageError } from "./arguments.ts";
import { sendTo } from "./send.ts";

/** How long a command waits for what others have to send first. */
const patienceMs = 10_000;
const lookMs = 100;

type Command = (client: Client, rest: readonly string[], input: Arguments) => Promise<number>;

const commands: Record<string, Command> = {
  async create(client, [name, ...usernames]) {
    if (name === undefined || usernames.length === 0)
      throw new UsageError("group create <name> <username> …");
    const { conversationId } = await client.createGroup({ name, usernames });
    await handedOut(client, conversationId);
    process.stdout.write(`${conversationId}\n`);
    return 0;
  },
  async list(client) {
    for (const { conversationId, title, memberCount, membership, unread } of await groupsOf(client)) {
      const state = membership === "member" ? `${memberCount} members, ${unread} unread` : membership;
      process.stdout.write(`${conversationId} ${title}: ${state}\n`);
    }
    return 0;
  },
  async members(client, [group]) {
    const { conversationId } = await findGroup(client, group);
    const { members } = await client.group(conversationId);
    for (const { username, role } of members) process.stdout.write(`${username} ${role}\n`);
    return 0;
  },
  async add(client, [group, ...usernames], { history }) {
    const { conversationId } = await findGroup(client, group);
    await client.addMembers(conversationId, usernames, history);
    await handedOut(client, conversationId);
    return 0;
  },
  async remove(client, [group, username]) {
    const { conversationId } = await findGroup(client, group);
    await client.removeMember(conversationId, await accountOf(client, conversationId, username));
    return 0;
  },
  async promote(client, [group, username, role = "admin"]) {
    const { conversationId } = await findGroup(client, group);
    if (role !== "admin" && role !== "owner" && role !== "member")
      throw new UsageError("the role is member, admin or owner");
    await client.setMemberRole(conversationId, await accountOf(client, conversationId, username), role);
    return 0;
  },
  async rename(client, [group, name = ""]) {
    const { conversationId } = await findGroup(client, group);
    await client.renameGroup(conversationId, name);
    return 0;
  },
  async picture(client, [group, file], { remove }) {
    if ((file === undefined) !== remove) throw new UsageError("group picture <group> <file> | --remove");
    const { conversationId } = await findGroup(client, group);
    const picture = file === undefined ? undefined : new Blob([await readFile(file).catch(unreadable)]);
    await client.setGroupPicture(conversationId, picture);
    return 0;
  },
  async leave(client, [group]) {
    const { conversationId } = await findGroup(client, group);
    await client.leaveGroup(conversationId);
    return 0;
  },
  async link(client, [group, what = "show"], { server }) {
    const { conversationId } = await findGroup(client, group);
    if (what === "off") {
      await client.endInvite(conversationId);
      return 0;
    }
    const known = await client.groupInvite(conversationId);
    if (what === "open" || what === "ask" || what === "reset") {
      const needsApproval = what === "ask" || (what === "reset" && known?.needsApproval === true);
      await client.setInvite(conversationId, {
        needsApproval,
        expiresAtMs: what === "reset" ? undefined : known?.expiresAtMs,
        reset: what === "reset",
      });
    } else if (what !== "show") throw new UsageError("group link <group> open | ask | reset | off");
    const code = (await client.groupInvite(conversationId))?.code;
    if (code === undefined) throw new UsageError("this group has no invite link");
    process.stdout.write(`${server}/join#${code}\n`);
    return 0;
  },
  async requests(client, [group]) {
    const { conversationId } = await findGroup(client, group);
    for (const { username } of await client.joinRequests(conversationId))
      process.stdout.write(`${username}\n`);
    return 0;
  },
  async approve(client, [group, username], { history }) {
    const { conversationId } = await findGroup(client, group);
    await client.approveJoin(conversationId, await requestOf(client, conversationId, username), history);
    await handedOut(client, conversationId);
    return 0;
  },
  async refuse(client, [group, username]) {
    const { conversationId } = await findGroup(client, group);
    await client.refuseJoin(conversationId, await requestOf(client, conversationId, username));
    return 0;
  },
  async join(client, [link]) {
    if (link === undefined) throw new UsageError("group join <link>");
    const { state, conversationId } = await client.acceptInvite(link);
    if (state === "joined") await handedOut(client, conversationId);
    process.stdout.write(`${conversationId} ${state}\n`);
    return 0;
  },
  async send(client, [group, ...words], { lines }) {
    const { conversationId } = await findGroup(client, group);
    if (!lines && words.length === 0) throw new UsageError("group send <group> <text>");
    return sendTo(client, conversationId, lines ? undefined : words.join(" "));
  },
};

export async function group(client: Client, input: Arguments): Promise<number> {
  const [name = "", ...rest] = input.rest;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new UsageError(`group ${Object.keys(commands).join(" | ")}`);
  await until(async () => ["online", "waiting"].includes((await client.connectionStatus()).state));
  return command(client, rest, input);
}

function unreadable(cause: unknown): never {
  throw new ClientError("file_unreadable", { cause });
}

/** Looks again and again for a while; what has not come by then is done without. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  while (!(await holds()) && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

async function groupsOf(client: Client): Promise<GroupConversationView[]> {
  return (await client.listConversations()).filter((view) => view.kind === "group");
}

/** By name or id. Throws `UsageError` when there is none, or more than one. */
async function findGroup(client: Client, wanted: string | undefined): Promise<GroupConversationView> {
  const all = await groupsOf(client);
  const found = all.filter(({ title, conversationId }) => title === wanted || conversationId === wanted);
  const [only] = found;
  if (only === undefined) throw new UsageError(`no such group: ${wanted ?? ""}`);
  if (found.length > 1) throw new UsageError("several groups have that name: use the id");
  return only;
}

async function accountOf(client: Client, conversationId: ConversationId, username: string | undefined) {
  const find = async () => {
    const { members } = await client.group(conversationId);
    return members.find((member) => member.username === username?.toLowerCase());
  };
  await until(async () => (await find()) !== undefined);
  const found = await find();
  if (found === undefined) throw new UsageError(`no such member: ${username ?? ""}`);
  return found.account;
}

async function requestOf(client: Client, conversationId: ConversationId, username: string | undefined) {
  const requests = await client.joinRequests(conversationId);
  const found = requests.find((request) => request.username === username?.toLowerCase());
  if (found === undefined) throw new UsageError(`nobody of this name asks to be let in: ${username ?? ""}`);
  return found.account;
}

/**
 * The name of a group and its key reach the others with an entry of their own, behind the newest change; keys of earlier messages go to who
 * came in.
 */
function handedOut(client: Client, conversationId: ConversationId): Promise<void> {
  return until(async () => {
    if ((await client.group(conversationId)).isHandingOver) return false;
    const { messages } = await client.listMessages(conversationId, { limit: 1 });
    const view = (await groupsOf(client)).find((one) => one.conversationId === conversationId);
    const newest = messages.at(-1)?.seq;
    return view === undefined || view.memberCount < 2 || (newest !== undefined && view.lastSeq > newest);
  });
}
