/**
 * Accounts of the Pyth receiver as they were on Solana's main network, with what others read in them.
 * From test fixtures of marginfi-v2 and Drift's protocol-v2 (both Apache-2.0).
 */
export const recordedPriceAccounts = [
  {
    source: 'mrgnlabs/marginfi-v2:test-utils/data/pyth_push_sol_price.bin',
    base64:
      'IvEjY51+9M1gMUcENA3t3zcf1CRyFI8kjp0abRpesqw6zYt/1dayQwHvDYtv2izrpB2hXUCV0do5Kg0vjtDGx7wPTPrIwoC1bQtKlqYDAAAAlyb3AAAAAAD4////WmmWZgAAAABZaZZmAAAAAMizdqUDAAAAj+jyAAAAAADfCZAQAAAAAAA=',
    feedId: 'ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d',
    writeAuthority: '60314704340deddf371fd42472148f248e9d1a6d1a5eb2ac3acd8b7fd5d6b243',
    price: 15679769099n,
    conf: 16197271n,
    emaPrice: 15660921800n,
    emaConf: 15919247n,
    exponent: -8,
    publishTime: 1721133402,
    prevPublishTime: 1721133401,
    postedSlot: 277875167,
  },
  {
    source: 'mrgnlabs/marginfi-v2:test-utils/data/pyth_push_usdc_price.bin',
    base64:
      'IvEjY51+9M2+k5qDCfVkBxh//zCsVLFpSYvpn22OG/1CRGgM1PfR4gHqoCDGHMR5cSgTRhzhU4lKlqbACyHtDPwnmNH5qenJSoX09QUAAAAAdAkBAAAAAAD4////RaAjaAAAAABFoCNoAAAAAFHu9QUAAAAAPx4BAAAAAACXDkEUAAAAAAA=',
    feedId: 'eaa020c61cc479712813461ce153894a96a6c00b21ed0cfc2798d1f9a9e9c94a',
    writeAuthority: 'be939a8309f56407187fff30ac54b169498be99f6d8e1bfd4244680cd4f7d1e2',
    price: 100004997n,
    conf: 67956n,
    emaPrice: 100003409n,
    emaConf: 73279n,
    exponent: -8,
    publishTime: 1747165253,
    prevPublishTime: 1747165253,
    postedSlot: 339807895,
  },
  {
    source: 'mrgnlabs/marginfi-v2:tests/fixtures/sol_pyth_price_feed.json',
    base64:
      'IvEjY51+9M1gMUcENA3t3zcf1CRyFI8kjp0abRpesqw6zYt/1dayQwHvDYtv2izrpB2hXUCV0do5Kg0vjtDGx7wPTPrIwoC1bW2njwUFAAAARTozAQAAAAD4////1wN5ZwAAAADXA3lnAAAAAIRKaggFAAAAk1kTAQAAAAA8qpUSAAAAAAA=',
    feedId: 'ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d',
    writeAuthority: '60314704340deddf371fd42472148f248e9d1a6d1a5eb2ac3acd8b7fd5d6b243',
    price: 21568137069n,
    conf: 20134469n,
    emaPrice: 21616020100n,
    emaConf: 18045331n,
    exponent: -8,
    publishTime: 1735984087,
    prevPublishTime: 1735984087,
    postedSlot: 311798332,
  },
  {
    source: 'drift-labs/protocol-v2:tests/pythPullOracleData.ts#PYTH_ORACLE_TWO_DATA',
    base64:
      'IvEjY51+9M1gMUcENA3t3zcf1CRyFI8kjp0abRpesqw6zYt/1dayQwHvDYtv2izrpB2hXUCV0do5Kg0vjtDGx7wPTPrIwoC1bdpHvSIDAAAATo3GAAAAAAD4////ALVxZgAAAAAAtXFmAAAAAMRoiicDAAAAi6PEAAAAAAB9pz8QAAAAAAA=',
    feedId: 'ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d',
    writeAuthority: '60314704340deddf371fd42472148f248e9d1a6d1a5eb2ac3acd8b7fd5d6b243',
    price: 13467731930n,
    conf: 13012302n,
    emaPrice: 13548284100n,
    emaConf: 12886923n,
    exponent: -8,
    publishTime: 1718727936,
    prevPublishTime: 1718727936,
    postedSlot: 272607101,
  },
];
