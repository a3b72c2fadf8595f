import { useState } from "preact/hooks";
import type { ClientErrorCode, GroupMemberView, GroupView } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/field.tsx";
import { Icon } from "../../ui/icons.tsx";
import { InviteSection } from "../invites/invite-section.tsx";
import { attempt, sayProblem } from "./attempt.ts";
import { GroupAvatar } from "./group-avatar.tsx";
import { AddPeopleDialog, RenameDialog } from "./group-dialogs.tsx";
import { PictureButton } from "./picture-button.tsx";
import { MemberRow } from "./member-row.tsx";
import { isAdmin, leaveWarning, type MemberAction, memberActions, sortedMembers } from "./rules.ts";

/** Below this many one sees at a glance who is there. */
const findFrom = 12;

type Asking =
  | { readonly what: "rename" | "add" | "leave" | "dissolve" }
  | { readonly what: "remove" | "makeOwner"; readonly member: GroupMemberView };

export function GroupDetails({ group }: { group: GroupView }) {
  const { client, readConversations, router } = useApp();
  const { api } = client;
  const [asking, setAsking] = useState<Asking>();
  const [working, setWorking] = useState(false);
  const [problem, setProblem] = useState<ClientErrorCode>();
  const { conversationId, members, myRole, title } = group;
  const words = text.groups;

  async function run(operation: () => Promise<void>): Promise<void> {
    setWorking(true);
    setProblem(undefined);
    const done = await attempt(operation);
    setWorking(false);
    setAsking(undefined);
    if (!done.ok) setProblem(done.code);
  }

  async function savePicture(picture: Blob): Promise<ClientErrorCode | undefined> {
    const done = await attempt(() => api.setGroupPicture(conversationId, picture));
    return done.ok ? undefined : done.code;
  }

  async function writeTo(username: string): Promise<void> {
    const found = await attempt(() => api.startConversation(username));
    if (!found.ok) {
      setProblem(found.code);
      return;
    }
    await readConversations();
    router.go({ name: "chat", conversationId: found.value.conversationId }, { replace: true });
  }

  function act(action: MemberAction, member: GroupMemberView): void {
    const { account, username } = member;
    switch (action) {
      case "message":
        void writeTo(username);
        break;
      case "contact":
        router.go({ name: "contact", account });
        break;
      case "makeOwner":
      case "remove":
        setAsking({ what: action, member });
        break;
      case "makeAdmin":
      case "dismissOwner":
        void run(() => api.setMemberRole(conversationId, account, "admin"));
        break;
      case "dismissAdmin":
        void run(() => api.setMemberRole(conversationId, account, "member"));
        break;
    }
  }

  const name = title || words.unnamed;
  return (
    <>
      <section class="group-card" aria-label={name}>
        {isAdmin(myRole) && group.membership === "member" ? (
          <PictureButton
            hasPicture={group.picture !== undefined}
            busy={working}
            onSave={savePicture}
            onRemove={() => void run(() => api.setGroupPicture(conversationId, undefined))}
          >
            <GroupAvatar group={group} size="l" />
          </PictureButton>
        ) : (
          <GroupAvatar group={group} size="l" />
        )}
        <div class="group-card-name">
          <h3>
            <bdi>{name}</bdi>
          </h3>
          {isAdmin(myRole) && (
            <button
              type="button"
              class="icon-button"
              aria-label={words.info.rename}
              title={words.info.rename}
              onClick={() => setAsking({ what: "rename" })}
            >
              <Icon name="pencil" />
            </button>
          )}
        </div>
        <p>{words.members(members.length)}</p>
        {group.membership !== "member" && <p class="group-card-note">{words.readOnly[group.membership]}</p>}
        {group.isContradicted && <p class="group-card-note">{words.contradicted}</p>}
      </section>
      {problem !== undefined && (
        <div class="notice" role="alert">
          <Icon name="warning" />
          {sayProblem(problem)}
        </div>
      )}
      {group.membership === "member" && <InviteSection group={group} />}
      <Members group={group} onAdd={() => setAsking({ what: "add" })} onAction={act} />
      <p class="info-sealed">
        <Icon name="lock" />
        {words.info.sealed}
      </p>
      {myRole !== undefined && (
        <section class="settings-leave">
          <button
            type="button"
            class="button button-danger-quiet"
            onClick={() => setAsking({ what: "leave" })}
          >
            <Icon name="logOut" />
            {words.leave.action}
          </button>
          {myRole === "owner" && (
            <button
              type="button"
              class="button button-danger-quiet"
              onClick={() => setAsking({ what: "dissolve" })}
            >
              <Icon name="trash" />
              {words.dissolve.action}
            </button>
          )}
        </section>
      )}
      <Question
        asking={asking}
        group={group}
        working={working}
        onClose={() => setAsking(undefined)}
        onLeave={() => void run(() => api.leaveGroup(conversationId))}
        onDissolve={() => void run(() => api.dissolveGroup(conversationId))}
        onRemove={({ account }) => void run(() => api.removeMember(conversationId, account))}
        onOwner={({ account }) => void run(() => api.setMemberRole(conversationId, account, "owner"))}
      />
    </>
  );
}

interface MembersProps {
  group: GroupView;
  onAdd: () => void;
  onAction: (action: MemberAction, member: GroupMemberView) => void;
}

function Members({ group, onAdd, onAction }: MembersProps) {
  const [typed, setTyped] = useState("");
  const { members, myRole } = group;
  const wanted = typed.trim().toLowerCase();
  const shown = sortedMembers(members).filter(({ username }) => username.includes(wanted));
  return (
    <section>
      <h3 class="section-title">{text.groups.info.members}</h3>
      {members.length >= findFrom && (
        <TextField label={text.groups.info.find} value={typed} autocomplete="off" onValue={setTyped} />
      )}
      <ul class="members">
        {isAdmin(myRole) && wanted === "" && (
          <li>
            <button type="button" class="member member-add" onClick={onAdd}>
              <span class="new-chat-start-icon">
                <Icon name="personAdd" />
              </span>
              {text.groups.info.add}
            </button>
          </li>
        )}
        {shown.map((member) => (
          <li key={member.account}>
            <MemberRow
              member={member}
              actions={memberActions(myRole, member)}
              onAction={(action) => onAction(action, member)}
            />
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p class="info-failed">{text.groups.info.noneFound}</p>}
    </section>
  );
}

interface QuestionProps {
  asking: Asking | undefined;
  group: GroupView;
  working: boolean;
  onClose: () => void;
  onLeave: () => void;
  onDissolve: () => void;
  onRemove: (member: GroupMemberView) => void;
  onOwner: (member: GroupMemberView) => void;
}

/** Whatever a choice asks first. */
function Question({
  asking,
  group,
  working,
  onClose,
  onLeave,
  onDissolve,
  onRemove,
  onOwner,
}: QuestionProps) {
  const words = text.groups;
  const common = { busy: working, onClose };
  switch (asking?.what) {
    case undefined:
      return null;
    case "rename":
      return <RenameDialog group={group} onClose={onClose} />;
    case "add":
      return <AddPeopleDialog group={group} onClose={onClose} />;
    case "leave":
      return (
        <ConfirmDialog
          {...common}
          title={words.leave.title}
          body={leaveWarning(group)}
          action={words.leave.confirm}
          onConfirm={onLeave}
        />
      );
    case "dissolve":
      return (
        <ConfirmDialog
          {...common}
          title={words.dissolve.title}
          body={words.dissolve.body(group.members.length)}
          action={words.dissolve.confirm}
          onConfirm={onDissolve}
        />
      );
    case "remove":
    case "makeOwner": {
      const { member } = asking;
      const name = member.username || words.someone;
      const removes = asking.what === "remove";
      return (
        <ConfirmDialog
          {...common}
          title={removes ? words.member.removeTitle(name) : words.member.ownerTitle(name)}
          body={removes ? words.member.removeBody(name, group.hasInvite) : words.member.ownerBody(name)}
          action={removes ? words.member.removeAction : words.member.ownerAction}
          onConfirm={() => (removes ? onRemove(member) : onOwner(member))}
        />
      );
    }
  }
}
