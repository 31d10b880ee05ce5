import { parseArgs } from 'node:util';

export const HELP = `Usage: npm run calc -- COMMAND FILE [--json]

Computes with the engine's own risk functions what an input document asks for. FILE is a JSON document
or a list of them; "-" is standard input. No server is needed. risk/README.md has the formulas.

Commands
  margin    equity, margins, liquidation and bankruptcy prices of an account
              { "marginMode", "collateral", "markets": { NAME: { "markPrice", "tiers": [ { "notionalFloor",
                "initialMarginRate", "maintenanceMarginRate" } ], "takerFeeRate", "tickSize", "lotSize" } },
                "positions": [ { "market", "size", "entryPrice", "isolatedCollateral" } ],
                "orders": [ { "market", "side", "price", "quantity", "reduceOnly" } ] }
            and, for what only some ask: "newOrder" (like one of "orders": is it let in?), "withdrawal"
            (an amount: may it leave?); in a market "openInterest", "positionCap", "openInterestCap",
            "openInterestGrowth": { "lower", "upper" } (notional between which the initial rate grows to 1)
  funding   premium, rate and payment
              { "intervalHours", "interestRate", "dampener", "rateCap", "indexPrice", "impactBid",
                "impactAsk", "premiumSamples", "expectedSamples", "positionSize" }
  mark      mark price
              { "index", "bid", "ask", "last", "basisEma" }
  adl       who is deleveraged, in which order, by how much
              { "side", "size", "bankruptcyPrice", "candidates": [ { "account", "size", "entryPrice",
                "markPrice", "equity" } ] }

Decimals are text ("0.5"). What may be missing may also be null.

Options
  --json    the answer as one JSON document on standard output; a list for a list
  --help    this text
`;

export const COMMANDS = ['margin', 'funding', 'mark', 'adl'] as const;
export type Command = (typeof COMMANDS)[number];

/** A mistake in the arguments; its message is all that the user needs. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface CommandLine {
  command: Command;
  /** "-" is standard input. */
  file: string;
  json: boolean;
}

/** Null when the help is asked for. */
export function parseCommandLine(args: readonly string[]): CommandLine | null {
  const { positionals, values } = parseOrExplain(args);
  if (values.help) return null;
  const [name, file, ...rest] = positionals;
  const command = COMMANDS.find((known) => known === name);
  if (command === undefined) {
    const is = name === undefined ? 'is missing' : `is '${name}'`;
    throw new UsageError(`the command must be one of ${COMMANDS.join(', ')}, but ${is}`);
  }
  if (file === undefined) throw new UsageError('FILE is missing; "-" is standard input');
  if (rest.length > 0) throw new UsageError(`'${rest[0]}' is one argument too many`);
  return { command, file, json: values.json ?? false };
}

function parseOrExplain(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
