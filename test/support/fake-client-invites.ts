/** Invite links of the fake client. Codes begin with what they lead to: `open`, `ask`, `member`, `waiting`, `refused`, `expired`. */
import {
  ClientError,
  type GroupChangeView,
  type InviteApi,
  type InvitePreviewView,
  type PendingJoinView,
} from "#core/client-api.ts";
import type { ConversationId } from "#schema/ids.ts";
import { fakeId } from "./fake-client-data.ts";
import type { FakeGroup, FakeGroupHost } from "./fake-client-groups.ts";

type Change = (
  conversationId: ConversationId,
  needs: "member" | "admin" | "owner",
  make: (group: FakeGroup) => GroupChangeView,
) => Promise<void>;

const standings: Readonly<Record<string, InvitePreviewView["standing"]>> = {
  open: "open",
  ask: "open",
  member: "member",
  waiting: "waiting",
  refused: "refused",
};

export function fakeInviteMethods(host: FakeGroupHost, change: Change): InviteApi {
  const pending = new Map<ConversationId, PendingJoinView>();
  let links = 0;
  const groupOf = (conversationId: ConversationId): FakeGroup => {
    const { group } = host.find(conversationId);
    if (group === undefined) throw new ClientError("internal");
    return group;
  };
  const answer = (conversationId: ConversationId, account: string): FakeGroup => {
    const group = groupOf(conversationId);
    const known = group.requests ?? [];
    if (!known.some((request) => request.account === account)) throw new ClientError("user_not_found");
    group.requests = known.filter((request) => request.account !== account);
    return group;
  };
  async function previewInvite(link: string): Promise<InvitePreviewView> {
    await host.delay();
    if (!host.isOnline()) throw new ClientError("offline");
    const [what = ""] = link.replace(/^.*#/, "").split("-");
    if (what === "expired") throw new ClientError("invite_expired");
    const standing = standings[what];
    if (standing === undefined) throw new ClientError("invite_invalid");
    const conversationId = fakeId<ConversationId>("group-Saturday football");
    const about = { conversationId, avatarSeed: conversationId, title: "Saturday football", memberCount: 14 };
    return { ...about, needsApproval: what !== "open", standing };
  }

  return {
    async groupInvite(conversationId) {
      await host.delay();
      return groupOf(conversationId).invite;
    },
    setInvite: (conversationId, { needsApproval, expiresAtMs, reset }) =>
      change(conversationId, "admin", (group) => {
        const isNew = reset || group.invite === undefined;
        if (isNew) links += 1;
        const code = isNew ? `open-${fakeId<string>(`link-${links}`).repeat(3)}` : group.invite?.code;
        group.invite = { code, needsApproval, expiresAtMs, isExpired: false };
        return isNew ? { type: "link", isOn: true } : { type: "link_terms", needsApproval };
      }),
    endInvite: (conversationId) =>
      change(conversationId, "admin", (group) => {
        group.invite = undefined;
        return { type: "link", isOn: false };
      }),
    async joinRequests(conversationId) {
      await host.delay();
      return groupOf(conversationId).requests ?? [];
    },
    approveJoin: (conversationId, account) =>
      change(conversationId, "admin", (group) => {
        const request = (group.requests ?? []).find((each) => each.account === account);
        answer(conversationId, account);
        const person = { account, username: request?.username ?? "" };
        group.members = [...group.members, { ...person, role: "member", isMe: false, verified: false }];
        return { type: "added", people: [person] };
      }),
    async refuseJoin(conversationId, account) {
      await host.delay();
      answer(conversationId, account);
      host.changed(conversationId);
    },
    previewInvite,
    async acceptInvite(link) {
      const { conversationId, standing, needsApproval, title } = await previewInvite(link);
      if (standing === "refused") throw new ClientError("join_refused");
      if (!needsApproval || standing === "member") return { state: "joined", conversationId };
      pending.set(conversationId, { conversationId, title, state: "waiting" });
      host.tell({ type: "joins" });
      return { state: "waiting", conversationId };
    },
    pendingJoins: () => Promise.resolve([...pending.values()]),
    forgetJoin(conversationId) {
      pending.delete(conversationId);
      host.tell({ type: "joins" });
      return Promise.resolve();
    },
  };
}
