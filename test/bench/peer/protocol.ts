/** Events of the peer, both ways. */
export interface PeerJoin {
  readonly room: string;
  /** The newest message already here. */
  readonly after: number;
}

export type PeerJoined = { readonly messages: readonly PeerRecord[] } | { readonly error: string };

export interface PeerMessage {
  readonly room: string;
  readonly body: string;
}

export type PeerAck = { readonly id: string; readonly createdAt: Date } | { readonly error: string };

export interface PeerRecord {
  readonly id: string;
  readonly room: string;
  readonly sender: string;
  readonly body: string;
  readonly createdAt: Date;
}
