import type { Channel, Endpoint } from "./channel.ts";
import { SocketIoChannel } from "./socket-io-channel.ts";
import { SottoChannel } from "./sotto-channel.ts";

/** Opens a channel and waits until live events arrive on it. */
export async function openChannel(endpoint: Endpoint): Promise<Channel> {
  const channel = endpoint.dialect === "sotto" ? new SottoChannel(endpoint) : new SocketIoChannel(endpoint);
  await channel.ready();
  channel.onFailure = (error) => {
    throw error;
  };
  return channel;
}
