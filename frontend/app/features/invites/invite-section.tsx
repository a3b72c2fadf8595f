import "./invites.css";
import { useEffect, useState } from "preact/hooks";
import type { ClientErrorCode, GroupView, InviteView } from "#core/client-api.ts";
import { formatExact } from "../../i18n/format.ts";
import { inviteText } from "../../i18n/en-invites.ts";
import { useApp } from "../../state/context.ts";
import { Icon } from "../../ui/icons.tsx";
import { attempt, sayProblem } from "../groups/attempt.ts";
import { isAdmin } from "../groups/rules.ts";
import { InviteDialog } from "./invite-dialog.tsx";
import { JoinRequests } from "./join-requests.tsx";

/** The link of a group, for its members; and who asks to come in by it, for its admins. */
export function InviteSection({ group }: { group: GroupView }) {
  const { client } = useApp();
  const { conversationId, epoch, myRole } = group;
  const [invite, setInvite] = useState<InviteView | undefined | "loading">("loading");
  const [open, setOpen] = useState(false);
  const [working, setWorking] = useState(false);
  const [problem, setProblem] = useState<ClientErrorCode>();
  const mayChange = isAdmin(myRole);

  useEffect(() => {
    let isCurrent = true;
    client.api.groupInvite(conversationId).then(
      (found) => (isCurrent ? setInvite(found) : undefined),
      () => undefined, // read again with the next change
    );
    return () => {
      isCurrent = false;
    };
  }, [client, conversationId, epoch]);

  async function make(): Promise<void> {
    setWorking(true);
    setProblem(undefined);
    const terms = { needsApproval: false, expiresAtMs: undefined, reset: false };
    const done = await attempt(async () => {
      await client.api.setInvite(conversationId, terms);
      return client.api.groupInvite(conversationId);
    });
    setWorking(false);
    if (!done.ok) {
      setProblem(done.code);
      return;
    }
    setInvite(done.value);
    setOpen(true);
  }

  if (invite === "loading" || myRole === undefined) return null;
  if (invite === undefined && !mayChange) return null;
  return (
    <section class="invite">
      <h3 class="section-title">{inviteText.section}</h3>
      {problem !== undefined && (
        <div class="notice" role="alert">
          <Icon name="warning" />
          {sayProblem(problem)}
        </div>
      )}
      <button
        type="button"
        class="invite-row"
        disabled={working}
        onClick={() => (invite === undefined ? void make() : setOpen(true))}
      >
        <span class="invite-icon">{working ? <span class="spinner" /> : <Icon name="key" />}</span>
        <span>
          <strong>{invite === undefined ? inviteText.make : inviteText.show}</strong>
          <small>{invite === undefined ? inviteText.makeNote : termsLine(invite)}</small>
        </span>
      </button>
      <JoinRequests group={group} enabled={mayChange && invite?.needsApproval === true} />
      {open && invite !== undefined && (
        <InviteDialog
          group={group}
          invite={invite}
          mayChange={mayChange}
          onChanged={setInvite}
          onClose={() => setOpen(false)}
        />
      )}
    </section>
  );
}

function termsLine({ needsApproval, expiresAtMs, isExpired }: InviteView): string {
  if (isExpired) return inviteText.expired;
  const who = needsApproval ? inviteText.asks : inviteText.open;
  return expiresAtMs === undefined ? who : `${who}, ${inviteText.until(formatExact(expiresAtMs))}`;
}
