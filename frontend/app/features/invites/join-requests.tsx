import { useState } from "preact/hooks";
import type { ClientErrorCode, GroupView, HistoryChoice } from "#core/client-api.ts";
import type { AccountId } from "#schema/ids.ts";
import { inviteText } from "../../i18n/en-invites.ts";
import { useApp } from "../../state/context.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { Icon } from "../../ui/icons.tsx";
import { attempt, sayProblem } from "../groups/attempt.ts";
import { ChooseHistory } from "../groups/history-choice.tsx";
import { useJoinRequests } from "./use-join-requests.ts";

/** Who asks to come in, each with a yes and a no. */
export function JoinRequests({ group, enabled }: { group: GroupView; enabled: boolean }) {
  const { api } = useApp().client;
  const { conversationId } = group;
  const { requests, read } = useJoinRequests(conversationId, enabled);
  const [history, setHistory] = useState<HistoryChoice>("none");
  const [busy, setBusy] = useState<AccountId>();
  const [problem, setProblem] = useState<ClientErrorCode>();
  if (requests.length === 0) return null;

  async function answer(account: AccountId, operation: () => Promise<void>): Promise<void> {
    setBusy(account);
    setProblem(undefined);
    const done = await attempt(operation);
    setBusy(undefined);
    if (!done.ok) setProblem(done.code);
    read();
  }

  return (
    <div class="join-requests">
      <h3 class="section-title">
        {inviteText.requestsTitle}
        <span class="badge">{requests.length}</span>
      </h3>
      {problem !== undefined && (
        <div class="notice" role="alert">
          <Icon name="warning" />
          {sayProblem(problem)}
        </div>
      )}
      <ChooseHistory choice={history} onChoice={setHistory} />
      <ul>
        {requests.map(({ account, username }) => (
          <li key={account} class="join-request">
            <Avatar account={account} name={username} size="s" />
            <span class="ellipsis">
              <bdi>{username}</bdi>
            </span>
            <button
              type="button"
              class="button button-quiet"
              disabled={busy !== undefined}
              aria-label={inviteText.refuseName(username)}
              onClick={() => void answer(account, () => api.refuseJoin(conversationId, account))}
            >
              {inviteText.refuse}
            </button>
            <button
              type="button"
              class="button button-primary"
              disabled={busy !== undefined}
              aria-label={inviteText.letInName(username)}
              onClick={() => void answer(account, () => api.approveJoin(conversationId, account, history))}
            >
              {busy === account && <span class="spinner" />}
              {inviteText.letIn}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
