import { type RpcMethods, slotAt, withContext } from './rpc-context.js';
import { SLOT_MS } from './slot-clock.js';

const SLOTS_IN_EPOCH = 432_000;

export const timeMethods: RpcMethods = {
  getHealth: () => 'ok',
  getVersion: () => ({ 'solana-core': '2.0.0-embedded', 'feature-set': 0 }),
  getGenesisHash: ({ chain }) => chain.genesis.hash,
  getSlot: (context, params) => slotAt(context, params.config(0).commitment()),
  getBlockHeight: (context, params) =>
    context.chain.clock.heightOf(slotAt(context, params.config(0).commitment())),
  getFirstAvailableBlock: () => 0,
  getBlockTime: ({ chain }, params) => {
    const slot = params.integer(0, 0, Number.MAX_SAFE_INTEGER);
    if (slot > chain.clock.slot) return null;
    return chain.clock.unixSeconds - Math.round(((chain.clock.slot - slot) * SLOT_MS) / 1000);
  },
  getEpochInfo: (context, params) => {
    const absoluteSlot = slotAt(context, params.config(0).commitment());
    return {
      absoluteSlot,
      blockHeight: context.chain.clock.heightOf(absoluteSlot),
      epoch: Math.floor(absoluteSlot / SLOTS_IN_EPOCH),
      slotIndex: absoluteSlot % SLOTS_IN_EPOCH,
      slotsInEpoch: SLOTS_IN_EPOCH,
    };
  },
  getLatestBlockhash: (context, params) => {
    const { clock } = context.chain;
    const slot = slotAt(context, params.config(0).commitment());
    const blockhash = clock.hashAt(slot) ?? clock.blockhash;
    const slotOfHash = clock.slotOf(blockhash) ?? clock.slot;
    const lastValidBlockHeight = clock.lastValidHeight(slotOfHash);
    return withContext(context, { blockhash, lastValidBlockHeight });
  },
  isBlockhashValid: (context, params) =>
    withContext(context, context.chain.clock.slotOf(params.text(0)) !== null),
};
