import "./new-chat.css";
import { useState } from "preact/hooks";
import type { ClientErrorCode, ConversationView } from "#core/client-api.ts";
import { nameOf } from "../../state/conversation-name.ts";
import { foldUsername, usernameProblem } from "#schema/username.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/field.tsx";
import { ConversationAvatar } from "../groups/group-avatar.tsx";
import { Icon } from "../../ui/icons.tsx";

/** Filter for one's own conversations and, for an exact name, the way to a new one. */
export function NewChat() {
  const { account, client, conversations, readConversations, router } = useApp();
  const [typed, setTyped] = useState("");
  const [working, setWorking] = useState(false);
  const [failure, setFailure] = useState<ClientErrorCode>();
  const name = foldUsername(typed.replace(/^\s*@/, ""));
  const status = account.value;
  const self = status?.state === "signed_in" ? status.username : undefined;
  const known = (conversations.value ?? []).filter((view) => nameOf(view).includes(name));
  const exact = known.find((view) => view.kind === "direct" && view.peer.username === name);
  const startable = exact === undefined && usernameProblem(name) === undefined;

  const open = (view: ConversationView): void =>
    router.go({ name: "chat", conversationId: view.conversationId }, { replace: true });

  async function start(): Promise<void> {
    if (name === self) {
      setFailure("cannot_write_to_self");
      return;
    }
    setWorking(true);
    setFailure(undefined);
    try {
      const view = await client.api.startConversation(name);
      await readConversations();
      open(view);
    } catch (error) {
      setFailure(errorCode(error));
      setWorking(false);
    }
  }

  function submit(): void {
    const target = exact ?? (startable ? undefined : known[0]);
    if (target !== undefined && name !== "") open(target);
    else if (startable && !working) void start();
  }

  return (
    <Dialog title={text.newChat.title} kind="sheet" onClose={() => router.leave()}>
      <form
        class="new-chat-form"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <TextField
          label={text.newChat.field}
          prefix="@"
          value={typed}
          autocomplete="off"
          autofocus
          wrong={failure !== undefined}
          hint={failure === undefined ? text.newChat.hint : text.errors[failure]}
          onValue={(value) => {
            setTyped(value.replace(/^\s*@/, ""));
            setFailure(undefined);
          }}
        />
        {startable && failure === undefined && (
          <button type="submit" class="new-chat-start" disabled={working}>
            <span class="new-chat-start-icon">
              {working ? <span class="spinner" /> : <Icon name="compose" />}
            </span>
            <span class="ellipsis">{working ? text.newChat.searching : text.newChat.start(name)}</span>
          </button>
        )}
      </form>
      <div class="dialog-scroll">
        {name === "" && (
          <button
            type="button"
            class="new-chat-start"
            onClick={() => router.go({ name: "newGroup" }, { replace: true })}
          >
            <span class="new-chat-start-icon">
              <Icon name="people" />
            </span>
            {text.groups.create.action}
          </button>
        )}
        {known.length > 0 && <h3 class="section-title">{text.newChat.existing}</h3>}
        <ul class="people">
          {known.map((view) => (
            <li key={view.conversationId}>
              <button type="button" class="person" onClick={() => open(view)}>
                <ConversationAvatar view={view} size="s" />
                <bdi class="ellipsis">{nameOf(view)}</bdi>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}
