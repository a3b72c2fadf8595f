/** Groups of the fake client: they follow the rules that a person can see, and nothing of the cryptography. */
import {
  type ClientApi,
  ClientError,
  type ClientEvent,
  type GroupChangeView,
  type GroupConversationView,
  type GroupMemberView,
  type GroupView,
  type InviteApi,
  type InviteView,
  type JoinRequestView,
  type Membership,
  type MessageView,
} from "#core/client-api.ts";
import type { GroupRole } from "#schema/envelope/group-change.ts";
import type { AccountId, ClientMessageId, ConversationId } from "#schema/ids.ts";
import { type FakeConversation, fakeId, self } from "./fake-client-data.ts";
import { fakeInviteMethods } from "./fake-client-invites.ts";

export interface FakeGroup {
  title: string;
  epoch: number;
  membership: Membership;
  members: GroupMemberView[];
  isContradicted: boolean;
  picture?: Blob | undefined;
  memberTrust?: GroupConversationView["memberTrust"];
  invite?: InviteView | undefined;
  requests?: readonly JoinRequestView[];
}

/** What the groups need of the fake client around them. */
export interface FakeGroupHost {
  readonly delay: () => Promise<void>;
  readonly now: () => number;
  readonly isOnline: () => boolean;
  readonly find: (conversationId: ConversationId) => FakeConversation;
  readonly add: (conversation: FakeConversation) => void;
  readonly view: (conversation: FakeConversation) => GroupConversationView;
  readonly changed: (conversationId: ConversationId) => void;
  readonly tell: (event: ClientEvent) => void;
}

type GroupMethods = Pick<
  ClientApi,
  | keyof InviteApi
  | "createGroup"
  | "group"
  | "renameGroup"
  | "setGroupPicture"
  | "groupPicture"
  | "addMembers"
  | "removeMember"
  | "setMemberRole"
  | "leaveGroup"
  | "dissolveGroup"
  | "messageInfo"
>;

export function fakeMember(username: string, role: GroupRole = "member"): GroupMemberView {
  const isMe = username === self.username;
  return {
    account: isMe ? self.account : fakeId<AccountId>(`account-${username}`),
    username,
    role,
    isMe,
    verified: false,
  };
}

const refs = new WeakMap<Blob, string>();
let refCount = 0;

export function fakePictureRef(picture: Blob): string {
  const known = refs.get(picture);
  if (known !== undefined) return known;
  refCount += 1;
  refs.set(picture, `picture-${refCount}`);
  return `picture-${refCount}`;
}

export function fakeGroupMethods(host: FakeGroupHost): GroupMethods {
  let count = 0;

  function groupOf(conversationId: ConversationId): { one: FakeConversation; group: FakeGroup } {
    const one = host.find(conversationId);
    if (one.group === undefined) throw new ClientError("internal");
    return { one, group: one.group };
  }
  function people(usernames: readonly string[]): GroupMemberView[] {
    const nobody = usernames.some((username) => username.startsWith("nobody"));
    if (nobody) throw new ClientError("user_not_found");
    return usernames.map((username) => fakeMember(username.toLowerCase()));
  }
  function myRole({ members, membership }: FakeGroup): GroupRole | undefined {
    return membership === "member" ? members.find(({ isMe }) => isMe)?.role : undefined;
  }
  function tell(one: FakeConversation, group: FakeGroup, change: GroupChangeView): void {
    count += 1;
    group.epoch += 1;
    const seq = (one.messages.findLast((message) => message.seq !== undefined)?.seq ?? 0) + 1;
    const line: MessageView = {
      conversationId: one.conversationId,
      clientMessageId: fakeId<ClientMessageId>(`change-${count}`),
      seq,
      outboxPosition: undefined,
      mine: true,
      sender: self.account,
      senderName: self.username,
      timeMs: host.now(),
      content: { type: "group_change", change },
      delivery: undefined,
    };
    const unsent = one.messages.filter((message) => message.seq === undefined);
    one.messages = [...one.messages.filter((message) => message.seq !== undefined), line, ...unsent];
    host.changed(one.conversationId);
  }
  async function change(
    conversationId: ConversationId,
    needs: "member" | "admin" | "owner",
    make: (group: FakeGroup) => GroupChangeView,
  ): Promise<void> {
    await host.delay();
    if (!host.isOnline()) throw new ClientError("offline");
    const { one, group } = groupOf(conversationId);
    const role = myRole(group);
    if (role === undefined) throw new ClientError("not_member");
    const ranks = { member: 1, admin: 2, owner: 3 };
    if (ranks[role] < ranks[needs]) throw new ClientError("not_allowed");
    tell(one, group, make(group));
  }

  return {
    ...fakeInviteMethods(host, change),
    async createGroup({ name, usernames }) {
      await host.delay();
      if (!host.isOnline()) throw new ClientError("offline");
      if (name.trim() === "") throw new ClientError("group_name_invalid");
      count += 1;
      const others = people(usernames);
      const me = fakeMember(self.username, "owner");
      const group: FakeGroup = {
        title: name.trim(),
        epoch: 0,
        membership: "member",
        members: [me, ...others],
        isContradicted: false,
      };
      const one: FakeConversation = {
        conversationId: fakeId<ConversationId>(`group-${count}-${name}`),
        peer: { account: self.account, username: self.username },
        group,
        messages: [],
        readSeq: 0,
        draft: "",
        peerTyping: false,
        peerPresence: undefined,
      };
      host.add(one);
      tell(one, group, { type: "created", people: others });
      return host.view(one);
    },
    async group(conversationId): Promise<GroupView> {
      await host.delay();
      const { group } = groupOf(conversationId);
      const ranks = { owner: 0, admin: 1, member: 2 };
      const members = group.members.toSorted(
        (a, b) => ranks[a.role] - ranks[b.role] || a.username.localeCompare(b.username),
      );
      const { title, epoch, membership, picture } = group;
      return {
        conversationId,
        title,
        avatarSeed: conversationId,
        picture: picture && fakePictureRef(picture),
        epoch,
        membership,
        members,
        myRole: myRole(group),
        isContradicted: group.isContradicted,
        isHandingOver: false,
        hasInvite: group.invite !== undefined,
      };
    },
    renameGroup: (conversationId, name) =>
      change(conversationId, "admin", (group) => {
        if (name.trim() === "") throw new ClientError("group_name_invalid");
        group.title = name.trim();
        return { type: "renamed", title: group.title };
      }),
    setGroupPicture: (conversationId, picture) =>
      change(conversationId, "admin", (group) => {
        group.picture = picture;
        return { type: "picture", isSet: picture !== undefined };
      }),
    async groupPicture(conversationId) {
      await host.delay();
      const bytes = await groupOf(conversationId).group.picture?.arrayBuffer();
      return bytes && new Uint8Array(bytes);
    },
    addMembers: (conversationId, usernames, history = "none") =>
      change(conversationId, "admin", (group) => {
        const added = people(usernames);
        const isIn = added.some(({ account }) => group.members.some((member) => member.account === account));
        if (isIn) throw new ClientError("not_allowed");
        group.members = [...group.members, ...added];
        const sharedMessages = { none: 0, recent: 100, all: 1_204 }[history];
        return { type: "added", people: added, ...(sharedMessages > 0 && { sharedMessages }) };
      }),
    removeMember: (conversationId, account) =>
      change(conversationId, "admin", (group) => {
        const removed = group.members.filter((member) => member.account === account);
        const isAllowed = removed[0]?.role === "member" || myRole(group) === "owner";
        if (removed.length === 0 || !isAllowed) throw new ClientError("not_allowed");
        group.members = group.members.filter((member) => member.account !== account);
        group.invite = undefined;
        return { type: "removed", people: removed };
      }),
    setMemberRole: (conversationId, account, role) =>
      change(conversationId, "owner", (group) => {
        const person = group.members.find((member) => member.account === account);
        if (person === undefined || person.role === role) throw new ClientError("not_allowed");
        group.members = group.members.map((member) => (member === person ? { ...member, role } : member));
        return { type: "role", person, role };
      }),
    leaveGroup: (conversationId) =>
      change(conversationId, "member", (group) => {
        group.membership = "left";
        return { type: "left", heir: undefined };
      }),
    dissolveGroup: (conversationId) =>
      change(conversationId, "owner", (group) => {
        group.membership = "dissolved";
        return { type: "dissolved" };
      }),
    async messageInfo(conversationId, seq) {
      await host.delay();
      const one = host.find(conversationId);
      const message = one.messages.find((other) => other.seq === seq && other.mine);
      if (message === undefined) throw new ClientError("too_old");
      const others = one.group?.members.filter(({ isMe }) => !isMe) ?? [one.peer];
      const read = message.delivery === "read";
      const delivered = read || message.delivery === "delivered";
      const members = others.map(({ account, username }, index) => ({
        account,
        username,
        delivered: delivered ? read || index < others.length - 1 : index === 0,
        read: read || (delivered && index < 2),
      }));
      const devices = others.length * 2;
      return { devices, readableOn: read ? devices : devices - 2, members };
    },
  };
}
