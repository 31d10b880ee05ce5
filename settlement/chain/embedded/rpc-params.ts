import { base58 } from '@scure/base';
import { INVALID_PARAMS, RpcError } from './rpc-error.js';

export type Commitment = 'processed' | 'confirmed' | 'finalized';

/** The positional parameters of a request; reading one that is not as it should be throws an RpcError. */
export class RpcParams {
  private readonly values: readonly unknown[];

  constructor(values: unknown) {
    if (values !== undefined && !Array.isArray(values)) {
      throw new RpcError(INVALID_PARAMS, 'Invalid params: expected an array');
    }
    this.values = values ?? [];
  }

  /** A base58 key of 32 bytes. */
  key(index: number): string {
    return asKey(this.values[index], `parameter ${index}`);
  }

  keys(index: number, countMax: number): string[] {
    return this.list(index, countMax).map((value, i) => asKey(value, `parameter ${index}[${i}]`));
  }

  signature(index: number): string {
    return asBase58(this.values[index], 64, `parameter ${index}`);
  }

  signatures(index: number, countMax: number): string[] {
    const what = (i: number) => `parameter ${index}[${i}]`;
    return this.list(index, countMax).map((value, i) => asBase58(value, 64, what(i)));
  }

  text(index: number): string {
    const value = this.values[index];
    if (typeof value === 'string') return value;
    throw new RpcError(INVALID_PARAMS, `Invalid params: parameter ${index} must be a string`);
  }

  integer(index: number, min: number, max: number): number {
    return asInteger(this.values[index], min, max, `parameter ${index}`);
  }

  /** The last, optional object of most methods. */
  config(index: number): RpcConfig {
    const value = this.values[index] ?? {};
    if (typeof value === 'object' && !Array.isArray(value)) {
      return new RpcConfig(value as Record<string, unknown>);
    }
    throw new RpcError(INVALID_PARAMS, `Invalid params: parameter ${index} must be an object`);
  }

  list(index: number, countMax: number): unknown[] {
    const value = this.values[index];
    if (!Array.isArray(value)) {
      throw new RpcError(INVALID_PARAMS, `Invalid params: parameter ${index} must be an array`);
    }
    if (value.length > countMax) {
      throw new RpcError(INVALID_PARAMS, `Too many inputs provided; max ${countMax}`);
    }
    return value;
  }

  /** Any object among the parameters may ask that the node has come to a slot. */
  get minContextSlot(): number {
    const objects = this.values.filter((value) => typeof value === 'object' && value !== null);
    const slots = objects.map((value) => (value as { minContextSlot?: unknown }).minContextSlot);
    return Math.max(0, ...slots.filter((slot) => typeof slot === 'number'));
  }
}

export class RpcConfig {
  private readonly fields: Readonly<Record<string, unknown>>;

  constructor(fields: Readonly<Record<string, unknown>>) {
    this.fields = fields;
  }

  has(name: string): boolean {
    return this.fields[name] !== undefined && this.fields[name] !== null;
  }

  flag(name: string): boolean {
    return this.fields[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.fields[name];
    if (value === undefined || value === null || typeof value === 'string')
      return value ?? undefined;
    throw new RpcError(INVALID_PARAMS, `Invalid params: ${name} must be a string`);
  }

  integer(name: string, min: number, max: number): number | undefined {
    if (!this.has(name)) return undefined;
    return asInteger(this.fields[name], min, max, name);
  }

  object(name: string): RpcConfig | undefined {
    const value = this.fields[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'object') return new RpcConfig(value as Record<string, unknown>);
    throw new RpcError(INVALID_PARAMS, `Invalid params: ${name} must be an object`);
  }

  objects(name: string): RpcConfig[] {
    return this.list(name).map((value) => new RpcConfig(value as Record<string, unknown>));
  }

  keys(name: string): string[] {
    return this.list(name).map((value) => asKey(value, name));
  }

  commitment(name = 'commitment'): Commitment {
    const value = this.text(name) ?? 'finalized';
    if (value === 'processed' || value === 'confirmed' || value === 'finalized') return value;
    throw new RpcError(INVALID_PARAMS, `Invalid params: unknown commitment ${value}`);
  }

  private list(name: string): unknown[] {
    const value = this.fields[name] ?? [];
    if (Array.isArray(value)) return value;
    throw new RpcError(INVALID_PARAMS, `Invalid params: ${name} must be an array`);
  }
}

export function asKey(value: unknown, what: string): string {
  return asBase58(value, 32, what);
}

function asBase58(value: unknown, bytes: number, what: string): string {
  if (typeof value === 'string' && value.length <= bytes * 2) {
    try {
      if (base58.decode(value).length === bytes) return value;
    } catch {
      // Not base58 at all: the sentence below says what it should be.
    }
  }
  throw new RpcError(INVALID_PARAMS, `Invalid param: ${what} must be ${bytes} bytes in base58`);
}

function asInteger(value: unknown, min: number, max: number, what: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) {
    return value as number;
  }
  throw new RpcError(
    INVALID_PARAMS,
    `Invalid params: ${what} must be a whole number ${min}..${max}`,
  );
}
