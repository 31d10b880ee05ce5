import { type PublicKey, SystemProgram, type TransactionInstruction } from '@solana/web3.js';
import { changeAddress, marketAddress, PROGRAM_ID } from './addresses.js';
import { buildInstruction, payer, readOnly, signer, writable } from './instruction.js';
import { type Change, writeChange } from './terms.js';

/** Announces a change; it can be applied after the time lock. `number` is the exchange's `changeCount`; `validUntilSeconds` at most a day ahead. */
export function proposeChange(of: {
  exchange: PublicKey;
  admin: PublicKey;
  number: number;
  change: Change;
  validUntilSeconds: bigint;
}): TransactionInstruction {
  const keys = [
    payer(of.admin),
    writable(of.exchange),
    writable(changeAddress(of.exchange, of.number)),
    readOnly(SystemProgram.programId),
  ];
  return buildInstruction('propose_change', keys, (writer) => {
    writeChange(writer, of.change);
    writer.i64(of.validUntilSeconds);
  });
}

/** Applies a change whose time has come. `slot` names the market of a change of a market, null otherwise. */
export function applyChange(of: {
  exchange: PublicKey;
  admin: PublicKey;
  number: number;
  slot: number | null;
}): TransactionInstruction {
  // An absent account is said by the program's own address.
  const market =
    of.slot === null ? readOnly(PROGRAM_ID) : writable(marketAddress(of.exchange, of.slot));
  const change = writable(changeAddress(of.exchange, of.number));
  return buildInstruction('apply_change', [payer(of.admin), writable(of.exchange), change, market]);
}

export function cancelChange(of: {
  exchange: PublicKey;
  admin: PublicKey;
  number: number;
}): TransactionInstruction {
  const change = writable(changeAddress(of.exchange, of.number));
  return buildInstruction('cancel_change', [payer(of.admin), readOnly(of.exchange), change]);
}

/** Operator or administrator stop deposits, batches and withdrawals. */
export function pause(of: { exchange: PublicKey; authority: PublicKey }): TransactionInstruction {
  return buildInstruction('pause', [signer(of.authority), writable(of.exchange)]);
}

/** The administrator starts a paused or halted exchange again. */
export function unpause(of: {
  exchange: PublicKey;
  admin: PublicKey;
  validUntilSeconds: bigint;
}): TransactionInstruction {
  const keys = [signer(of.admin), writable(of.exchange)];
  return buildInstruction('unpause', keys, (writer) => writer.i64(of.validUntilSeconds));
}
