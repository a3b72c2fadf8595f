/** Matrix's Olm and Megolm (`@matrix-org/olm`, WebAssembly). */
import Olm from "@matrix-org/olm";
import { plaintextBytes, type Talk } from "./talk.ts";

export async function olmTalk(): Promise<Talk> {
  await Olm.init();
  const [anna, ben] = [newAccount(), newAccount()];
  ben.generate_one_time_keys(1);
  const { curve25519: oneTimeKeys } = JSON.parse(ben.one_time_keys()) as {
    curve25519: Record<string, string>;
  };
  const sessions = [new Olm.Session(), new Olm.Session()] as const;
  sessions[0].create_outbound(anna, identityOf(ben), Object.values(oneTimeKeys)[0] ?? "");
  const plaintext = "x".repeat(plaintextBytes);
  const first = sessions[0].encrypt(plaintext);
  sessions[1].create_inbound(ben, first.body);
  sessions[1].decrypt(first.type, first.body);
  const outbound = new Olm.OutboundGroupSession();
  outbound.create();
  const inbound = new Olm.InboundGroupSession();
  inbound.create(outbound.session_key());
  return {
    exchange(back) {
      const [from, to] = back ? [sessions[1], sessions[0]] : sessions;
      const { type, body } = from.encrypt(plaintext);
      to.decrypt(type, body);
    },
    toGroup: () => void inbound.decrypt(outbound.encrypt(plaintext)),
  };
}

function newAccount(): Olm.Account {
  const account = new Olm.Account();
  account.create();
  return account;
}

function identityOf(account: Olm.Account): string {
  return (JSON.parse(account.identity_keys()) as { curve25519: string }).curve25519;
}
