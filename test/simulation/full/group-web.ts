/** The routes of groups, invite links and group pictures in the simulated Worker. */
import * as v from "valibot";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { parseGroupOp } from "#schema/envelope/group-op.ts";
import { SottoError } from "#schema/errors.ts";
import { beginUpload } from "#schema/http/attachments.ts";
import { createGroup, postOperation } from "#schema/http/groups.ts";
import * as invites from "#schema/http/invites.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { type RpcResult, unwrap } from "#schema/rpc/result.ts";
import type { Identity } from "#schema/rpc/shared.ts";
import type { ConversationHost } from "../conversation-host.ts";
import type { World } from "../world.ts";
import type { WebRequest } from "./web.ts";

interface Blob {
  readonly account: AccountId;
  bytes: Uint8Array<ArrayBuffer> | undefined;
  isComplete: boolean;
}

export class GroupWeb {
  readonly #world: World;
  readonly #blobs = new Map<string, Blob>();

  constructor(world: World) {
    this.#world = world;
  }

  /** What anyone may ask who has the link. */
  async preview(id: string, { body }: WebRequest): Promise<unknown> {
    const { publicKey } = v.parse(invites.previewInvite.request, body);
    return this.#call(id, "preview", (host) => host.previewInvite(publicKey));
  }

  /** `data` of the answer to `/api/conversations/…parts`; `undefined` when the route is of another kind. */
  answer(
    identity: Identity,
    [id = "", area = "", third = "", fourth = "", fifth = ""]: readonly string[],
    request: WebRequest,
  ): Promise<unknown> | undefined {
    const { method, url, body } = request;
    const { account } = identity;
    if (id === "groups") return this.#create(identity, v.parse(createGroup.request, body).operation);
    if (area === "attachments") return this.#attachment(identity, id, [third, fourth, fifth], request);
    switch (`${method} ${area} ${third}`.trim()) {
      case "POST operations": {
        const { operation } = v.parse(postOperation.request, body);
        this.#world.operations.learn(operation);
        return this.#call(id, "operation", (host) => host.postOperation({ identity, operation }));
      }
      case "GET operations": {
        const after = Number(url.searchParams.get("after") ?? 0);
        const limit = Number(url.searchParams.get("limit") ?? limits.pageDefault);
        return this.#call(id, "operations", (host) => host.operations(account, after, limit));
      }
      case "GET members":
        return this.#call(id, "members", (host) => host.groupMembers(account));
      case "POST invite operations": {
        const { publicKey, after } = v.parse(invites.listInvitedOperations.request, body);
        return this.#call(id, "invited", (host) => host.invitedOperations({ identity, publicKey, after }));
      }
      case "POST invite requests": {
        const asked = v.parse(invites.requestJoin.request, body);
        return this.#state(id, "request", (host) => host.requestJoin({ identity, ...asked }));
      }
      case "POST invite own": {
        const asked = v.parse(invites.joinRequestState.request, body);
        return this.#state(id, "own request", (host) => host.joinRequestState({ identity, ...asked }));
      }
      case "GET invite requests":
        return this.#requests(id, account);
      case "DELETE invite requests":
        return this.#refuse(id, account, fourth as AccountId);
      case "POST undecryptable":
        this.#world.sim.oracle.violate(`${this.#host(id).name}: a device gave up on a message`);
        return Promise.resolve({});
      default:
        return undefined;
    }
  }

  async #create(identity: Identity, operation: string): Promise<unknown> {
    const { sim, operations } = this.#world;
    operations.learn(operation);
    const id = encodeBase64url(parseGroupOp(decodeBase64url(operation)).groupId) as ConversationId;
    const host = this.#world.hostOf(id, `group ${id.slice(0, 4)}`);
    const input = {
      conversationId: id,
      identity,
      operation,
      archiveShard: 0,
      createdAtMs: sim.clock.nowMs,
    };
    return unwrap(await this.#world.call(host, "create group", () => host.createGroup(input)));
  }

  async #state(
    id: string,
    label: string,
    work: (host: ConversationHost) => Promise<RpcResult<string>>,
  ): Promise<unknown> {
    return { state: await this.#call(id, label, work) };
  }

  async #requests(id: string, account: AccountId): Promise<unknown> {
    return { requests: await this.#call(id, "requests", (host) => host.joinRequests(account)) };
  }

  async #refuse(id: string, account: AccountId, refused: AccountId): Promise<unknown> {
    await this.#call(id, "refuse", (host) => host.refuseJoin(account, refused));
    return {};
  }

  async #attachment(
    { account }: Identity,
    id: string,
    [attachment, step, _part]: readonly [string, string, string],
    { method, body, range }: WebRequest,
  ): Promise<unknown> {
    const name = `${id}/${attachment}`;
    const known = this.#blobs.get(name);
    switch (`${method} ${step}`.trim()) {
      case "POST": {
        await this.#call(id, "member", (host) => host.assertMember(account));
        const begun = v.parse(beginUpload.request, body);
        const place = `${id}/${begun.attachment}`;
        const blob = this.#blobs.get(place) ?? { account, bytes: undefined, isComplete: false };
        this.#blobs.set(place, blob);
        return { received: blob.bytes === undefined ? [] : [1], complete: blob.isComplete };
      }
      case "PUT parts":
        if (known?.account !== account || !(body instanceof Uint8Array)) throw notFound();
        known.bytes ??= Uint8Array.from(body);
        return { received: true };
      case "POST complete":
        await this.#call(id, "member", (host) => host.assertMember(account));
        if (known?.bytes === undefined || known.account !== account) throw notFound();
        known.isComplete = true;
        return { complete: true };
      case "DELETE":
        if (known?.account === account) this.#blobs.delete(name);
        return { deleted: true };
      case "GET":
        await this.#call(id, "member", (host) => host.assertMember(account));
        if (known?.isComplete !== true || known.bytes === undefined || range === undefined) throw notFound();
        return known.bytes.slice(range.from, range.below);
      default:
        throw notFound();
    }
  }

  #host(id: string): ConversationHost {
    const host = this.#world.conversations.get(id as ConversationId);
    if (host === undefined) throw notFound();
    return host;
  }

  async #call<Value>(
    id: string,
    label: string,
    work: (host: ConversationHost) => Promise<RpcResult<Value>>,
  ): Promise<Value> {
    const host = this.#host(id);
    return unwrap(await this.#world.call(host, label, () => work(host)));
  }
}

function notFound(): SottoError {
  return new SottoError("not_found", "Nothing here.");
}
