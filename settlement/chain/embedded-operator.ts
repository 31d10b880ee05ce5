import { EndpointFault } from './endpoint-fault.js';
import { encodePriceUpdate, type PriceUpdate, PYTH_RECEIVER } from './price-accounts.js';

export interface EmbeddedOperatorOptions {
  url: string;
  /** Of the chain; see `ChainReady`. */
  token: string;
  /** Stands in for HTTP when the chain is in this process. */
  fetch?: (input: string, init: RequestInit) => Promise<Response>;
}

export interface AccountToSet {
  /** Base58, as `owner`. */
  address: string;
  owner: string;
  data: Uint8Array;
}

export interface ChainDescription {
  genesisHash: string;
  testUsdcMint: string;
  faucet: string;
  /** SHA-256 in hex of each deployed program, by address. */
  programs: Readonly<Record<string, string>>;
  /** What recovery had to cut at the start. */
  notices: readonly string[];
}

const TIMEOUT_MS = 30_000;

/**
 * What can be done to an embedded chain beside its transactions. No other chain has this. Calls reject with EndpointFault when
 * the chain does not answer.
 */
export class EmbeddedOperator {
  private readonly options: EmbeddedOperatorOptions;

  constructor(options: EmbeddedOperatorOptions) {
    this.options = options;
  }

  describe(): Promise<ChainDescription> {
    return this.call('plimsoll_describe', []);
  }

  /** Test USDC to the owner's associated token account. */
  giveTestUsdc(
    owner: string,
    microUsdc: bigint,
  ): Promise<{ signature: string; tokenAccount: string }> {
    return this.call('plimsoll_giveTestUsdc', [owner, String(microUsdc)]);
  }

  async giveLamports(to: string, lamports: number): Promise<void> {
    await this.call('requestAirdrop', [to, lamports]);
  }

  async lamportsOf(key: string): Promise<number> {
    return (await this.call<{ value: number }>('getBalance', [key])).value;
  }

  async setAccounts(accounts: readonly AccountToSet[]): Promise<void> {
    const encoded = accounts.map(({ address, owner, data }) => ({
      address,
      owner,
      data: Buffer.from(data).toString('base64'),
    }));
    await this.call('plimsoll_setAccounts', [encoded]);
  }

  /** Stands in for the Pyth receiver, of which no program is on the chain. */
  postPrice(address: string, update: PriceUpdate): Promise<void> {
    return this.postPrices([{ address, update }]);
  }

  postPrices(prices: readonly { address: string; update: PriceUpdate }[]): Promise<void> {
    return this.setAccounts(
      prices.map(({ address, update }) => ({
        address,
        owner: PYTH_RECEIVER,
        data: encodePriceUpdate(update),
      })),
    );
  }

  async deployProgram(programId: string, elf: Uint8Array): Promise<void> {
    await this.call('plimsoll_deployProgram', [programId, Buffer.from(elf).toString('base64')]);
  }

  private async call<T>(method: string, params: unknown[]): Promise<T> {
    const { url, token } = this.options;
    const send = this.options.fetch ?? ((input: string, init: RequestInit) => fetch(input, init));
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    };
    const response = await send(url, init).catch((error: Error) => {
      const cause = (error.cause as Error | undefined)?.message ?? error.message;
      throw new EndpointFault(`the embedded chain cannot be reached: ${cause}`);
    });
    const { result, error } = (await response.json()) as { result: T; error?: { message: string } };
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }
}
