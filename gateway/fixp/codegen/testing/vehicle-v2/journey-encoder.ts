// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, encodeText, refuseCount, setBytes, zeroBytes } from '../../../sbe/flyweight.js';

export class JourneyEncoder {
  static readonly BLOCK_LENGTH = 4;
  static readonly TEMPLATE_ID = 3;
  static readonly SCHEMA_ID = 77;
  static readonly VERSION = 3;

  sbeView = NOTHING;
  sbeOffset = 0;
  sbeLimit = 0;
  sbeActingVersion = 0;
  private readonly sbeFuelFigures: JourneyFuelFiguresEncoder = new JourneyFuelFiguresEncoder(this);
  private readonly sbePerformance: JourneyPerformanceEncoder = new JourneyPerformanceEncoder(this);
  private readonly sbeOwners: JourneyOwnersEncoder = new JourneyOwnersEncoder(this);

  /** Lays the encoder over bytes behind a header. What lies there stays, until it is written over or `clear` is called. */
  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    this.sbeLimit = offset + 4;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 4, template 3; schema 77, version 3.
    view.setUint32(offset, 196612, true);
    view.setUint32(offset + 4, 196685, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 4);
    return this;
  }

  kilometres(value: number): this {
    this.sbeView.setUint32(this.sbeOffset, value, true);
    return this;
  }

  fuelFiguresCount(count: number): JourneyFuelFiguresEncoder {
    return this.sbeFuelFigures.sbeBegin(count);
  }

  performanceCount(count: number): JourneyPerformanceEncoder {
    return this.sbePerformance.sbeBegin(count);
  }

  /** Since version 2. */
  ownersCount(count: number): JourneyOwnersEncoder {
    return this.sbeOwners.sbeBegin(count);
  }
}

export class JourneyFuelFiguresEncoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: JourneyEncoder;

  constructor(root: JourneyEncoder) {
    this.root = root;
  }

  sbeBegin(count: number): this {
    if (!(count >= 0 && count <= 65534)) refuseCount(count, 65534);
    const { root } = this;
    const view = root.sbeView;
    const at = root.sbeLimit;
    this.sbeView = view;
    this.sbeIndex = 0;
    this.sbeCount = count;
    view.setUint16(at, 8, true);
    view.setUint16(at + 2, count, true);
    root.sbeLimit = at + 4;
    return this;
  }

  /** Goes to the next entry. False: there is none. */
  next(): boolean {
    if (this.sbeIndex >= this.sbeCount) return false;
    this.sbeIndex++;
    this.sbeOffset = this.root.sbeLimit;
    this.root.sbeLimit += 8;
    return true;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 8);
    this.sbeView.setUint16(this.sbeOffset + 6, 65535, true);
    return this;
  }

  speed(value: number): this {
    this.sbeView.setUint16(this.sbeOffset, value, true);
    return this;
  }

  mpg(value: number): this {
    this.sbeView.setFloat32(this.sbeOffset + 2, value, true);
    return this;
  }

  /** Since version 2. */
  co2(value: number): this {
    this.sbeView.setUint16(this.sbeOffset + 6, value, true);
    return this;
  }

  co2Null(): this {
    this.sbeView.setUint16(this.sbeOffset + 6, 65535, true);
    return this;
  }

  putUsage(source: Uint8Array, sourceOffset: number, length: number): this {
    if (!(length >= 0 && length <= 254)) refuseCount(length, 254);
    this.sbeView.setUint8(this.root.sbeLimit, length);
    setBytes(this.sbeView, this.root.sbeLimit + 1, source, sourceOffset, length);
    this.root.sbeLimit += 1 + length;
    return this;
  }

  usage(value: string): this {
    const bytes = encodeText(value, 'US-ASCII');
    return this.putUsage(bytes, 0, bytes.length);
  }
}

export class JourneyPerformanceEncoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: JourneyEncoder;
  private readonly sbeAcceleration: JourneyPerformanceAccelerationEncoder;

  constructor(root: JourneyEncoder) {
    this.root = root;
    this.sbeAcceleration = new JourneyPerformanceAccelerationEncoder(root);
  }

  sbeBegin(count: number): this {
    if (!(count >= 0 && count <= 254)) refuseCount(count, 254);
    const { root } = this;
    const view = root.sbeView;
    const at = root.sbeLimit;
    this.sbeView = view;
    this.sbeIndex = 0;
    this.sbeCount = count;
    view.setUint8(at, 1);
    view.setUint8(at + 1, count);
    root.sbeLimit = at + 2;
    return this;
  }

  /** Goes to the next entry. False: there is none. */
  next(): boolean {
    if (this.sbeIndex >= this.sbeCount) return false;
    this.sbeIndex++;
    this.sbeOffset = this.root.sbeLimit;
    this.root.sbeLimit += 1;
    return true;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 1);
    return this;
  }

  octane(value: number): this {
    this.sbeView.setUint8(this.sbeOffset, value);
    return this;
  }

  accelerationCount(count: number): JourneyPerformanceAccelerationEncoder {
    return this.sbeAcceleration.sbeBegin(count);
  }

  putNotes(source: Uint8Array, sourceOffset: number, length: number): this {
    if (!(length >= 0 && length <= 4294967294)) refuseCount(length, 4294967294);
    this.sbeView.setUint32(this.root.sbeLimit, length, true);
    setBytes(this.sbeView, this.root.sbeLimit + 4, source, sourceOffset, length);
    this.root.sbeLimit += 4 + length;
    return this;
  }

  notes(value: string): this {
    const bytes = encodeText(value, 'UTF-8');
    return this.putNotes(bytes, 0, bytes.length);
  }
}

export class JourneyPerformanceAccelerationEncoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: JourneyEncoder;
  private readonly sbeRuns: JourneyPerformanceAccelerationRunsEncoder;

  constructor(root: JourneyEncoder) {
    this.root = root;
    this.sbeRuns = new JourneyPerformanceAccelerationRunsEncoder(root);
  }

  sbeBegin(count: number): this {
    if (!(count >= 0 && count <= 254)) refuseCount(count, 254);
    const { root } = this;
    const view = root.sbeView;
    const at = root.sbeLimit;
    this.sbeView = view;
    this.sbeIndex = 0;
    this.sbeCount = count;
    view.setUint8(at, 6);
    view.setUint8(at + 1, count);
    root.sbeLimit = at + 2;
    return this;
  }

  /** Goes to the next entry. False: there is none. */
  next(): boolean {
    if (this.sbeIndex >= this.sbeCount) return false;
    this.sbeIndex++;
    this.sbeOffset = this.root.sbeLimit;
    this.root.sbeLimit += 6;
    return true;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 6);
    return this;
  }

  mph(value: number): this {
    this.sbeView.setUint16(this.sbeOffset, value, true);
    return this;
  }

  seconds(value: number): this {
    this.sbeView.setFloat32(this.sbeOffset + 2, value, true);
    return this;
  }

  runsCount(count: number): JourneyPerformanceAccelerationRunsEncoder {
    return this.sbeRuns.sbeBegin(count);
  }
}

export class JourneyPerformanceAccelerationRunsEncoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: JourneyEncoder;

  constructor(root: JourneyEncoder) {
    this.root = root;
  }

  sbeBegin(count: number): this {
    if (!(count >= 0 && count <= 254)) refuseCount(count, 254);
    const { root } = this;
    const view = root.sbeView;
    const at = root.sbeLimit;
    this.sbeView = view;
    this.sbeIndex = 0;
    this.sbeCount = count;
    view.setUint8(at, 8);
    view.setUint8(at + 1, count);
    root.sbeLimit = at + 2;
    return this;
  }

  /** Goes to the next entry. False: there is none. */
  next(): boolean {
    if (this.sbeIndex >= this.sbeCount) return false;
    this.sbeIndex++;
    this.sbeOffset = this.root.sbeLimit;
    this.root.sbeLimit += 8;
    return true;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 8);
    return this;
  }

  driver(value: number): this {
    this.sbeView.setInt32(this.sbeOffset, value, true);
    return this;
  }
}

/** Since version 2. */
export class JourneyOwnersEncoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: JourneyEncoder;

  constructor(root: JourneyEncoder) {
    this.root = root;
  }

  sbeBegin(count: number): this {
    if (!(count >= 0 && count <= 65534)) refuseCount(count, 65534);
    const { root } = this;
    const view = root.sbeView;
    const at = root.sbeLimit;
    this.sbeView = view;
    this.sbeIndex = 0;
    this.sbeCount = count;
    view.setUint16(at, 2, true);
    view.setUint16(at + 2, count, true);
    root.sbeLimit = at + 4;
    return this;
  }

  /** Goes to the next entry. False: there is none. */
  next(): boolean {
    if (this.sbeIndex >= this.sbeCount) return false;
    this.sbeIndex++;
    this.sbeOffset = this.root.sbeLimit;
    this.root.sbeLimit += 2;
    return true;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 2);
    return this;
  }

  since(value: number): this {
    this.sbeView.setUint16(this.sbeOffset, value, true);
    return this;
  }
}
