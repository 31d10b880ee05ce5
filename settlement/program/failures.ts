import { PROGRAM_ID } from './addresses.js';

/** Why the program refuses, in the order of its error codes, which begin at 6000; programs/plimsoll/src/errors.rs has the same. */
const failures = [
  ['overflow', 'a number leaves its range'],
  ['notActive', 'the exchange is paused, halted or frozen'],
  ['notFrozen', 'only while the exchange is frozen'],
  ['alreadyFrozen', 'not while the exchange is frozen'],
  ['wrongOperator', 'the signer is not the operator'],
  ['wrongCoSigner', 'the signer is not the co-signer'],
  ['wrongAdmin', 'the signer is not the administrator'],
  ['wrongOwner', 'the signer is not the owner of the row'],
  ['keysNotApart', 'operator, co-signer and administrator must be three keys'],
  ['wrongExchange', 'the account belongs to another exchange'],
  ['wrongMint', 'the token account has another mint'],
  ['wrongVault', 'not the vault of the exchange'],
  ['wrongDestination', 'not the account that was named before'],
  ['badLimits', 'a limit is out of its bounds'],
  ['badMarket', "the market's terms cannot be right"],
  ['wrongSlot', 'markets are added in the order of their slots'],
  ['wrongMarket', 'not the account of that market'],
  ['marketNotOpen', 'the market is not open yet'],
  ['wrongPageNumber', 'pages are made in the order of their numbers'],
  ['pageMissing', 'the page is not given, not grown, or of another exchange'],
  ['unknownUser', 'no user has this row'],
  ['rowTaken', 'the row belongs to another owner'],
  ['zeroAmount', 'the amount must be above zero'],
  ['notEnoughFree', 'not enough is free to leave'],
  ['badBatch', 'the bytes of the batch are malformed'],
  ['sequenceGap', 'the batch does not follow the last one'],
  ['batchIsOld', 'a later batch than this one was settled'],
  ['wrongPreviousHash', 'the batch follows another history'],
  ['lotsNotZero', 'the lots of the market do not sum to zero'],
  ['moneyNotZero', 'money is made or lost'],
  ['clearingMismatch', 'realised profit is not what the clearing account pays'],
  ['roundingDust', 'realised profit does not follow from the entry values'],
  ['priceOutsideBand', "a fill's price is outside of the band around the oracle's"],
  ['gainTooLarge', 'accounts gain more than prices within the band allow'],
  ['notionalCap', 'more was traded than a batch may hold'],
  ['paymentsTooLarge', 'fees or payments are larger than allowed'],
  ['purseBelowZero', 'fees or insurance would be below zero'],
  ['badPosition', "a position's size and entry value do not fit"],
  ['badPrice', 'not a price of the expected oracle, feed and level'],
  ['stalePrice', 'the price is too old, from the future, or older than one used before'],
  ['uncertainPrice', 'the price is too uncertain'],
  ['priceLeap', "the price leaps too far from the market's average"],
  ['priceMissing', "prices of the row's markets are missing"],
  ['notAuthorised', "the owner's signature over this authorisation is missing"],
  ['expired', 'the authorisation has expired or lasts too long'],
  ['nonceUsed', 'the nonce was used, or a later one was'],
  ['stageState', 'the stage is in use, too small or empty'],
  ['stageMismatch', 'not the staged bytes'],
  ['tooEarly', 'the delay is not over'],
  ['tooLate', 'the time to apply the change is over'],
  ['notServable', 'what was asked for cannot be had at present, so it is not overdue'],
  ['servable', 'all that was asked for can be had'],
  ['exitPriceFixed', 'the exit price is fixed'],
  ['exitNotReady', 'exit prices or the tally are not complete'],
  ['alreadyEscaped', 'the row has left'],
  ['sweepCap', 'fees of a day above the cap'],
  ['wrongChange', 'not the account of that change'],
  ['ownersDiffer', 'the two rows do not have one owner'],
  ['transferGap', "the transfer does not follow the row's last one"],
] as const;

const FIRST_CODE = 6000;

export type FailureName = (typeof failures)[number][0];

/** A refusal of the program. `name` is stable, `sentence` is for people. */
export interface ProgramFailure {
  name: FailureName;
  code: number;
  sentence: string;
}

/** The failure of a custom error code; null when it is not one of this program's own (but Anchor's, or another program's). */
export function failureOfCode(code: number): ProgramFailure | null {
  const found = failures[code - FIRST_CODE];
  return found === undefined ? null : { name: found[0], code, sentence: found[1] };
}

/** The failure that the log of a transaction ends with; null when this program has not refused. */
export function failureOfLogs(logs: readonly string[]): ProgramFailure | null {
  const own = PROGRAM_ID.toBase58();
  for (const line of logs.toReversed()) {
    const found = /^Program (\w{32,44}) failed: custom program error: 0x([0-9a-f]+)$/.exec(line);
    if (found === null || found[1] !== own) continue;
    return failureOfCode(Number.parseInt(found[2] as string, 16));
  }
  return null;
}

/** All names, for tables of what to do about them. */
export const failureNames: readonly FailureName[] = failures.map(([name]) => name);
