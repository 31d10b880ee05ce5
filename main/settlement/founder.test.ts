import { Keypair } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import { exchangeAddress } from '../../settlement/program/addresses.js';
import { founderOf } from './founder.js';

const [first, second] = [Keypair.generate().publicKey, Keypair.generate().publicKey];
const NOTHING = { configured: null, noted: null, admin: null, bound: null };
const madeByFirst = exchangeAddress(first).toBase58();

describe('who made the exchange', () => {
  it('is the administrator when there is none yet', () => {
    expect(founderOf({ ...NOTHING, admin: first })).toEqual(first);
  });

  it('stays who it was when the administrator is another one now', () => {
    const clues = { ...NOTHING, noted: first.toBase58(), admin: second, bound: madeByFirst };
    expect(founderOf(clues).toBase58()).toBe(first.toBase58());
  });

  it('is who the configuration says, without any key or note', () => {
    const clues = { ...NOTHING, configured: first.toBase58(), bound: madeByFirst };
    expect(founderOf(clues).toBase58()).toBe(first.toBase58());
  });

  it('is nobody who made another exchange than the ledger belongs to', () => {
    const clues = { ...NOTHING, admin: second, bound: madeByFirst };
    expect(() => founderOf(clues)).toThrow(`must be who made ${madeByFirst}`);
  });

  it('has to be told when nothing tells', () => {
    expect(() => founderOf(NOTHING)).toThrow('settlement.founder must be set');
  });
});
