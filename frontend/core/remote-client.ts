/** The client's surface on the app's side of a port: calls go over, answers and events come back. */
import { type ClientApi, ClientError, type ClientEvent, type Subscribe } from "./client-api.ts";
import { type ClientMethod, isRpcMessage, type RpcCall, type RpcPort } from "./rpc/messages.ts";

export type RemoteClient = ClientApi & { readonly subscribe: Subscribe };

interface OpenCall {
  readonly call: RpcCall;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: ClientError) => void;
}

/**
 * Speaks to the client behind `port` (in the app: `new Worker(new URL("../crypto-worker/index.ts", import.meta.url),
 * { type: "module" })`). Calls made before the other side is ready, or lost with it, are issued again under the same
 * id when it says hello. Rejections are `ClientError`.
 */
export function connectClient(port: RpcPort): RemoteClient {
  const open = new Map<string, OpenCall>();
  const listeners = new Set<(event: ClientEvent) => void>();
  const prefix = crypto.randomUUID();
  let lastId = 0;

  port.addEventListener("message", ({ data }) => {
    if (!isRpcMessage(data)) return;
    if (data.type === "event") for (const listener of listeners) listener(data.event);
    if (data.type === "hello") for (const { call } of open.values()) port.postMessage(call);
    if (data.type !== "answer") return;
    const waiting = open.get(data.id);
    open.delete(data.id);
    if (data.ok) waiting?.resolve(data.value);
    else {
      const { code, retryAfterMs } = data;
      waiting?.reject(new ClientError(code, retryAfterMs === undefined ? {} : { retryAfterMs }));
    }
  });

  const method =
    <Name extends ClientMethod>(name: Name) =>
    (...args: Parameters<ClientApi[Name]>): ReturnType<ClientApi[Name]> => {
      lastId += 1;
      const call: RpcCall = { type: "call", id: `${prefix}/${lastId}`, method: name, args };
      const answer = new Promise<unknown>((resolve, reject) => {
        open.set(call.id, { call, resolve, reject });
        port.postMessage(call);
      });
      return answer as ReturnType<ClientApi[Name]>;
    };

  return {
    accountStatus: method("accountStatus"),
    connectionStatus: method("connectionStatus"),
    register: method("register"),
    login: method("login"),
    completeLogin: method("completeLogin"),
    resetStanding: method("resetStanding"),
    requestReset: method("requestReset"),
    cancelReset: method("cancelReset"),
    finishReset: method("finishReset"),
    alarms: method("alarms"),
    stopReset: method("stopReset"),
    continueHere: method("continueHere"),
    changePassword: method("changePassword"),
    recoverAccount: method("recoverAccount"),
    acknowledgePassword: method("acknowledgePassword"),
    logout: method("logout"),
    forget: method("forget"),
    listSessions: method("listSessions"),
    listDevices: method("listDevices"),
    recentDevices: method("recentDevices"),
    renameDevice: method("renameDevice"),
    removeDevice: method("removeDevice"),
    listPasskeys: method("listPasskeys"),
    addPasskey: method("addPasskey"),
    removePasskey: method("removePasskey"),
    joinByLink: method("joinByLink"),
    linkDevice: method("linkDevice"),
    approveLink: method("approveLink"),
    cancelLink: method("cancelLink"),
    linkStatus: method("linkStatus"),
    appLock: method("appLock"),
    setAppLock: method("setAppLock"),
    removeAppLock: method("removeAppLock"),
    setAutoLock: method("setAutoLock"),
    lockNow: method("lockNow"),
    unlock: method("unlock"),
    attend: method("attend"),
    listConversations: method("listConversations"),
    startConversation: method("startConversation"),
    listMessages: method("listMessages"),
    sendText: method("sendText"),
    maxFileBytes: method("maxFileBytes"),
    sendFiles: method("sendFiles"),
    downloadAttachment: method("downloadAttachment"),
    cancelDownload: method("cancelDownload"),
    readAttachment: method("readAttachment"),
    retryMessage: method("retryMessage"),
    discardMessage: method("discardMessage"),
    saveDraft: method("saveDraft"),
    openConversation: method("openConversation"),
    closeConversation: method("closeConversation"),
    markRead: method("markRead"),
    presenceAudience: method("presenceAudience"),
    setPresenceAudience: method("setPresenceAudience"),
    setTyping: method("setTyping"),
    backupStatus: method("backupStatus"),
    saveBackup: method("saveBackup"),
    exportBackup: method("exportBackup"),
    importBackup: method("importBackup"),
    createGroup: method("createGroup"),
    group: method("group"),
    renameGroup: method("renameGroup"),
    setGroupPicture: method("setGroupPicture"),
    groupPicture: method("groupPicture"),
    addMembers: method("addMembers"),
    removeMember: method("removeMember"),
    setMemberRole: method("setMemberRole"),
    leaveGroup: method("leaveGroup"),
    dissolveGroup: method("dissolveGroup"),
    messageInfo: method("messageInfo"),
    safetyNumber: method("safetyNumber"),
    compareSafetyNumber: method("compareSafetyNumber"),
    markVerified: method("markVerified"),
    clearVerified: method("clearVerified"),
    confirmIdentity: method("confirmIdentity"),
    canReport: method("canReport"),
    reportMessage: method("reportMessage"),
    groupInvite: method("groupInvite"),
    setInvite: method("setInvite"),
    endInvite: method("endInvite"),
    joinRequests: method("joinRequests"),
    approveJoin: method("approveJoin"),
    refuseJoin: method("refuseJoin"),
    previewInvite: method("previewInvite"),
    acceptInvite: method("acceptInvite"),
    pendingJoins: method("pendingJoins"),
    forgetJoin: method("forgetJoin"),
    reconnectNow: method("reconnectNow"),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
