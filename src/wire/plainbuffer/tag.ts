/** The bytes PlainBuffer is built of (reference 3.1). */
export const HEADER = 0x75;
export const HEADER_LENGTH = 4;

export const ROW_KEY = 0x01;
export const ROW_CELLS = 0x02;
export const CELL = 0x03;
export const CELL_NAME = 0x04;
export const CELL_VALUE = 0x05;
export const CELL_OP = 0x06;
export const CELL_TIMESTAMP = 0x07;
export const DELETE_MARKER = 0x08;
export const ROW_CHECKSUM = 0x09;
export const CELL_CHECKSUM = 0x0a;
export const EXTENSION = 0x0b;
export const SEQUENCE = 0x0c;
export const SEQUENCE_EPOCH = 0x0d;
export const SEQUENCE_TIMESTAMP = 0x0e;
export const SEQUENCE_ROW_INDEX = 0x0f;
/** `0B len32 0C len32 0D epoch32 0E timestamp64 0F index32`: the extension of a record, as it is written. */
export const SEQUENCE_EXTENSION_LENGTH = 29;

export const OP_DELETE_ALL = 0x01;
export const OP_DELETE_ONE = 0x03;
export const OP_INCREMENT = 0x04;

export const TYPE_INTEGER = 0x00;
export const TYPE_DOUBLE = 0x01;
export const TYPE_BOOLEAN = 0x02;
export const TYPE_STRING = 0x03;
export const TYPE_NULL = 0x06;
export const TYPE_BINARY = 0x07;
export const TYPE_INF_MIN = 0x09;
export const TYPE_INF_MAX = 0x0a;
export const TYPE_AUTO_INCREMENT = 0x0b;

/** The service's names of value types, as they stand in its error texts (reference 7.9). */
export const typeName: Readonly<Record<number, string>> = {
  [TYPE_INTEGER]: "VT_INTEGER",
  [TYPE_DOUBLE]: "VT_DOUBLE",
  [TYPE_BOOLEAN]: "VT_BOOLEAN",
  [TYPE_STRING]: "VT_STRING",
  [TYPE_NULL]: "VT_NULL",
  [TYPE_BINARY]: "VT_BLOB",
  [TYPE_INF_MIN]: "VT_INF_MIN",
  [TYPE_INF_MAX]: "VT_INF_MAX",
  [TYPE_AUTO_INCREMENT]: "VT_AUTO_INCREMENT",
};

/** Bytes of type and payload by type byte; 0 where the payload carries its own length; −1 where there is no such type. */
export const fixedValueLength: Int8Array = new Int8Array(256).fill(-1);
for (const [type, length] of [
  [TYPE_INTEGER, 9],
  [TYPE_DOUBLE, 9],
  [TYPE_BOOLEAN, 2],
  [TYPE_STRING, 0],
  [TYPE_NULL, 1],
  [TYPE_BINARY, 0],
  [TYPE_INF_MIN, 1],
  [TYPE_INF_MAX, 1],
  [TYPE_AUTO_INCREMENT, 1],
] as const) {
  fixedValueLength[type] = length;
}
