import {
  AddressLookupTableAccount,
  AddressLookupTableProgram,
  type Keypair,
  type PublicKey,
  type TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js';
import type { Sent, TestChain } from './test-chain.js';

/** A lookup table with these addresses, ready to use: a transaction names each of them with one byte instead of 32. */
export function createLookupTable(
  chain: TestChain,
  authority: Keypair,
  addresses: PublicKey[],
): AddressLookupTableAccount {
  const slot = nextSlot(chain);
  const recentSlot = Number(slot - 1n);
  // The VM does not keep this list, which the program of lookup tables asks, by itself.
  chain.svm.setSlotHashes([{ slot: BigInt(recentSlot), hash: chain.svm.latestBlockhash() }]);
  const of = { authority: authority.publicKey, payer: authority.publicKey };
  const [create, key] = AddressLookupTableProgram.createLookupTable({ ...of, recentSlot });
  chain.send([create], [authority]);
  for (let start = 0; start < addresses.length; start += 20) {
    const part = addresses.slice(start, start + 20);
    const extend = { ...of, lookupTable: key, addresses: part };
    chain.send([AddressLookupTableProgram.extendLookupTable(extend)], [authority]);
  }
  nextSlot(chain);
  const state = AddressLookupTableAccount.deserialize(chain.read(key));
  return new AddressLookupTableAccount({ key, state });
}

/** Sends one transaction whose accounts may be named by the tables. */
export function sendWithTables(
  chain: TestChain,
  instructions: TransactionInstruction[],
  signers: Keypair[],
  tables: AddressLookupTableAccount[],
): Sent {
  chain.svm.expireBlockhash();
  const message = new TransactionMessage({
    payerKey: signers[0]!.publicKey,
    recentBlockhash: chain.svm.latestBlockhash(),
    instructions,
  });
  const transaction = new VersionedTransaction(message.compileToV0Message(tables));
  transaction.sign(signers);
  return chain.sendWire(transaction.serialize());
}

function nextSlot(chain: TestChain): bigint {
  const slot = chain.svm.getClock().slot + 1n;
  chain.svm.warpToSlot(slot);
  chain.advance(0);
  return slot;
}
