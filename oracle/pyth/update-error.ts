/** Why an update was not believed. Stable names: they are labels of counters and texts of events. */
export type UpdateFault =
  | 'answer_is_malformed'
  | 'update_is_malformed'
  | 'update_version_is_unknown'
  | 'update_type_is_unknown'
  | 'vaa_is_malformed'
  | 'vaa_version_is_unknown'
  | 'guardian_set_is_unknown'
  | 'guardian_set_has_expired'
  | 'too_few_signatures'
  | 'signatures_are_not_ascending'
  | 'guardian_index_is_beyond_set'
  | 'signature_is_wrong'
  | 'emitter_chain_is_foreign'
  | 'emitter_is_foreign'
  | 'payload_is_malformed'
  | 'proof_is_wrong'
  | 'message_is_malformed'
  | 'feed_is_foreign'
  | 'account_is_missing'
  | 'account_owner_is_foreign'
  | 'account_is_malformed'
  | 'account_is_not_fully_verified'
  | 'account_feed_is_foreign'
  | 'account_is_not_trading'
  | 'publish_time_is_beyond_limit';

/** An update that was refused: nothing of it is used. The sentence names what was found and the limit. */
export class UpdateError extends Error {
  override readonly name = 'UpdateError';
  readonly fault: UpdateFault;

  constructor(fault: UpdateFault, detail: string) {
    super(`${fault.replaceAll('_', ' ')}: ${detail}`);
    this.fault = fault;
  }
}
