import "./invites.css";
import { useCallback, useEffect, useState } from "preact/hooks";
import type { ClientErrorCode, InvitePreviewView } from "#core/client-api.ts";
import { inviteText } from "../../i18n/en-invites.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Icon } from "../../ui/icons.tsx";
import { attempt } from "../groups/attempt.ts";
import { OnboardingFrame } from "../onboarding/frame.tsx";

const words = inviteText.join;

type Seen = InvitePreviewView | { readonly failed: ClientErrorCode } | undefined;

/** What an invite link leads to: a page for who has no account yet, a sheet over the chats for everyone else. */
export function JoinInvite() {
  const { account, client, router } = useApp();
  const code = router.invite();
  const [seen, setSeen] = useState<Seen>();
  const isSignedIn = account.value?.state === "signed_in";

  const look = useCallback(async (): Promise<void> => {
    setSeen(undefined);
    const done = await attempt(() => client.api.previewInvite(code));
    setSeen(done.ok ? done.value : { failed: done.code });
  }, [client, code]);
  useEffect(() => void look(), [look, isSignedIn]);

  const failed = seen !== undefined && "failed" in seen ? seen.failed : undefined;
  const preview = seen === undefined || "failed" in seen ? undefined : seen;
  const body = (
    <div class="join">
      {failed === undefined ? (
        <Card preview={preview} />
      ) : (
        <div class="notice" role="alert">
          <Icon name="warning" />
          {text.errors[failed]}
        </div>
      )}
      {failed === "offline" && (
        <button type="button" class="button button-quiet button-wide" onClick={() => void look()}>
          {words.again}
        </button>
      )}
      {preview !== undefined && !isSignedIn && <StrangerActions />}
      {preview !== undefined && isSignedIn && <Actions preview={preview} code={code} onChange={setSeen} />}
    </div>
  );
  const leave = (): void =>
    router.go({ name: isSignedIn ? "home" : "welcome" }, { replace: true, dropInvite: true });
  if (isSignedIn) {
    return (
      <Dialog title={words.title} kind="sheet" onClose={leave}>
        <div class="dialog-scroll">{body}</div>
      </Dialog>
    );
  }
  return (
    <OnboardingFrame
      title={words.title}
      lead={failed === undefined ? words.leadStranger : undefined}
      onBack={leave}
    >
      {body}
    </OnboardingFrame>
  );
}

function Card({ preview }: { preview: InvitePreviewView | undefined }) {
  if (preview === undefined) {
    return (
      <div class="group-card" aria-busy="true" aria-label={text.common.loading}>
        <span class="skeleton join-picture" />
        <span class="skeleton skeleton-name" />
      </div>
    );
  }
  const { avatarSeed, memberCount, title } = preview;
  return (
    <section class="join-card">
      <Avatar account={avatarSeed} name={title} size="l" isGroup />
      <h3>
        <bdi>{title || words.unnamed}</bdi>
      </h3>
      <p>{words.members(memberCount)}</p>
    </section>
  );
}

/** The link stays in the address while an account is made. */
function StrangerActions() {
  const { router } = useApp();
  return (
    <div class="join-actions">
      <button
        type="button"
        class="button button-primary button-wide"
        onClick={() => router.go({ name: "signup" })}
      >
        {words.signUp}
      </button>
      <button
        type="button"
        class="button button-quiet button-wide"
        onClick={() => router.go({ name: "login" })}
      >
        {words.logIn}
      </button>
    </div>
  );
}

interface ActionsProps {
  preview: InvitePreviewView;
  code: string;
  onChange: (seen: Seen) => void;
}

function Actions({ preview, code, onChange }: ActionsProps) {
  const { client, readConversations, router } = useApp();
  const [working, setWorking] = useState(false);
  const { conversationId, needsApproval, standing } = preview;

  async function show(): Promise<void> {
    await readConversations();
    router.go({ name: "chat", conversationId }, { replace: true });
  }

  async function accept(): Promise<void> {
    setWorking(true);
    const done = await attempt(() => client.api.acceptInvite(code));
    setWorking(false);
    if (!done.ok) onChange({ failed: done.code });
    else if (done.value.state === "waiting") onChange({ ...preview, standing: "waiting" });
    else await show();
  }

  switch (standing) {
    case "member":
      return (
        <button type="button" class="button button-primary button-wide" onClick={() => void show()}>
          {words.open}
        </button>
      );
    case "waiting":
    case "refused":
      return (
        <div class="join-actions">
          <output>{words[standing]}</output>
          <button
            type="button"
            class="button button-quiet button-wide"
            onClick={() => router.go({ name: "home" }, { replace: true })}
          >
            {words.done}
          </button>
        </div>
      );
    case "open":
      return (
        <div class="join-actions">
          <p>{needsApproval ? words.askNote : words.openNote}</p>
          <button
            type="button"
            class="button button-primary button-wide"
            data-autofocus=""
            disabled={working}
            onClick={() => void accept()}
          >
            {working && <span class="spinner" />}
            {working ? words.joining : needsApproval ? words.askAction : words.joinAction}
          </button>
        </div>
      );
  }
}
