/** Limits of the service, from the reference's sections 7.1 to 7.8; one place, so that a test can compare them with the texts. */
export const limits = {
  nameLengthMax: 255,
  keyColumnsMax: 4,
  definedColumnsMax: 32,
  tablesPerInstanceMax: 64,
  indexesPerTableMax: 15,
  keyValueBytesMax: 1024,
  attributeValueBytesMax: 2_097_152,
  attributeColumnsPerRowMax: 1024,
  columnsToGetMax: 1024,
  writeBytesMax: 4_194_304,
  requestBodyBytesMax: 5 * 1024 * 1024,
  batchGetRowsMax: 100,
  batchWriteRowsMax: 200,
  rangeRowsMax: 5000,
  rangeBytesMax: 4_194_304,
  reservedCapacityMax: 100_000,
  filterConditionsMax: 32,
  splitUnitBytesMin: 1_048_576,
  splitUnitBytesDefault: 100 * 1024 * 1024,
  /** Exclusive: [0, INT64_MAX/1000). As a number it is rounded; compare bigints where it matters. */
  timestampMax: (2n ** 63n - 1n) / 1000n,
  timeToLiveSecondsMin: 86_400,
  capacityUnitBytes: 4096,
  clockSkewMs: 15 * 60 * 1000,
  streamHoursMax: 168,
  transactionMs: 60_000,
  /** Of what a transaction writes in all (unverified). */
  transactionBytesMax: 4_194_304,
  /** Of one GetStreamRecord or ReadRecords; what the service's are, is not known (unverified). */
  streamRecordsMax: 1000,
  streamBytesMax: 1_048_576,
} as const;
