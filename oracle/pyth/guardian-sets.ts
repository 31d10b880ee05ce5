import { ByteReader } from './byte-reader.js';
import { checkSignatures, type GuardianSet } from './guardian-set.js';
import { UpdateError } from './update-error.js';
import { parseVaa, type Vaa } from './vaa.js';

/** How the guardians of a network follow from each other: a set to begin with, and the votes by which each has named the next one. */
export interface GuardianHistory {
  /** Believed as it stands; lower-case or checksummed hexadecimal, with or without 0x. */
  root: { index: number; addresses: readonly string[] };
  /** VAAs of upgrades in hexadecimal, in order. */
  upgrades: readonly string[];
  /** So long after the vote for its successor a set may still sign: the time in which all chains have taken the vote over. */
  replacedSetGraceHours: number;
}

const ADDRESS_PATTERN = /^[0-9a-f]{40}$/;
const ADDRESS_BYTES = 20;
const GUARDIANS_MAX = 255;
const HOUR_MS = 3_600_000;
/** Wormhole's governance: chain 1 (Solana), address 4. */
const GOVERNANCE_CHAIN = 1;
const GOVERNANCE_EMITTER = `${'0'.repeat(63)}4`;
/** "Core", right-aligned in 32 bytes. */
const MODULE_CORE = '436f7265'.padStart(64, '0');
const ACTION_UPGRADE_SET = 2;
const ALL_CHAINS = 0;

/** The guardian sets of a network, of which the last one is the present one. */
export class GuardianSets {
  private readonly sets = new Map<number, GuardianSet>();
  /** Index of the present one. */
  readonly current: number;

  /** Checks every vote against the set before it; throws an Error that says which one does not follow. */
  constructor(history: GuardianHistory) {
    checkShape(history);
    const { root, upgrades, replacedSetGraceHours } = history;
    const addresses = root.addresses.map((address) => address.toLowerCase().replace(/^0x/, ''));
    checkAddresses(addresses);
    let last: GuardianSet = { index: root.index, addresses, expiresAtMs: null };
    upgrades.forEach((text, i) => {
      try {
        const { set, votedAtMs } = readUpgrade(text, last);
        const expiresAtMs = votedAtMs + replacedSetGraceHours * HOUR_MS;
        this.sets.set(last.index, { ...last, expiresAtMs });
        last = set;
      } catch (error) {
        throw new Error(`upgrades[${i}] does not follow set ${last.index}: ${messageOf(error)}`);
      }
    });
    this.sets.set(last.index, last);
    this.current = last.index;
  }

  /** Throws an UpdateError unless the VAA is signed by enough guardians of a set that may sign now. */
  check(vaa: Vaa, nowMs: number): void {
    const set = this.sets.get(vaa.guardianSet);
    if (set === undefined) {
      const known = [...this.sets.keys()].join(', ');
      const sentence = `set ${vaa.guardianSet} has signed, known are ${known}`;
      throw new UpdateError('guardian_set_is_unknown', sentence);
    }
    if (set.expiresAtMs !== null && nowMs >= set.expiresAtMs) {
      const when = new Date(set.expiresAtMs).toISOString();
      const sentence = `set ${set.index} has signed, which has not counted since ${when}`;
      throw new UpdateError('guardian_set_has_expired', sentence);
    }
    checkSignatures(vaa, set);
  }

  /** Addresses of a set, for whoever wants to look at them; null: unknown. */
  addressesOf(index: number): readonly string[] | null {
    return this.sets.get(index)?.addresses ?? null;
  }
}

/** A vote for the next set: governance packet of module "Core", action 2, for all chains. */
function readUpgrade(text: string, before: GuardianSet) {
  if (!/^([0-9a-f]{2})+$/i.test(text)) throw new Error('it must be a VAA in hexadecimal');
  const vaa = parseVaa(Buffer.from(text, 'hex'));
  if (vaa.guardianSet !== before.index) throw new Error(`set ${vaa.guardianSet} has signed it`);
  checkSignatures(vaa, before);
  const emitter = Buffer.from(vaa.emitter).toString('hex');
  if (vaa.emitterChain !== GOVERNANCE_CHAIN || emitter !== GOVERNANCE_EMITTER) {
    throw new Error(`it was emitted by ${emitter} of chain ${vaa.emitterChain}`);
  }
  const payload = new ByteReader(vaa.payload, 'payload_is_malformed');
  const module = Buffer.from(payload.slice('module', 32)).toString('hex');
  const action = payload.u8('action');
  const chain = payload.u16('chain');
  if (module !== MODULE_CORE || action !== ACTION_UPGRADE_SET || chain !== ALL_CHAINS) {
    throw new Error(`it is action ${action} of module ${module} for chain ${chain}`);
  }
  const index = payload.u32('index of the new set');
  if (index !== before.index + 1) throw new Error(`it names set ${index}`);
  const addresses: string[] = [];
  for (let count = payload.u8('number of guardians'); count > 0; count--) {
    addresses.push(Buffer.from(payload.slice('guardian', ADDRESS_BYTES)).toString('hex'));
  }
  payload.end();
  checkAddresses(addresses);
  return { set: { index, addresses, expiresAtMs: null }, votedAtMs: vaa.timestampMs };
}

/** It comes out of a file. */
function checkShape(history: unknown): void {
  const { root, upgrades, replacedSetGraceHours } = (history ?? {}) as Partial<GuardianHistory>;
  const isText = (value: unknown) => typeof value === 'string';
  if (!isCount(root?.index)) throw new Error('root.index must be the index of a guardian set');
  if (!Array.isArray(root?.addresses) || !root.addresses.every(isText)) {
    throw new Error('root.addresses must be a list of texts');
  }
  if (!Array.isArray(upgrades) || !upgrades.every(isText)) {
    throw new Error('upgrades must be a list of texts');
  }
  if (!isCount(replacedSetGraceHours)) {
    throw new Error('replacedSetGraceHours must be a whole number of hours');
  }
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32;
}

function checkAddresses(addresses: readonly string[]): void {
  const { length } = addresses;
  if (length < 1 || length > GUARDIANS_MAX) {
    throw new Error(`a set must have 1 to ${GUARDIANS_MAX} guardians, but has ${length}`);
  }
  const wrong = addresses.find((address) => !ADDRESS_PATTERN.test(address));
  if (wrong !== undefined) {
    throw new Error(`an address must be 20 bytes in hexadecimal, but is '${wrong}'`);
  }
  // Somebody with two places would need fewer friends.
  const twice = addresses.find((address, i) => addresses.indexOf(address) !== i);
  if (twice !== undefined) throw new Error(`a guardian must not be named twice, but ${twice} is`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
