/** Deliberately broken groups; see mutants.ts. */
import { answerRpc, unwrap } from "#schema/rpc/result.ts";
import { overriding } from "./journal.ts";
import type { Mutant } from "./mutants.ts";
import { intact } from "./variant.ts";

export const groupMutants: readonly Mutant[] = [
  {
    name: "takes messages under keys that not everyone has",
    variant: {
      ...intact,
      room: ({ core }) => {
        core.keys.use = () => ({ type: "held" });
      },
    },
    withinSeeds: 10,
  },
  {
    name: "goes on under the old keys after a removal",
    variant: {
      ...intact,
      groupStore: (store) => overriding(store, { saveKeyGeneration: () => undefined }),
      room: ({ state }) => {
        const apply = state.applyOperation.bind(state);
        state.applyOperation = (head, membership) => apply(head, membership, state.record.keyGeneration);
      },
    },
    withinSeeds: 30,
  },
  {
    name: "makes the inbox of a new member known only after it is one",
    variant: {
      ...intact,
      register: async (inbox, input, host) => {
        const set = unwrap(await inbox.deviceSet());
        host.later(host.sim.random.below(5_000), "late registration", () => {
          inbox.registerConversation(input).catch(() => undefined); // the mutation: nobody waits
        });
        return answerRpc(() => ({ username: "someone", set }));
      },
    },
    withinSeeds: 60,
  },
  {
    name: "accepts an operation on top of what was newest when it came",
    variant: {
      ...intact,
      groupStore: (store, host) =>
        overriding(store, {
          addOperation: ({ epoch, seq, operation }) => {
            host.disk.all("INSERT OR REPLACE INTO operations VALUES (?, ?, ?)", epoch, seq, operation);
          },
        }),
      room: ({ group, state }) => {
        const post = group.post.bind(group);
        let newest = state.head;
        let seen = newest;
        const apply = state.applyOperation.bind(state);
        state.applyOperation = (head, membership, keyGeneration) => {
          newest = head;
          apply(head, membership, keyGeneration);
        };
        Object.defineProperty(state, "head", { get: () => seen });
        group.post = (input) => {
          seen = newest;
          return post(input);
        };
      },
    },
    withinSeeds: 30,
  },
];
