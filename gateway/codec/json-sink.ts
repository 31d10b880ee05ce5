import type { MessageShape } from '../protocol/messages.js';
import { formatScaled } from './decimal-text.js';
import type { MessageSink } from './message-sink.js';

/** Builds one JSON message after the other. Names and enumerations need no escapes, free text gets them. */
export class JsonSink implements MessageSink {
  private out = '';

  begin(shape: MessageShape): void {
    this.out = `{"type":"${shape.name}"`;
  }

  uint(name: string, value: number): void {
    this.out += `,"${name}":${value}`;
  }

  decimal(name: string, units: number, mantissa: number, decimals: number): void {
    this.out += `,"${name}":"${formatScaled(units, mantissa, decimals)}"`;
  }

  text(name: string, value: string): void {
    this.out += `,"${name}":${JSON.stringify(value)}`;
  }

  market(name: string, symbol: string, _id: number): void {
    this.out += `,"${name}":"${symbol}"`;
  }

  digits(name: string, value: number): void {
    this.out += `,"${name}":"${value}"`;
  }

  ascii(name: string, words: Int32Array, firstWord: number, length: number): void {
    this.text(name, asciiOf(words, firstWord, length));
  }

  flag(name: string, value: boolean): void {
    this.out += value ? `,"${name}":true` : `,"${name}":false`;
  }

  choice(name: string, index: number, names: readonly string[]): void {
    this.out += `,"${name}":"${names[index] ?? index}"`;
  }

  none(_name: string): void {}

  value(name: string, value: unknown): void {
    this.out += `,"${name}":${JSON.stringify(value)}`;
  }

  end(): string {
    return `${this.out}}`;
  }
}

/** Text whose bytes stand in words, four to a word, first byte lowest. */
export function asciiOf(words: Int32Array, firstWord: number, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) {
    const word = words[firstWord + (i >> 2)] as number;
    text += String.fromCharCode((word >>> ((i & 3) * 8)) & 0xff);
  }
  return text;
}
